"""`portout up` and `portout worker`: what keeps them from starting is one sentence."""

import asyncio
import signal
from pathlib import Path

import httpx
import pytest

from commands.embedded import alone_with
from commands.serving import import_sample_customers, start_anew
from commands.session import Running
from environment import settings_without_environment
from records.customers import Customers
from tests.commands.shell import Shell
from tests.service import Service
from tests.waiting import eventually

IN_USE = "An embedded Temporal server already holds {}: stop the `portout up` that runs there, "


async def test_a_second_copy_in_the_same_home_is_turned_away_and_the_first_goes_on(
    apart: Shell, tmp_path: Path
) -> None:
    """It still takes an order in by the webhook that its sandbox sends."""
    first = await apart.start("up")
    said = b""
    try:
        assert first.stdout is not None
        async with asyncio.timeout(60):
            while b"In another terminal" not in said:
                line = await first.stdout.readline()
                assert line, said
                said += line
        second = await apart("up")
        queue = await apart("queue", "--json")
        running = Running.model_validate_json((tmp_path / "running.json").read_text())
        assert running.carrier_url is not None
        control = f"{running.carrier_url.removesuffix('/v2')}/sandbox"
        async with httpx.AsyncClient(base_url=control) as http:
            order = (await http.post("/orders", json={})).json()["data"]["id"]
            await eventually(lambda: _delivered(http, order))
        open_to_others = [
            file.name for file in (tmp_path / "sandbox").glob("*.db*") if file.stat().st_mode & 0o077
        ]
    finally:
        first.send_signal(signal.SIGTERM)
        await first.communicate()
    assert open_to_others == []
    assert (tmp_path / "sandbox").stat().st_mode & 0o777 == 0o700
    assert second.code == 1
    assert second.sentence.startswith(IN_USE.format(tmp_path / "sandbox" / "up.lock"))
    assert queue.code == 0
    assert first.returncode == 0


def test_the_sandbox_starts_anew_and_keeps_no_checkpoints_of_a_ledger_that_is_gone(tmp_path: Path) -> None:
    for name in ("records.db", "records.db-wal", "temporal.db", "checkpoints.jsonl", "records.key"):
        (tmp_path / name).touch()
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "report.csv").touch()
    assert start_anew(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["records.key"]
    assert not start_anew(tmp_path)


def test_the_home_folder_and_the_file_with_the_pins_of_the_samples_are_for_their_owner_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, modes = tmp_path / "home", list[int]()

    def look(_: Customers, file: Path, *__: object, **___: object) -> None:
        modes.extend(path.stat().st_mode & 0o777 for path in (home, file))

    monkeypatch.setattr(Customers, "import_file", look)
    import_sample_customers(settings_without_environment(home=home))
    assert modes == [0o700, 0o600]


async def _delivered(http: httpx.AsyncClient, order: str) -> bool:
    """Whether the webhook of this order was taken."""
    deliveries = (await http.get("/webhooks/deliveries")).json()["data"]
    return any(told["portout_id"] == order and told["status"] == 200 for told in deliveries)


async def test_with_a_real_account_a_second_copy_is_turned_away_before_it_asks_the_carrier(
    apart: Shell, service: Service, tmp_path: Path
) -> None:
    with alone_with(tmp_path / "temporal.db"):
        ran = await apart("up", TELNYX_API_KEY="sandbox", TELNYX_BASE_URL=service.carrier.base_url)
    assert ran.code == 1
    assert ran.sentence.startswith(IN_USE.format(tmp_path / "temporal.lock"))
    assert service.carrier.carrier.log.last == 0


async def test_a_database_that_is_not_sqlite_needs_a_key_for_personal_facts(
    apart: Shell, temporal: str
) -> None:
    """It is asked for before the database is touched: nothing listens at this address."""
    ran = await apart(
        "worker",
        TEMPORAL_ADDRESS=temporal,
        PORTOUT_DATABASE_URL="postgresql://user:secret-17@127.0.0.1:9/records",
    )
    assert ran.code == 1
    assert ran.sentence == (
        "PORTOUT_RECORDS_KEY is not set: without it no decision can be recorded; set base64 of 32 bytes."
    )
