"""Listening, stopping, and being run alone."""

import asyncio
import signal
import socket
import subprocess
import sys
from time import perf_counter

import httpx
import pytest

from sandbox.app import create_app
from sandbox.carrier import Carrier
from sandbox.errors import PortBusy
from sandbox.models import NewFault
from sandbox.serve import SandboxServer, run
from tests.sandbox.conftest import NO_TLS, Client


async def test_two_servers_run_side_by_side_with_carriers_of_their_own() -> None:
    async with SandboxServer() as one, SandboxServer() as other:
        assert one.port != other.port
        one.carrier.create_order()
        client = Client(other)
        async with client.http:
            assert await client.data("/portouts") == []


async def test_a_busy_port_is_one_clear_sentence() -> None:
    async with SandboxServer() as server:
        with pytest.raises(PortBusy) as caught:
            async with SandboxServer(port=server.port):
                pass
    assert str(caught.value) == (
        f"The sandbox cannot listen on 127.0.0.1:{server.port} (Address already in use): "
        "stop what is using that port, or choose another."
    )


async def test_a_port_is_free_again_at_once_although_clients_were_connected() -> None:
    async with SandboxServer() as first:
        client = Client(first)
        await client.data("/portouts")
    async with SandboxServer(port=first.port) as second:
        assert second.base_url == first.base_url
        assert await client.data("/portouts") == []
    await client.http.aclose()


async def test_a_client_that_hangs_up_in_the_middle_of_its_request_does_no_harm() -> None:
    async with SandboxServer() as server:
        order_id = server.carrier.create_order()
        _, writer = await asyncio.open_connection(server.host, server.port)
        head = f"PATCH /v2/portouts/{order_id}/authorized HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n\r\n{{"
        writer.write(head.encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        client = Client(server)
        async with client.http:
            assert (await client.data(f"/portouts/{order_id}"))["status"] == "pending"


@pytest.mark.parametrize("turns", range(6))
async def test_whoever_connects_while_the_server_stops_is_turned_away(turns: int) -> None:
    """However far the server got with them: each turn of the loop takes it a step further."""
    server = await SandboxServer().__aenter__()
    with socket.create_connection((server.host, server.port)) as caller:
        caller.setblocking(False)
        for _ in range(turns):
            await _turn_of_the_loop()
        await server.__aexit__(None, None, None)
        assert await _end_of(caller) in ("closed", "reset")


async def _turn_of_the_loop() -> None:
    passed = asyncio.Event()
    asyncio.get_running_loop().call_soon(passed.set)
    await passed.wait()


async def _end_of(caller: socket.socket) -> str:
    """How a connection ends, or what came over it instead."""
    try:
        came = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(caller, 100), 5)
    except ConnectionResetError:
        return "reset"
    return f"{came!r} came" if came else "closed"


async def test_a_server_never_entered_can_be_left_and_then_entered() -> None:
    server = SandboxServer()
    await server.__aexit__(None, None, None)
    assert server.port == 0
    async with server:
        client = Client(server)
        async with client.http:
            assert await client.data("/portouts") == []


async def test_without_our_server_a_dropped_connection_is_an_error_of_the_transport() -> None:
    carrier = Carrier()
    transport = httpx.ASGITransport(app=create_app(carrier))
    async with httpx.AsyncClient(transport=transport, base_url="http://carrier/v2") as http:
        headers = {"Authorization": "Bearer sandbox"}
        assert (await http.get("/portouts", headers=headers)).status_code == 200
        carrier.faults.add(NewFault(drop=True))
        with pytest.raises(ConnectionError):
            await http.get("/portouts", headers=headers)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
async def test_run_alone_it_serves_until_it_is_told_to_stop(stop: signal.Signals) -> None:
    code = (
        "from sandbox.serve import run\n"
        "from sandbox.samples import seed\n"
        "run(0, 'KEY', on_ready=lambda server: (seed(server.carrier), print(server.base_url, flush=True)))\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-c", code, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().strip()
    async with httpx.AsyncClient(
        headers={"Authorization": "Bearer KEY"}, trust_env=False, verify=NO_TLS
    ) as http:
        answer = await http.get(f"{url}/portouts", params={"filter[status]": "pending"})
        assert answer.json()["meta"]["total_results"] > 0
        process.send_signal(stop)
        _, errors = await process.communicate()
    assert (process.returncode, errors.decode()) == (0, "")


async def test_run_alone_on_a_busy_port_it_says_so() -> None:
    async with SandboxServer() as server:
        with pytest.raises(PortBusy):
            await asyncio.to_thread(run, server.port)


async def test_answers_are_not_held_back_by_the_network_stack() -> None:
    """Nagle's algorithm and delayed acknowledgements together would make every answer take 40 ms."""
    async with SandboxServer() as server:
        client = Client(server)
        async with client.http:
            took = []
            for _ in range(30):
                began = perf_counter()
                await client.data("/portouts")
                took.append(perf_counter() - began)
    assert min(took[20:]) < 0.03
