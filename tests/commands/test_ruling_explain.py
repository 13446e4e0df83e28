"""`rules explain` and `rules record`, over orders that a real worker screened, and over facts from a file."""

from pathlib import Path

import yaml

from records.cases import Stage
from settings import PROJECT
from tests.commands.desk import key_of, waiting_order
from tests.commands.shell import Shell
from tests.service import RIGHT_PIN, WRONG_PIN, Service

TYPICAL = str(PROJECT / "rules" / "fixtures" / "typical.yaml")


async def test_decided_orders_are_decided_the_same_once_more(standing: Service, portout: Shell) -> None:
    approved, denied = standing.place(), standing.place_denied()
    await standing.results(approved, denied)
    waiting = await waiting_order(standing)
    for portout_id, outcome in ((approved, "approve"), (denied, "deny"), (waiting, "review")):
        told = (await portout("rules", "explain", key_of(standing, portout_id), "--json")).json
        assert (told["outcome"], told["differences"]) == (outcome, [])
        assert all(rule["place"].rpartition(":")[0].endswith(".yaml") for rule in told["rules"])


async def test_a_decision_is_told_as_a_tree_and_what_stands_against_an_approval_as_a_list(
    standing: Service, portout: Shell
) -> None:
    denied = standing.place_denied()
    await standing.result(denied)
    told = await portout("rules", "explain", denied)
    assert (told.code, told.err) == (0, "")
    assert told.out.splitlines()[0].startswith(f"{key_of(standing, denied)}: deny as invalid_pin, score 0")
    assert "pin: mismatch → denies as invalid_pin" in told.out
    assert "PINs are not kept, so this is the recorded answer." in told.out
    against = await portout("rules", "explain", denied, "--why-not", "approve")
    assert "1. The rule pin denies as invalid_pin: mismatch." in against.out
    changed = await portout("rules", "explain", denied, "--what-if", "portout.spid=888X")
    assert "! The rule carrier: allowed → blocked." in changed.out
    for ran in (told, against, changed):
        assert RIGHT_PIN not in ran.out
        assert WRONG_PIN not in ran.out


async def test_facts_of_a_file_are_decided_by_the_rules_on_disk(apart: Shell) -> None:
    told = (await apart("rules", "explain", TYPICAL, "--what-if", "portout.spid=888X", "--json")).json
    assert (told["order"], told["outcome"]) == (None, "review")
    assert "The rule carrier: allowed → blocked." in told["differences"]


async def test_what_is_no_order_and_no_facts_is_wrong_usage(apart: Shell) -> None:
    rules = PROJECT / "rules"
    for what, sentence in (
        (
            str(rules / "us-vip.yaml"),
            "us-vip.yaml is a policy: explain takes an order, or a file with the facts",
        ),
        (str(rules / "lists" / "us-holidays.yaml"), "us-holidays.yaml is a list: explain takes an order"),
        ("", "give a port-out id, a support key or a fixture file"),
    ):
        ran = await apart("rules", "explain", what)
        assert (ran.code, ran.out, sentence in ran.err) == (2, "", True)


async def test_what_cannot_be_explained_is_said_in_a_sentence(
    standing: Service, portout: Shell, undecided: str, tmp_path: Path
) -> None:
    wrong_file = tmp_path / "facts.yaml"
    wrong_file.write_text("facts: {portout.spd: 1234}\n")
    for arguments, code, sentence in (
        (["nowhere"], 1, "No order nowhere is known here"),
        ([str(wrong_file)], 3, "unknown fact 'portout.spd'"),
        ([undecided, "--what-if", "portout.attempted_pin=1"], 2, "is not recorded"),
    ):
        ran = await portout("rules", "explain", *arguments)
        assert ran.code == code
        assert sentence in ran.sentence
    assert standing.stage(undecided) is Stage.AWAITING_REVIEW


async def test_a_recorded_order_becomes_a_fixture_that_gives_the_same(
    standing: Service, portout: Shell, tmp_path: Path
) -> None:
    denied = standing.place_denied(authorized_name="Maria Lopez")
    await standing.result(denied)
    ran = await portout("rules", "record", denied)
    assert (ran.code, ran.err) == (0, "")
    assert "Lopez" not in ran.out
    assert WRONG_PIN not in ran.out
    facts = yaml.load(ran.out, yaml.BaseLoader)["facts"]
    assert facts["portout.spid"] == "073H"
    fixture = tmp_path / "like.yaml"
    fixture.write_text(ran.out)
    told = (await portout("rules", "explain", str(fixture), "--json")).json
    assert (told["outcome"], told["reject_as"]) == ("deny", "invalid_pin")
