"""`portout console`: what it says at start, what it takes, and that nothing private is ever written by it."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from console.webhooks import PATH
from records.cases import Stage
from tests.commands.conftest import shell_of
from tests.commands.shell import Shell
from tests.scenarios import searching
from tests.service import WRONG_PIN, Service
from tests.signing import Signer, webhook
from tests.waiting import eventually

NAME = "Robin Lindqvist-Okafor"


@dataclass
class Console:
    """`portout console` as a process; `said` and `log` are whole once it ended."""

    url: str
    greeting: str
    log: str = ""


@asynccontextmanager
async def console_process(shell: Shell, **environment: str) -> AsyncIterator[Console]:
    process = await shell.start("console", "--port", "0", **environment)
    assert process.stdout is not None
    async with asyncio.timeout(60):
        line = (await process.stdout.readline()).decode()
    console = Console(line.split()[1].rstrip(":"), line)
    try:
        yield console
    finally:
        process.send_signal(signal.SIGTERM)
        out, err = await process.communicate()
        console.greeting += out.decode()
        console.log = err.decode()
    assert process.returncode == 0


async def test_without_a_public_key_it_says_so_and_refuses_every_webhook(standing: Service) -> None:
    signer, body = Signer(), webhook("9471c873-e3eb-4ca1-957d-f9a451334d52")
    async with (
        console_process(shell_of(standing), PORTOUT_PAYLOAD_KEYS=f"first:{'A' * 43}=") as console,
        httpx.AsyncClient(base_url=console.url) as http,
    ):
        answer = await http.post(PATH, content=body, headers=signer.headers(body))
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.post("/codec/decode")).status_code == 401
        ready = await http.get("/readyz")
    assert answer.status_code == 503
    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    assert "WARNING    TELNYX_PUBLIC_KEY is not set: every webhook is refused with 503" in console.greeting
    assert f"Codec      {console.url}/codec for Temporal's web UI and command line" in console.greeting
    assert "PAYLOAD_KEYS" not in console.greeting
    assert "no public key is in force, so no webhook can be believed" in console.log


async def test_it_starts_without_temporal_and_answers_but_is_not_ready(apart: Shell) -> None:
    signer, body = Signer(), webhook("9471c873-e3eb-4ca1-957d-f9a451334d52")
    nobody = {"TEMPORAL_ADDRESS": "127.0.0.1:9", "TELNYX_PUBLIC_KEY": signer.public}
    async with console_process(apart, **nobody) as console, httpx.AsyncClient(base_url=console.url) as http:
        answer = await http.post(PATH, content=body, headers=signer.headers(body))
        ready = await http.get("/readyz")
    assert answer.status_code == 200
    assert "WARNING    PORTOUT_PAYLOAD_KEYS is not set: names and numbers are readable" in console.greeting
    assert (ready.status_code, ready.json()["records"]) == (503, "ok")
    assert ready.json()["temporal"].startswith(("not reachable (", "no answer within"))


async def test_a_port_that_is_taken_and_a_key_that_is_none_are_one_sentence_each(apart: Shell) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = await apart("console", "--port", str(port))
    assert ran.code == 1
    assert ran.sentence == (
        f"The console cannot listen on 127.0.0.1:{port} (Address already in use): choose another with --port or "
        "--host, or stop what is using it."
    )
    ran = await apart("console", "--port", "0", TELNYX_PUBLIC_KEY="secret-17")
    assert ran.code == 1
    assert ran.sentence == (
        "TELNYX_PUBLIC_KEY must be the public key from the carrier's portal, base64 of 32 bytes."
    )


async def test_no_pin_no_name_and_no_number_of_a_webhook_is_written_anywhere(
    standing: Service, portout: Shell
) -> None:
    """Believed or not, whole or damaged: after it was handled only its ids are known."""
    signer = Signer()
    order = standing.place_reviewed()
    number = standing.carrier.carrier.read_order(order)["phone_numbers"][0]
    body = webhook(
        order,
        event_id="event-of-the-search",
        attempted_pin=WRONG_PIN,
        subscriber_name=NAME,
        phone_numbers=[number],
    )
    refused = (
        (body, Signer("other").headers(body)),
        (body, signer.headers(body, at=0)),
        (body[:-3], signer.headers(body[:-3])),
        (body * 1000, signer.headers(body * 1000)),
    )
    async with (
        console_process(portout, TELNYX_PUBLIC_KEY=signer.public) as console,
        httpx.AsyncClient(base_url=console.url) as http,
    ):
        answers = [await http.post(PATH, content=sent, headers=headers) for sent, headers in refused]
        asked = f"{PATH}?pin={WRONG_PIN}"
        answers.append(await http.post(asked, content=body, headers=signer.headers(body)))
        await standing.stands_in(Stage.AWAITING_REVIEW, order)
        await eventually(lambda: _told(standing, order))
    assert [answer.status_code for answer in answers] == [401, 403, 400, 413, 200]
    written = {
        "log": console.log.encode(),
        "greeting": console.greeting.encode(),
        "answers": str([(answer.text, answer.headers) for answer in answers]).encode(),
    }
    assert written["log"].count(b"webhook refused") == 4
    assert searching.places_of([WRONG_PIN, NAME, number, signer.public], written) == []
    everywhere = {**await searching.histories(standing), **searching.files(standing)}
    assert searching.places_of([WRONG_PIN, NAME], everywhere) == []
    assert searching.places_of(["event-of-the-search"], everywhere), "the search finds what is there"


async def _told(service: Service, order: str) -> bool:
    history = await service.screening(order).fetch_history()
    return "event-of-the-search" in history.to_json() or any(
        b"event-of-the-search" in payload.data
        for event in history.events
        for payload in event.workflow_execution_signaled_event_attributes.input.payloads
    )
