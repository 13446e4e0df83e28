"""What differs between bundles, which one is live, which wait, and how one is let in."""

from pathlib import Path

from screening.reading.loading import load_bundle
from settings import PROJECT
from tests.commands.conftest import shell_of
from tests.commands.shell import Shell
from tests.scenarios.rules import change, found, gone_live, place_of, shipped_rules
from tests.service import REVIEWER, Service
from tests.waiting import eventually

SHIPPED = str(PROJECT / "rules")
LOOSER = (r"^  margin: 2h", "  margin: 1h")
BROKEN = (r"^rules:", "rulez:")


async def test_a_bundle_that_waits_is_shown_with_what_opens_the_gate_and_activated_by_name(
    edited: Service,
) -> None:
    rules, portout = edited.settings.rules, shell_of(edited)
    before = load_bundle(rules).digest
    async with edited.working():
        await gone_live(edited.records, before)
        change(rules, *LOOSER)
        looser = load_bundle(rules).digest
        await found(edited.records, looser)

        shown = await portout("rules", "status")
        assert shown.out.startswith(f"{before[:12]} is live since ")
        assert "waits to be activated:" in shown.out
        assert "  opens the gate  respond.margin 2h -> 1h\n" in shown.out
        assert f"  portout rules activate {looser[:12]} --by NAME\n" in shown.out
        assert f"{looser[:12]} waits to be activated: see `portout rules status`." in await line_of_status(
            portout
        )
        assert (
            "opens the gate  respond.margin 2h -> 1h"
            in (await portout("rules", "diff", "live", looser[:12])).out
        )

        stranger = await portout("rules", "activate", looser[:12], "--by", "mallory")
        assert (stranger.code, "mallory is not a reviewer" in stranger.sentence) == (1, True)
        nothing = await portout("rules", "activate", "0" * 12, "--by", REVIEWER)
        assert (
            nothing.code,
            "No bundle with a digest that begins with 000000000000" in nothing.sentence,
        ) == (1, True)
        done = await portout("rules", "activate", looser[:12], "--by", REVIEWER)
        assert f"{looser[:12]} is live instead of {before[:12]}, activated by {REVIEWER}." in done.out
        assert (await edited.result(edited.place())).policy_digest == looser
        await eventually(lambda: edited.records.policies.reports()[0].running == looser)

        after = (await portout("rules", "status", "--json")).json
        assert (after["live"]["digest"], after["live"]["activated_by"]) == (looser, REVIEWER)
        assert [worker["running"] for worker in after["workers"]] == [looser]
        assert after["waiting"] == after["refused"] == []

        # Back again: the folder says nothing new, so that this stays.
        back = await portout("rules", "activate", before[:12], "--by", REVIEWER)
        assert back.code == 0
        assert "was live before; to return to it:" in (await portout("rules", "status")).out
        assert (await edited.result(edited.place())).policy_digest == before


async def test_refused_rules_are_shown_with_their_first_fault(edited: Service) -> None:
    rules, portout = edited.settings.rules, shell_of(edited)
    async with edited.working():
        await gone_live(edited.records, load_bundle(rules).digest)
        change(rules, *BROKEN)
        await found(edited.records, None)
        shown, line = await portout("rules", "status"), await line_of_status(portout)
    refused = f"The rules are refused: {place_of(rules, 'rulez:')}: unknown key 'rulez'"
    assert shown.out.splitlines()[1].startswith("Refused by ")
    assert refused in shown.out
    assert refused in line


async def line_of_status(portout: Shell) -> str:
    """What `portout status` says about it."""
    [says] = [
        part["says"]
        for part in (await portout("status", "--json")).json["parts"]
        if part["name"] == "Live rules"
    ]
    return str(says)


async def test_before_any_start_nothing_is_live(apart: Shell) -> None:
    shown = await apart("rules", "diff", "live", SHIPPED)
    assert shown.code == 1
    assert len(shown.err.splitlines()) == 1


async def test_the_difference_of_two_folders_is_told_in_words(apart: Shell, tmp_path: Path) -> None:
    rules = shipped_rules(tmp_path)
    same = await apart("rules", "diff", SHIPPED, str(rules))
    assert same.out == f"No difference: both have the digest {load_bundle(rules).digest[:12]}.\n"
    change(rules, *LOOSER)
    change(rules, r"^title: .*", "title: American numbers")
    told = await apart("rules", "diff", SHIPPED, str(rules), "--json")
    assert told.code == 0
    assert told.json["opens_gate"] is True
    assert {(found["text"], found["opens_gate"]) for found in told.json["differences"]} == {
        ("respond.margin 2h -> 1h", True),
        ("title US numbers, standard customers -> American numbers", False),
    }


async def test_rules_that_cannot_be_read_have_no_difference(apart: Shell, tmp_path: Path) -> None:
    rules = shipped_rules(tmp_path)
    change(rules, *BROKEN)
    refused = await apart("rules", "diff", SHIPPED, str(rules))
    assert refused.code == 3
    assert "unknown key 'rulez'" in refused.err
