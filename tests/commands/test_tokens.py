"""`token add`, `list`, `revoke`, and who a command acts as."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from environment import settings_without_environment
from records.cases import CaseUpdate, Stage
from records.opening import open_records
from records.tokens import PREFIX
from tests.commands.inside import Inside

NEVER = {"TEMPORAL_ADDRESS": "127.0.0.1:1"}


@pytest.fixture
def desk(tmp_path: Path) -> Inside:
    """The command line of two reviewers, with records that hold one order, and nothing running."""
    records = open_records(settings_without_environment(home=tmp_path))
    records.cases.upsert(
        CaseUpdate(portout_id="p1", updated_at=datetime.now(UTC), stage=Stage.AWAITING_REVIEW)
    )
    records.close()
    return Inside({"PORTOUT_HOME": str(tmp_path), "PORTOUT_REVIEWERS": "dana,robin", **NEVER})


async def made(desk: Inside, name: str, *more: str) -> str:
    ran = await desk("token", "add", name, "--role", "reviewer", *more, "--json")
    assert ran.code == 0, ran.err
    token: str = ran.json["token"]
    return token


async def test_a_token_is_shown_once_and_listed_without_itself(desk: Inside) -> None:
    ran = await desk("token", "add", "robin", "--role", "senior", "--expires", "90d")
    told, secret = ran.out.splitlines()
    assert told.startswith("Token ")
    assert " of robin, senior, holds until 20" in told
    assert secret.startswith(PREFIX)
    listed, table = await desk("token", "list", "--json"), await desk("token", "list")
    [row] = listed.json
    assert (row["person"], row["role"], row["valid"]) == ("robin", "senior", True)
    left = datetime.fromisoformat(row["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=89) < left <= timedelta(days=90)
    assert row["token_id"] in table.out
    assert secret not in listed.out + table.out


async def test_a_revoked_token_is_listed_as_such_and_opens_nothing(desk: Inside) -> None:
    token = await made(desk, "dana")
    ran = await desk("token", "revoke", "dana")
    assert "proves nothing any more" in ran.out
    assert (await desk("token", "revoke", "dana")).out == "It was revoked before.\n"
    assert (await desk("token", "list", "--json")).json[0]["valid"] is False
    claimed = await desk("claim", "p1", PORTOUT_TOKEN=token)
    assert claimed.code == 1
    assert "was revoked" in claimed.sentence
    assert token not in claimed.err


async def test_a_command_acts_as_the_owner_of_its_token(desk: Inside, tmp_path: Path) -> None:
    token, file = await made(desk, "robin"), tmp_path / "token"
    file.write_text(f"{token}\n")
    for given in ({"PORTOUT_TOKEN": token}, {"PORTOUT_TOKEN_FILE": str(file)}):
        assert "(robin)" in (await desk("claim", "p1", **given)).out
    assert (await desk("claim", "p1", "--by", "robin", PORTOUT_TOKEN=token)).code == 0


@pytest.mark.parametrize(
    ("arguments", "given", "sentence"),
    [
        (
            ("claim", "p1", "--by", "dana"),
            {"PORTOUT_TOKEN": "{token}"},
            "The token is robin's, so --by dana cannot stand: leave out --by.",
        ),
        (
            ("note", "p1", "Called.", "--by", "dana"),
            {"PORTOUT_TOKEN": "{token}"},
            "The token is robin's, so --by dana cannot stand: leave out --by.",
        ),
        (
            ("claim", "p1"),
            {"PORTOUT_TOKEN": "{token}", "PORTOUT_REVIEWERS": "dana"},
            "robin is not a reviewer; these may decide (PORTOUT_REVIEWERS): dana.",
        ),
        (
            ("claim", "p1"),
            {"PORTOUT_TOKEN": "{token}x"},
            "The token of PORTOUT_TOKEN is not known here: ask for a new one.",
        ),
        (
            ("claim", "p1"),
            {"PORTOUT_TOKEN": "{token}", "PORTOUT_TOKEN_FILE": "nowhere"},
            "PORTOUT_TOKEN and PORTOUT_TOKEN_FILE are both set: set one of them.",
        ),
        (("claim", "p1"), {"PORTOUT_TOKEN_FILE": "nowhere"}, "PORTOUT_TOKEN_FILE: nowhere cannot be read."),
        (("claim", "p1"), {"PORTOUT_TOKEN_FILE": "/dev/null"}, "PORTOUT_TOKEN_FILE: /dev/null is empty."),
        (("token", "add", "eve", "--role", "senior"), {}, "eve is not a reviewer; these may decide"),
        (("token", "revoke", "eve"), {}, "There is no token eve: `portout token list` shows ids and owners."),
    ],
)
async def test_what_proves_nothing_is_one_sentence(
    desk: Inside, arguments: tuple[str, ...], given: dict[str, str], sentence: str
) -> None:
    token = await made(desk, "robin")
    ran = await desk(*arguments, **{name: value.format(token=token) for name, value in given.items()})
    assert ran.code == 1
    assert ran.sentence.startswith(sentence)
    assert token not in ran.err


@pytest.mark.parametrize(
    "wrong",
    [
        ("--role", "boss"),
        ("--role", "reviewer", "--expires", "soon"),
        ("--role", "reviewer", "--expires", "0d"),
        ("--role", "reviewer", "--expires", "999999w"),
        (),
    ],
)
async def test_a_role_or_span_that_is_none_is_wrong_usage(desk: Inside, wrong: tuple[str, ...]) -> None:
    assert (await desk("token", "add", "dana", *wrong)).code == 2
    assert (await desk("token", "list")).out.startswith("There is no token; ")


async def test_settings_show_that_a_token_is_set_and_not_which(desk: Inside) -> None:
    token = await made(desk, "dana")
    ran = await desk("settings", "--json", PORTOUT_TOKEN=token)
    [row] = [row for row in ran.json["settings"] if row["name"] == "PORTOUT_TOKEN"]
    assert row["value"] == "set"
    assert token not in ran.out
