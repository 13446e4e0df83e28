"""One condition per line, and what its author is told; what is not told anything can be read."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from screening.bundle import Bundle
from screening.conditions import read_condition
from screening.reading.condition_faults import check_condition
from screening.reading.diagnostics import Code, Diagnostic, Severity
from screening.reading.loading import check_paths, load_bundle
from screening.reading.shape import Faults
from screening.reading.yaml_tree import child, read_tree
from tests.screening.rule_files import POLICY, changed, faults_of

LISTS = ("known_spids", "blocked_carriers")
ZIP, SIZE, SPID = "portout.zip", "portout.number_count", "portout.spid"


def found(text: str) -> list[Diagnostic]:
    """What is said about a condition, written as YAML."""
    root, source, faults = read_tree(text.encode(), "rules.yaml")
    assert root is not None
    assert faults == []
    told = Faults(source)
    check_condition(root, LISTS, told)
    return told.diagnostics


def marked(fault: Diagnostic) -> str:
    return fault.excerpt[-1][1][fault.column - 1 : fault.column - 1 + fault.length]


def errors(faults: list[Diagnostic]) -> list[Diagnostic]:
    return [fault for fault in faults if fault.severity is Severity.ERROR]


ERRORS = [
    # the condition, the code, what is pointed at, what the message says, what is suggested
    ("portout.zipp: {equals: x}", "PO104", "portout.zipp", "unknown fact 'portout.zipp'", "'portout.zip'"),
    ("al: [{portout.zip: {is_missing: true}}]", "PO104", "al", "unknown fact 'al'", "'all'"),
    ("customer.pin: {equals: x}", "PO124", "customer.pin", "is secret", ""),
    ("portout.attempted_pin: {is_missing: true}", "PO124", "portout.attempted_pin", "is secret", ""),
    ("history.orders_per_spid: {at_least: 5}", "PO124", "history.orders_per_spid", "a window", "velocity"),
    ("portout.zip: {equal: x}", "PO134", "equal", "unknown operator 'equal'", "'equals'"),
    (
        "portout.zip: {matches: x}",
        "PO134",
        "matches",
        "unknown operator 'matches'",
        "portout.zip knows equals,",
    ),
    (
        "portout.zip: {at_least: 5}",
        "PO135",
        "at_least",
        "does not fit portout.zip, which is a text",
        "equals",
    ),
    ("customer.tags: {equals: vip}", "PO135", "equals", "which is a list of texts", "contains, contains_any"),
    ("customer.locked: {equals: true}", "PO135", "equals", "which is a yes or no", "is, is_missing"),
    ("portout.number_count: {at_most: many}", "PO107", "many", "needs a whole number, found 'many'", ""),
    ("portout.number_count: {equals: many}", "PO107", "many", "needs a whole number, found 'many'", ""),
    ("customer.tags: {contains_any: vip}", "PO107", "vip", "needs a list, found 'vip'", ""),
    ("customer.tags: {contains_any: []}", "PO107", "[", "needs at least one item", ""),
    ("customer.tags: {contains: [vip]}", "PO107", "[", "needs a text, found a list", ""),
    ("portout.zip: {one_of: [a, {b: c}]}", "PO107", "{", "needs a text, found keys with values", ""),
    ("customer.locked: {is: yes}", "PO107", "yes", "needs true or false, found 'yes'", ""),
    ("customer.pin_changed_at: {within_last: 3 days}", "PO107", "3 days", "needs a duration such as 24h", ""),
    ("customer.pin_changed_at: {before: today}", "PO107", "today", "a date and time with its offset", ""),
    ("portout.foc_date: {between_times: [22:00, 6:00]}", "PO107", "6:00", "a time of day such as 22:30", ""),
    ("portout.foc_date: {between_times: 22:00}", "PO107", "22:00", "two different times of day", ""),
    (
        "portout.spid: {in_list: known_spid}",
        "PO113",
        "known_spid",
        "unknown list 'known_spid'",
        "'known_spids'",
    ),
    ("portout.spid: {in_list: zzz}", "PO113", "zzz", "unknown list 'zzz'", "blocked_carriers or known_spids"),
    ("{}", "PO136", "{", "one of all, any and not, or one fact with one operator, found nothing", ""),
    ("[]", "PO136", "[", "found a list", ""),
    ("vip", "PO136", "vip", "found 'vip'", ""),
    (
        "{portout.zip: {equals: x}, portout.spid: {equals: y}}",
        "PO136",
        "portout.spid",
        "'portout.spid'",
        "all or any",
    ),
    (
        "portout.zip: {equals: x, starts_with: y}",
        "PO136",
        "starts_with",
        "one operator, found equals, s",
        "under all",
    ),
    ("portout.zip: vip", "PO136", "vip", "'portout.zip' needs one operator", "{equals: …}"),
    ("all: {portout.zip: {equals: x}}", "PO107", "{", "all needs a list of conditions", ""),
    ("any: []", "PO107", "[", "any needs at least one condition", ""),
    ("not: [{portout.zip: {equals: x}}]", "PO136", "[", "found a list", ""),
    (
        "{not: {not: {not: {not: {not: {not: {not: {not: vip}}}}}}}}",
        "PO101",
        "vip",
        "more than 8 conditions",
        "",
    ),
]


WORDS = [
    ("portout.countries: {contains_any: [US, USA]}", Severity.ERROR, "USA", "unknown country 'USA'", "'US'"),
    ("portout.countries: {contains: Cananda}", Severity.ERROR, "Cananda", "unknown country", "two letters"),
    ("history.changed: {contains_any: [pni]}", Severity.ERROR, "pni", "unknown change 'pni'", "'pin'"),
    ("history.changed: {contains: PIN_}", Severity.ERROR, "PIN_", "unknown change", "'pin'"),
    ("number.statuses: {contains: ported_out}", Severity.WARNING, "ported_out", "no status", "'ported-out'"),
    (
        "number.statuses: {contains_only: [zzz]}",
        Severity.WARNING,
        "zzz",
        "no status 'zzz'",
        "active, port-out",
    ),
    ("documents.types: {contains_none: [laa, loa]}", Severity.WARNING, "laa", "no type of doc", "'loa'"),
    ("documents.infected: {contains: invoic}", Severity.WARNING, "invoic", "no type of doc", "'invoice'"),
]


@pytest.mark.parametrize(("text", "severity", "at", "says", "suggests"), WORDS)
def test_a_value_that_a_fact_never_has_is_told(
    text: str, severity: Severity, at: str, says: str, suggests: str
) -> None:
    [fault] = found(text)
    code = Code.WRONG_VALUE if severity is Severity.ERROR else Code.UNKNOWN_WORD
    assert (fault.code, marked(fault), fault.severity) == (code, at, severity)
    assert says in fault.message
    assert suggests in fault.suggestion


@pytest.mark.parametrize(
    "text",
    [
        "portout.countries: {contains_any: [us, PR, ZZ]}",
        "history.changed: {contains_any: [pin, portout.spid, portout.phone_numbers]}",
        "number.statuses: {contains_only: [Active, port-out-pending, unknown]}",
        "documents.types: {contains_all: [LOA, invoice]}",
        "customer.tags: {contains: anything}",
        "number.statuses: {is_empty: true}",
        "portout.countries: {any_in_list: known_spids}",
    ],
)
def test_values_that_a_fact_can_have_are_fine(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(("text", "code", "at", "says", "suggests"), ERRORS)
def test_a_fault_is_told_at_its_place(text: str, code: str, at: str, says: str, suggests: str) -> None:
    [fault] = found(text)
    assert (fault.code.value, marked(fault), fault.severity) == (code, at, Severity.ERROR)
    assert says in fault.message
    assert suggests in fault.suggestion


def test_every_fault_is_told_in_one_pass() -> None:
    text = "all: [{any: []}, {portout.zipp: {equals: x}}, {not: {portout.zip: {at_least: 5}}}]"
    assert [fault.code.value for fault in found(text)] == ["PO107", "PO104", "PO135"]


CONTRADICTIONS = [
    (f"{SIZE}: {{at_most: 3}}", f"{SIZE}: {{at_least: 5}}"),
    (f"{SIZE}: {{less_than: 3}}", f"{SIZE}: {{more_than: 1}}", f"{SIZE}: {{more_than: 2}}"),
    (f"{SIZE}: {{equals: 3}}", f"{SIZE}: {{equals: 4}}"),
    (f"{SIZE}: {{equals: 3}}", f"{SIZE}: {{not_equals: 3}}"),
    (f"{SPID}: {{equals: 073H}}", f"{SPID}: {{equals: 888X}}"),
    (f"{SPID}: {{equals: 073h}}", f"{SPID}: {{not_equals: 073H}}"),
    (f"{SPID}: {{none_of: [a, b, c]}}", f"{SPID}: {{one_of: [a, b]}}"),
    (f"{SPID}: {{one_of: [a, b]}}", f"{SPID}: {{equals: c}}"),
    (f"{SPID}: {{not_in_list: known_spids}}", f"{SPID}: {{in_list: known_spids}}"),
    (f"{SPID}: {{is_missing: true}}", f"{SPID}: {{equals: 073H}}"),
    (f"{SPID}: {{is_present: true}}", f"{SPID}: {{is_missing: true}}"),
    (f"{SPID}: {{equals: 073H}}", f"not: {{{SPID}: {{equals: 073H}}}}"),
    (f"{SIZE}: {{at_most: 3}}", f"all: [{{{ZIP}: {{equals: x}}}}, {{{SIZE}: {{at_least: 5}}}}]"),
    ("customer.locked: {is: true}", "customer.locked: {is: false}"),
    ("portout.foc_date: {on_weekend: true}", "portout.foc_date: {on_weekend: false}"),
    ("customer.pin_changed_at: {within_last: 72h}", "customer.pin_changed_at: {older_than: 72h}"),
    ("portout.foc_date: {within_next: 2h}", "portout.foc_date: {older_than: 1h}"),
    ("portout.foc_date: {before: 2026-01-01T00:00:00Z}", "portout.foc_date: {after: 2026-01-02T00:00:00Z}"),
]

ALWAYS = [
    (f"{SPID}: {{equals: 073H}}", f"not: {{{SPID}: {{equals: 073H}}}}"),
    (f"{SPID}: {{equals: 073h}}", f"{SPID}: {{not_equals: 073H}}"),
    (f"{SIZE}: {{equals: 3}}", f"{SIZE}: {{not_equals: 3}}"),
    (f"{SIZE}: {{at_most: 3}}", f"{ZIP}: {{equals: x}}", f"{SIZE}: {{at_least: 4}}"),
    (f"{SIZE}: {{more_than: 1}}", f"{SIZE}: {{less_than: 3}}"),
    (f"{SPID}: {{one_of: [a, b]}}", f"{SPID}: {{none_of: [a, b]}}"),
    (f"{SPID}: {{none_of: [a]}}", f"{SPID}: {{one_of: [a, b]}}"),
    (f"{SPID}: {{not_in_list: known_spids}}", f"{SPID}: {{in_list: known_spids}}"),
    (f"{SPID}: {{is_present: true}}", f"{SPID}: {{is_missing: true}}"),
    (f"{SPID}: {{not_equals: a}}", f"{SPID}: {{not_equals: b}}"),
    ("customer.locked: {is: true}", "customer.locked: {is: false}"),
    ("portout.foc_date: {on_weekend: true}", "portout.foc_date: {on_weekend: false}"),
    (
        "customer.tags: {contains: a}",
        f"any: [{{{ZIP}: {{equals: x}}}}, {{not: {{customer.tags: {{contains: a}}}}}}]",
    ),
    (f"{SIZE}: {{at_least: 5}}", f"not: {{all: [{{{SIZE}: {{at_least: 5}}}}, {{{ZIP}: {{equals: x}}}}]}}"),
]

SOMETIMES = [
    (f"{SIZE}: {{at_most: 3}}", f"{SIZE}: {{at_least: 5}}"),
    (f"{SPID}: {{one_of: [a, b]}}", f"{SPID}: {{none_of: [a, b, c]}}"),
    (f"{SPID}: {{equals: a}}", f"{SPID}: {{not_equals: b}}"),
    (f"{SPID}: {{is_missing: true}}", f"{SPID}: {{not_equals: a}}"),
    (f"{SPID}: {{in_list: known_spids}}", f"{SPID}: {{not_in_list: blocked_carriers}}"),
    ("customer.pin_changed_at: {within_last: 72h}", "customer.pin_changed_at: {older_than: 24h}"),
    ("customer.locked: {is: true}", "all: [{customer.locked: {is: false}}, {portout.zip: {equals: x}}]"),
    (f"not: {{{SPID}: {{equals: a}}}}", f"not: {{{ZIP}: {{equals: a}}}}"),
]

MEANINGFUL = [
    (f"{SIZE}: {{at_least: 3}}", f"{SIZE}: {{at_most: 3}}"),
    (f"{SIZE}: {{more_than: 1}}", f"{SIZE}: {{less_than: 3}}"),
    (f"{SPID}: {{not_equals: a}}", f"{SPID}: {{not_equals: b}}"),
    (f"{SPID}: {{one_of: [a, b]}}", f"{SPID}: {{not_equals: a}}"),
    (f"{SPID}: {{in_list: known_spids}}", f"{SPID}: {{not_in_list: blocked_carriers}}"),
    (f"{SPID}: {{is_present: true}}", f"{SPID}: {{is_missing: false}}"),
    (f"{SPID}: {{is_missing: true}}", f"{ZIP}: {{equals: x}}"),
    ("customer.tags: {contains: a}", "customer.tags: {contains: b}"),
    ("customer.pin_changed_at: {within_last: 72h}", "customer.pin_changed_at: {older_than: 24h}"),
    ("customer.locked: {is: true}", "any: [{customer.locked: {is: false}}, {portout.zip: {equals: x}}]"),
]


def group(word: str, parts: tuple[str, ...]) -> str:
    return f"{word}:\n" + "".join(f"- {part}\n" for part in parts)


@pytest.mark.parametrize("parts", CONTRADICTIONS, ids=" and ".join)
def test_what_cannot_hold_together_is_a_warning(parts: tuple[str, ...]) -> None:
    [fault] = found(group("all", parts))
    assert (fault.code.value, fault.severity, fault.line) == ("PO160", Severity.WARNING, len(parts) + 1)
    assert "cannot hold together with line 2" in fault.message


@pytest.mark.parametrize("parts", ALWAYS, ids=" or ".join)
def test_what_always_holds_is_a_warning(parts: tuple[str, ...]) -> None:
    [fault] = found(group("any", parts))
    assert (fault.code.value, fault.severity, fault.line) == ("PO160", Severity.WARNING, len(parts) + 1)
    assert fault.message == "this holds wherever line 2 does not, so whatever is known meets any"
    assert fault.suggestion == "perhaps all is meant"


@pytest.mark.parametrize("parts", SOMETIMES, ids=" or ".join)
def test_what_may_hold_or_not_is_none(parts: tuple[str, ...]) -> None:
    assert found(group("any", parts)) == []


@pytest.mark.parametrize("parts", MEANINGFUL, ids=" and ".join)
def test_what_can_hold_together_is_none(parts: tuple[str, ...]) -> None:
    assert found(group("all", parts)) == []


@pytest.mark.parametrize("word", ["all", "any"])
def test_the_same_condition_twice_is_a_warning(word: str) -> None:
    once = (f"{SPID}: {{one_of: [a, b]}}", f"not: {{{SIZE}: {{at_most: 5}}}}")
    assert found(group(word, once)) == []
    [fault] = found(group(word, (*once, f"not: {{{SIZE}: {{at_most: 5}}}}")))
    assert (fault.code.value, fault.severity, marked(fault)) == ("PO161", Severity.WARNING, "not")
    assert (fault.message, fault.suggestion) == (f"the same condition twice under {word}", "first one at 3:3")


names = st.sampled_from(
    ["all", "any", "not", ZIP, SIZE, SPID, "customer.tags", "portout.foc_date", "customer.pin", "x"]
)
words = st.sampled_from(["x", "5", "true", "24h", "known_spids", "2026-01-01T00:00:00Z", "22:00", "", None])
operators = st.sampled_from(
    [
        "equals",
        "one_of",
        "at_most",
        "in_list",
        "within_last",
        "before",
        "between_times",
        "is_missing",
        "contains",
        "y",
    ]
)
operands = words | st.lists(words, max_size=2)
trees = st.recursive(
    words | st.dictionaries(names, operands | st.dictionaries(operators, operands, max_size=2), max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2),
    max_leaves=6,
)


@given(trees)
def test_what_is_found_without_error_can_be_read_and_nothing_else(tree: object) -> None:
    root, source, _ = read_tree(yaml.safe_dump({"when": tree}).encode(), "rules.yaml")
    assert root is not None
    written = root.plain()
    assert isinstance(written, dict)
    told = Faults(source)
    when = child(root, "when")
    assert when is not None
    check_condition(when, LISTS, told)
    # Which lists there are, the policy around a condition says.
    is_refused = any(fault.code is not Code.UNKNOWN_LIST for fault in errors(told.diagnostics))
    try:
        read_condition(written["when"])
    except ValueError:
        assert is_refused
    else:
        assert not is_refused


WHEN = "when: {portout.number_count: {at_most: 5}}"
CONDITION = f"""  - id: small
    title: Few numbers
    {WHEN}
    then: {{holds: pass, does_not_hold: review}}

decide:
"""


def with_condition(directory: Path, when: str = WHEN) -> Path:
    return changed(directory, "\ndecide:\n", "\n" + CONDITION.replace(WHEN, when))


def test_a_rule_with_a_condition_loads_and_reads_back_from_its_canonical_form(tmp_path: Path) -> None:
    bundle = load_bundle(with_condition(tmp_path))
    [rule] = [rule for rule in bundle.default.rules if rule.id == "small"]
    assert rule.check.kind == "condition"
    assert rule.check.params == {"when": {"portout.number_count": {"at_most": "5"}}}
    assert b'"check":{"condition":{"when":{"portout.number_count":{"at_most":"5"}}}}' in bundle.canonical()
    again = Bundle.from_canonical(bundle.canonical())
    assert again == bundle
    assert Bundle.model_validate_json(again.canonical()).canonical() == bundle.canonical()


@pytest.mark.parametrize(
    ("when", "code", "says"),
    [
        ("check: {pin: {}}\n    " + WHEN, "PO111", "a rule asks exactly one check, found pin and when"),
        ("why: Nothing asked.", "PO111", "a rule asks exactly one check, found none"),
        ("wehn: {}", "PO105", "unknown key 'wehn'"),
        ("when:", "PO107", "'when' has no value"),
        ("check: {condition: {when: {portout.zip: {is_missing: true}}}}", "PO110", "a condition is no check"),
        ("when: {customer.tag: {contains: vip}}", "PO104", "unknown fact 'customer.tag'"),
    ],
)
def test_a_rule_asks_one_check_or_has_one_condition(tmp_path: Path, when: str, code: str, says: str) -> None:
    [fault] = errors(faults_of(with_condition(tmp_path, when)))
    assert fault.code.value == code
    assert says in fault.message
    assert fault.path.startswith("in rule small")


@pytest.mark.parametrize(
    ("evidence", "when", "refused"),
    [
        ("small.holds", WHEN, False),
        ("small.does_not_hold", WHEN, False),
        ("small.missing", WHEN, True),
        ("small.holds", "when: {not: {any: [{portout.zip: {is_missing: true}}]}}", True),
    ],
)
def test_only_an_answer_about_a_known_fact_is_evidence(
    tmp_path: Path, evidence: str, when: str, refused: bool
) -> None:
    path = with_condition(tmp_path, when) / POLICY
    path.write_text(
        path.read_text(encoding="utf-8").replace("[pin.match]", f"[pin.match, {evidence}]"), "utf-8"
    )
    faults = errors(check_paths([path.parent]).diagnostics)
    assert [(fault.code.value, marked(fault)) for fault in faults] == (
        [("PO127", evidence)] if refused else []
    )
