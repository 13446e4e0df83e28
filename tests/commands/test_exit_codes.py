"""The exit code says what happened, every time: a process that used the Temporal client may crash while it ends."""

from pathlib import Path

import pytest

from commands.errors import sentence_of
from commands.main import ROOMS, app_for
from records.cases import Stage
from settings import PROJECT
from tests.commands.shell import Shell, made_in
from tests.service import Service

TIMES = 100
"""A process that ends by itself crashes about once in so many runs."""


async def test_a_hundred_listings_in_a_row_leave_with_the_code_they_mean(
    standing: Service, portout: Shell
) -> None:
    order = standing.place_reviewed()
    await standing.stands_in(Stage.AWAITING_REVIEW, order)
    shown = await portout.many(TIMES, "show", order, "--json")
    assert [ran.code for ran in shown] == [0] * TIMES
    assert all(ran.json["state"]["stage"] == "awaiting_review" for ran in shown)


async def test_a_listing_into_a_closed_pipe_ends_quietly(portout: Shell) -> None:
    process = await portout.start("settings")
    assert process.stdout is not None
    process.stdout._transport.close()  # type: ignore[attr-defined]
    _, err = await process.communicate()
    assert err == b""


async def test_help_names_every_command(apart: Shell) -> None:
    ran = await apart("--help", COLUMNS="200")
    assert ran.code == 0
    for commands in ROOMS.values():
        for command in commands:
            assert f"│ {command} " in ran.out


async def test_wrong_usage_exits_with_two(apart: Shell) -> None:
    for arguments in (("nonsense",), ("show",), ("queue", "--nonsense"), ("deny", "X", "--code", "many")):
        ran = await apart(*arguments)
        assert ran.code == 2, arguments
        assert ran.out == ""


def test_the_table_names_each_command_and_the_module_that_it_is_found_in() -> None:
    for room, commands in ROOMS.items():
        assert (PROJECT / "commands" / f"{room}.py").exists()
        for command in commands:
            app = app_for([command])
            names = {info.name or getattr(info.callback, "__name__", "") for info in app.registered_commands}
            assert names | {group.name for group in app.registered_groups} == set(commands)


async def test_before_the_first_start_a_listing_says_what_to_do(apart: Shell, tmp_path: Path) -> None:
    ran = await apart("queue")
    assert ran.code == 1
    assert "`portout up` and `portout worker` bring it up to date when they start." in ran.sentence
    assert made_in(tmp_path) == []


async def test_a_misspelt_setting_is_one_sentence(apart: Shell) -> None:
    ran = await apart("queue", PORTOUT_REVIEWER="dana")
    assert ran.code == 1
    assert ran.sentence.startswith("PORTOUT_REVIEWER is not a setting")


def test_an_error_that_nobody_foresaw_is_told_without_its_text() -> None:
    with pytest.raises(KeyError) as caught:
        raise KeyError("4711")
    sentence = sentence_of(caught.value)
    assert "KeyError at test_exit_codes.py:" in sentence
    assert "4711" not in sentence
