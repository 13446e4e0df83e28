"""`portout up` and `portout worker`: what keeps them from starting is one sentence."""

import asyncio
import signal
from pathlib import Path

from commands.embedded import alone_with
from tests.commands.shell import Shell
from tests.service import Service

IN_USE = "An embedded Temporal server is already using {}: stop the `portout up` that runs there, "


async def test_a_second_copy_in_the_same_home_is_turned_away_and_the_first_goes_on(
    apart: Shell, tmp_path: Path
) -> None:
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
    finally:
        first.send_signal(signal.SIGTERM)
        await first.communicate()
    assert second.code == 1
    assert second.sentence.startswith(IN_USE.format(tmp_path / "sandbox" / "up.db"))
    assert queue.code == 0
    assert first.returncode == 0


async def test_with_a_real_account_a_second_copy_is_turned_away_before_it_asks_the_carrier(
    apart: Shell, service: Service, tmp_path: Path
) -> None:
    with alone_with(tmp_path / "temporal.db"):
        ran = await apart("up", TELNYX_API_KEY="sandbox", TELNYX_BASE_URL=service.carrier.base_url)
    assert ran.code == 1
    assert ran.sentence.startswith(IN_USE.format(tmp_path / "temporal.db"))
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
