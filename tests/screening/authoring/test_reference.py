"""What authors look up is what the checks declare, and each example does what it says."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from screening.authoring.reference import check_entry, fact_entry
from screening.authoring.rule_skeleton import rule_skeleton
from screening.authoring.rule_tests import run_tests
from screening.checks import CHECKS, CheckKind
from screening.facts import CATALOGUE
from screening.named_lists import NamedList
from screening.reading.given import gathered_from
from screening.reading.loading import check_paths, load_bundle
from screening.results import FactClass
from tests.screening.rule_files import copied

KINDS = pytest.mark.parametrize("kind", CHECKS.values(), ids=lambda kind: kind.name)
LISTS = {"known_spids": NamedList(entries=[]), "blocked_carriers": NamedList(entries=[])}


@KINDS
def test_an_example_gives_the_result_that_it_expects(kind: CheckKind[Any]) -> None:
    example = kind.example
    gathered = gathered_from(example.given, now=datetime(2026, 1, 14, 17, tzinfo=UTC), lists=LISTS)
    assert kind.ask(example.params, gathered).result == example.expect


@KINDS
def test_every_parameter_is_explained(kind: CheckKind[Any]) -> None:
    for parameter in check_entry(kind).parameters:
        assert parameter.type, parameter
        assert parameter.meaning.endswith("."), parameter


@KINDS
def test_an_entry_tells_every_result_fact_and_placeholder(kind: CheckKind[Any]) -> None:
    entry = check_entry(kind)
    assert {result.name: result.sentence for result in entry.results} == kind.results
    assert {result.name for result in entry.results if result.is_evidence} == kind.evidence
    assert {result.name for result in entry.results if result.is_ground} == kind.grounds
    assert entry.placeholders == kind.placeholders
    assert {fact.name for fact in entry.facts} >= set(kind.facts)
    assert all(kind.name in fact.read_by for fact in entry.facts)


def test_parameters_are_told_with_their_defaults_as_an_author_writes_them() -> None:
    told = {
        parameter.name: (parameter.type, parameter.needed, parameter.default)
        for name in ("authorized_name", "account_lock", "documents", "timing")
        for parameter in check_entry(CHECKS[name]).parameters
    }
    assert told["bands.match"] == ("whole number", False, 92)
    assert told["initials"] == ("true or false", False, True)
    assert told["changed_within"] == ("duration such as 24h", False, "72h")
    assert told["needs"] == ("list of loa or invoice", True, None)
    assert told["soonest"] == ("duration such as 24h", False, None)


def test_only_the_condition_has_operators_and_it_reads_no_secret() -> None:
    assert [name for name, kind in CHECKS.items() if check_entry(kind).operators] == ["condition"]
    read = check_entry(CHECKS["condition"]).facts
    assert {fact.fact_class for fact in read} == {FactClass.PUBLIC, FactClass.INTERNAL}


def test_a_fact_tells_which_checks_read_it() -> None:
    assert fact_entry("customer.pin").read_by == ("pin",)
    assert fact_entry("portout.spid").read_by == ("spid", "carrier", "condition")
    assert all(fact_entry(name).sentence.endswith(".") for name in CATALOGUE)


def pasted(directory: Path, rule: str) -> Path:
    rules = copied(directory)
    policy = rules / "us-standard.yaml"
    policy.write_text(policy.read_text().replace("\ndecide:\n", f"\n{rule}\n\ndecide:\n", 1))
    return rules


@KINDS
def test_a_new_rule_can_be_pasted_and_its_test_passes(kind: CheckKind[Any], tmp_path: Path) -> None:
    rules = pasted(tmp_path, rule_skeleton("brand-new", kind, ["blocked_carriers", "known_spids"]))
    faults = check_paths([rules]).diagnostics
    assert [fault.message for fault in faults if fault.severity == "error"] == []
    bundle = load_bundle(rules)
    rule = bundle.policies["us-standard"].rule("brand-new")
    assert rule is not None
    assert rule.then.keys() == kind.results.keys()
    assert all(rule.then[result].outcome == "review" for result in kind.results.keys() - kind.evidence)
    report = run_tests(bundle, "brand-new", policies=["us-standard"])
    assert (len(report.passed), len(report.failed)) == (1, 0)


def test_a_new_rule_takes_a_list_that_is_there() -> None:
    assert "block: ours\n" in rule_skeleton("r", CHECKS["carrier"], ["ours"])
    assert "block: blocked_carriers\n" in rule_skeleton("r", CHECKS["carrier"], ["ours", "blocked_carriers"])
    assert "block: blocked_carriers\n" in rule_skeleton("r", CHECKS["carrier"])


def test_what_looks_like_a_number_stays_text_in_a_new_rule() -> None:
    assert "portout.attempted_pin: '0042'" in rule_skeleton("r", CHECKS["pin"])


def test_what_should_not_be_goes_to_a_person_when_it_holds() -> None:
    made = rule_skeleton("r", CHECKS["condition"])
    assert "holds: review        # The condition holds." in made
    assert "does_not_hold: pass  # The condition does not hold." in made
