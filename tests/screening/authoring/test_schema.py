"""Schemas for editors: what the loader takes, an editor takes too; what an author mistypes, it marks."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from screening.authoring.rule_skeleton import rule_skeleton
from screening.authoring.schema import KnownNames, fixture_schema, list_schema, policy_schema
from screening.checks import CHECKS
from screening.facts import CATALOGUE
from screening.reading.loading import check_paths
from tests.screening.editors import as_editors_read
from tests.screening.rule_files import SHIPPED, shipped_text
from tests.screening.small_rules import STANDARD

POLICIES = Draft202012Validator(policy_schema(KnownNames()))
LISTS = Draft202012Validator(list_schema())
FIXTURES = Draft202012Validator(fixture_schema())


def marks(text: str, validator: Any = POLICIES) -> list[str]:
    """The places that an editor marks in a file."""
    return [error.json_path for error in validator.iter_errors(as_editors_read(text))]


@pytest.mark.parametrize("validator", [POLICIES, LISTS, FIXTURES], ids=["policy", "list", "fixture"])
def test_a_schema_is_one_by_the_rules_of_its_draft(validator: Any) -> None:
    Draft202012Validator.check_schema(validator.schema)
    json.dumps(validator.schema)


@pytest.mark.parametrize("path", sorted(SHIPPED.rglob("*.yaml")), ids=lambda path: path.name)
def test_nothing_is_marked_in_a_shipped_file(path: Path) -> None:
    kinds = {"lists": LISTS, "fixtures": FIXTURES}
    assert marks(path.read_text(encoding="utf-8"), kinds.get(path.parent.name, POLICIES)) == []


@pytest.mark.parametrize("path", sorted(SHIPPED.rglob("*.yaml")), ids=lambda path: path.name)
def test_a_shipped_file_names_its_schema(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    _, _, named = first.partition("# yaml-language-server: $schema=")
    assert (path.parent / named).resolve().is_file()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("mismatch:", "mismach:"),
        ("check: {pin: {}}", "check: {pim: {}}"),
        ("check: {pin: {}}", "check: {pin: {}, carrier: {block: blocked_carriers}}"),
        ("check: {pin: {}}", "check: {pin: {length: 4}}"),
        ("check: {pin: {}}", ""),
        ("check: {pin: {}}", "check: {documents: }"),
        ("expect: match", "expect: mach"),
        ("customer.pin:", "customer.pni:"),
        ("unset: [portout.attempted_pin]", "unset: [portout.atempted_pin]"),
        ("reject_as: invalid_pin", "reject: invalid_pin"),
        ("reason: The port-out PIN supplied does not match our records.", "note: Wrong."),
        ("given: portout.authorized_name", "given: portout.authorised_name"),
        ("match: 92", "match: 920"),
        ("within: 24h", "within: 24"),
        ("mode: enforce", "mode: enforced"),
        ("countries: [US", "countries: [us"),
        ("owner:", "onwer:"),
        ("missing: skip", "missing: skipp"),
        ("score: 30", "score: many"),
        ("outcome: leave", "outcome: leaf"),
        ("remind_at: [50%", "remind_at: [50"),
        ("all: [pin.match]", "al: [pin.match]"),
        ("rules:\n", "rule:\n"),
    ],
)
def test_what_an_author_mistypes_is_marked(old: str, new: str) -> None:
    text = shipped_text()
    assert old in text
    assert marks(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("when", "is_fine"),
    [
        ("{portout.number_count: {at_least: 10}}", True),
        ("{all: [{portout.spid: {in_list: l}}, {not: {customer.locked: {is: true}}}]}", True),
        ("{portout.foc_date: {between_times: [22:00, 06:00]}}", True),
        ("{portout.foc_date: {within_next: 2d}}", True),
        ("{portout.number_count: {within_last: 2d}}", False),
        ("{portout.number_count: {at_least: 10, at_most: 20}}", False),
        ("{customer.pin: {is_missing: true}}", False),
        ("{portout.spid: {}}", False),
        ("{all: []}", False),
        ("{portout.spid: {one_of: [A, 0123]}, portout.zip: {is_missing: true}}", False),
        ("{portout.foc_date: {within_next: 2}}", False),
        ("{portout.spd: {equals: 1}}", False),
    ],
)
def test_conditions_are_completed_and_judged_fact_by_fact(when: str, is_fine: bool) -> None:
    rule = f"  - {{id: w, title: W, when: {when}, then: {{holds: review, does_not_hold: pass}}}}\ndecide:\n"
    assert (marks(STANDARD.replace("decide:\n", rule)) == []) is is_fine
    assert marks(STANDARD.replace("decide:\n", rule.replace("holds:", "hold:", 1)))


def test_a_rule_asks_a_check_or_a_condition_and_not_both() -> None:
    both = "check: {pin: {}}\n    when: {portout.spid: {is_missing: true}}"
    assert marks(STANDARD.replace("check: {pin: {}}", both))


def test_rules_taken_from_another_policy_need_only_what_is_changed() -> None:
    text = "rules_from: us-standard\nrules:\n  - {id: pin, then: {not_set: review}}\n"
    head = STANDARD[: STANDARD.index("rules:\n")]
    tail = STANDARD[STANDARD.index("decide:\n") :]
    assert marks(head + text + tail) == []
    assert marks(head + text.replace("not_set", "notset") + tail)
    assert marks(head + text.replace("rules_from: us-standard\n", "") + tail)
    assert marks(head + "rules_from: us-standard\n" + tail) == []
    assert marks(head + tail)


@settings(max_examples=25)
@given(
    st.lists(st.sampled_from(list(CHECKS)), min_size=1, max_size=4),
    st.lists(
        st.sampled_from(
            [
                "review",
                "{score: 5}",
                "{outcome: review, score: 5, people: 2, note: <portout.spid> again}",
                "{score: '7'}",
            ]
        ),
        min_size=8,
        max_size=8,
    ),
    st.integers(0, 7),
)
def test_what_the_loader_takes_an_editor_takes_and_a_misspelt_result_neither(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[str], effects: list[str], place: int
) -> None:
    rules = tmp_path_factory.mktemp("rules")
    (rules / "lists").mkdir()
    (rules / "lists" / "blocked.yaml").write_text("entries: [{value: BAD1}]")
    (rules / "fixtures").mkdir()
    (rules / "fixtures" / "typical.yaml").write_text("facts: {portout.spid: 0123}")
    file = rules / "policy.yaml"
    lines = "\n".join(
        rule_skeleton(f"rule{number}", CHECKS[name], ["blocked"]) for number, name in enumerate(kinds)
    ).splitlines()
    answers = [number for number, line in enumerate(lines) if ": review " in line]
    for number, effect in zip(answers, effects, strict=False):
        lines[number] = lines[number].replace(": review ", f": {effect} ", 1)
    file.write_text(STANDARD.replace("decide:\n", "\n".join([*lines, "decide:\n"])))
    assert check_paths([rules]).errors == 0
    assert marks(file.read_text()) == []
    misspelt = answers[place % len(answers)]
    lines[misspelt] = lines[misspelt].replace(": ", "x: ", 1)
    file.write_text(STANDARD.replace("decide:\n", "\n".join([*lines, "decide:\n"])))
    assert check_paths([rules]).errors
    assert marks(file.read_text())


def test_everything_that_can_be_written_is_explained() -> None:
    lacking = [
        f"{name}.{key}"
        for schema in (POLICIES.schema, LISTS.schema, FIXTURES.schema)
        for name, model in {"": schema, **schema["$defs"]}.items()
        for key, value in model.get("properties", {}).items()
        if "description" not in value and key not in ("all", "any", "not") and "$ref" not in value
    ]
    assert lacking == []


def test_an_editor_offers_facts_results_and_the_names_of_the_bundle() -> None:
    names = KnownNames(["blocked"], ["lists/b.yaml"], ["fixtures/f.yaml"], ["other"], ["us-standard"])
    schema = policy_schema(names)
    shown = json.dumps(schema)
    for name in ("blocked", "lists/b.yaml", "fixtures/f.yaml", "other", "us-standard"):
        assert json.dumps({"enum": [name]}) in shown
    assert list(schema["$defs"]["Facts"]["properties"]) == list(CATALOGUE)
    assert list(schema["$defs"]["Check"]["properties"]) == [name for name in CHECKS if name != "condition"]
    for kind in CHECKS.values():
        for result, sentence in kind.results.items():
            assert json.dumps({"description": sentence, "$ref": "#/$defs/Effect"}) in shown, result


def test_a_name_that_is_not_known_yet_is_not_marked() -> None:
    validator = Draft202012Validator(policy_schema(KnownNames(lists=["other"], rejections=["else"])))
    assert marks(STANDARD, validator) == []
