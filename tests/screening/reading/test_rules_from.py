"""Policies that take the rules of another one: what they become, and what their authors are told."""

from pathlib import Path

import pytest

from screening.bundle import Bundle
from screening.decision import decide
from screening.policy import Policy
from screening.reading.diagnostics import Code, Severity
from screening.reading.loading import check_paths, load_bundle
from screening.results import CheckResult, Outcome, RuleResult
from tests.screening.small_rules import BLOCKED, STANDARD, TAKING, marked, place, reported, written


def taken(directory: Path, text: str, **files: str) -> Policy:
    return load_bundle(written(directory, vip=text, **files)).policies["vip"]


def test_all_rules_are_taken_with_their_tests_and_what_they_refer_to(tmp_path: Path) -> None:
    bundle = load_bundle(written(tmp_path, vip=TAKING))
    standard, vip = bundle.policies["standard"], bundle.policies["vip"]
    assert [rule.id for rule in vip.rules] == ["pin", "carrier"]
    assert vip.rules[0] == standard.rules[0]
    assert (vip.lists, vip.rejections, vip.defaults) == (
        standard.lists,
        standard.rejections,
        standard.defaults,
    )
    assert vip.scenarios == []
    assert vip.decide != standard.decide
    assert type(vip) is Policy


def test_an_own_entry_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    bundle = load_bundle(written(tmp_path, vip=TAKING))
    before, after = bundle.policies["standard"].rules[1], bundle.policies["vip"].rules[1]
    assert after.then.keys() == before.then.keys()
    assert after.then["allowed"].people == 2
    assert {**after.then, "allowed": None} == {**before.then, "allowed": None}
    assert (after.title, after.check, after.tests) == (before.title, before.check, before.tests)


def test_tests_that_an_entry_names_replace_the_taken_ones(tmp_path: Path) -> None:
    own = "    tests: [{name: mine, given: {portout.spid: GOOD}, expect: allowed}]\n"
    policy = taken(tmp_path, TAKING.replace("decide:", f"{own}decide:"))
    assert [test.name for test in policy.rules[1].tests] == ["mine"]


def test_another_check_leaves_nothing_that_was_said_about_the_old_ones_results(tmp_path: Path) -> None:
    spid = "    check: {spid: {known: blocked}}\n    then: {listed: pass, unlisted: review, name_differs: review}\n"
    text = TAKING.replace("    then: {allowed: {outcome: pass, people: 2}}\n", spid)
    [rule] = [rule for rule in taken(tmp_path, text).rules if rule.id == "carrier"]
    assert rule.check.kind == "spid"
    assert rule.then.keys() == {"listed", "unlisted", "name_differs"}
    assert rule.tests == []


def test_a_rule_is_dropped_and_a_new_one_comes_behind(tmp_path: Path) -> None:
    new = "  - {id: known, title: Known, check: {carrier: {block: blocked}}, then: {allowed: pass, blocked: review}}\n"
    text = TAKING.replace("rules_from: standard\n", "rules_from: standard\ndrop_rules: [carrier]\n")
    text = text.replace("  - id: carrier\n    then: {allowed: {outcome: pass, people: 2}}\n", new)
    assert [rule.id for rule in taken(tmp_path, text).rules] == ["pin", "known"]


def test_a_policy_needs_no_rules_of_its_own(tmp_path: Path) -> None:
    head, tail = TAKING.split("rules:\n")[0], TAKING.split("people: 2}}\n")[1]
    assert [rule.id for rule in taken(tmp_path, head + tail).rules] == ["pin", "carrier"]


def test_a_list_of_its_own_is_what_the_taken_rules_ask(tmp_path: Path) -> None:
    text = TAKING.replace("rules_from:", "lists: {blocked: lists/stricter.yaml}\nrules_from:")
    policy = taken(tmp_path, text, **{"lists/stricter": BLOCKED})
    assert policy.lists == {"blocked": "lists/stricter.yaml"}


def test_the_digest_is_that_of_the_policy_with_all_its_rules_spelled_out(tmp_path: Path) -> None:
    bundle = load_bundle(written(tmp_path / "a", vip=TAKING))
    assert Bundle.from_canonical(bundle.canonical()) == bundle
    rules = STANDARD[STANDARD.index("lists:") : STANDARD.index("decide:")].replace(
        "allowed: pass", "allowed: {outcome: pass, people: 2}"
    )
    head, tail = TAKING.split("rules_from:")[0], TAKING[TAKING.index("decide:") :]
    assert load_bundle(written(tmp_path / "b", vip=head + rules + tail)).digest == bundle.digest
    changed = STANDARD.replace("A passcode is", "A PIN is")
    by_change = load_bundle(written(tmp_path / "c", vip=TAKING, standard=changed))
    assert by_change.policies["vip"].rules[0].why == "A PIN is a permitted ground."


TAKES = "rules_from: standard\n"
MISTAKES = [
    # into what `rules_from: standard` changes, the code, the place, what is pointed at, message, suggestion
    ("rules_from: standrd\n", "PO118", "12:13", "standrd", "unknown policy 'standrd'", "'standard'"),
    ("rules_from: vip\n", "PO126", "12:13", "vip", "a policy cannot take its own rules", ""),
    ("rules_from: [standard]\n", "PO107", "12:13", "[", "needs a name", ""),
    (TAKES + "drop_rules: [pni]\n", "PO117", "13:14", "pni", "unknown rule of standard 'pni'", "'pin'"),
    (TAKES + "drop_rules: [pin, pin]\n", "PO120", "13:19", "pin", "a second rule to drop called 'pin'", "13:14"),
    (TAKES + "drop_rules: [pin]\n", "PO117", "18:18", "pin.match", "unknown rule 'pin'", "carrier"),
    (TAKES + "drop_rules: [carrier]\n", "PO120", "15:9", "carrier", "changed here and dropped", ""),
    (TAKES + "drop_rules: {pin: true}\n", "PO107", "13:13", "{", "needs a list", ""),
    ("drop_rules: [pin]\n", "PO106", "12:1", "drop_rules", "drop_rules without rules_from", "say with"),
    (TAKES + "rules_form: x\n", "PO105", "13:1", "rules_form", "unknown key 'rules_form'", "'rules_from'"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "at", "part", "message", "suggestion"), MISTAKES)
def test_a_mistake_in_what_is_taken_is_shown_at_its_place(
    tmp_path: Path, text: str, code: str, at: str, part: str, message: str, suggestion: str
) -> None:
    rules = written(tmp_path, vip=TAKING.replace(TAKES, text))
    fault = next(fault for fault in reported(rules) if fault.code == code)
    assert (place(fault), marked(fault)) == (f"vip.yaml:{at}", part)
    assert message in fault.message
    assert suggestion in fault.suggestion


CARRIER = "  - id: carrier\n    then: {allowed: {outcome: pass, people: 2}}\n"
CHANGES = [
    # into what the entry changes, the code, the place in vip.yaml, message, suggestion
    ("  - id: carier\n    then: {allowed: review}\n", "PO117", "14:9", "unknown rule of standard 'carier'", "'carrier'"),
    ("  - id: carrier\n", "PO106", "14:9", "nothing of it is changed", "leave it out"),
    (CARRIER + CARRIER, "PO120", "16:9", "a second rule called 'carrier'", "first one at 14:9"),
    ("  - id: carrier\n    then: {alowed: review}\n", "PO112", "15:12", "unknown result of carrier 'alowed'", "'allowed'"),
    ("  - id: carrier\n    check: {carrier: {block: blokked}}\n", "PO113", "15:30", "unknown list 'blokked'", "'blocked'"),
    ("  - id: carrier\n    check: {pin: {}}\n", "PO121", "15:5", "pin can also answer", "defaults"),
    ("  - id: carier\n    check: {carrier: {block: blocked}}\n    then: {allowed: review}\n", "PO117", "14:9",
     "standard has no rule 'carier', so this is a new one and needs a title", "did you mean 'carrier'?"),
    ("  - {id: new, why: So., check: {pin: {}}, then: {match: pass, mismatch: review, not_set: skip, partly_set: skip}}\n",
     "PO106", "14:5", "missing key 'title'", ""),
]  # fmt: skip


@pytest.mark.parametrize(("entry", "code", "at", "message", "suggestion"), CHANGES)
def test_a_mistake_in_a_change_is_shown_where_the_change_stands(
    tmp_path: Path, entry: str, code: str, at: str, message: str, suggestion: str
) -> None:
    faults = reported(written(tmp_path, vip=TAKING.replace(CARRIER, entry)))
    assert [(fault.code, place(fault)) for fault in faults] == [(code, f"vip.yaml:{at}")]
    assert message in faults[0].message
    assert suggestion in faults[0].suggestion


def test_what_does_not_fit_here_is_shown_in_the_file_in_which_it_stands(tmp_path: Path) -> None:
    """The list of the standard policy is well there; the one that takes its rule has another under its name."""
    unlawful = "      allowed: pass\n      blocked: {outcome: deny, reject_as: other, reason: No.}\n"
    standard = STANDARD.replace("[US]", "[CA]").replace(
        '      allowed: pass\n      blocked: {outcome: review, score: 30, note: "<entry.value>: <entry.why>"}\n',
        unlawful,
    )
    rules = written(tmp_path, standard=standard, vip=TAKING)
    [fault] = [fault for fault in reported(rules) if fault.severity is Severity.ERROR]
    assert (fault.code, place(fault)) == (Code.GROUND_NOT_PERMITTED, "standard.yaml:42:26")
    assert marked(fault) == "deny"
    assert fault.path == "in rule carrier, then.blocked.outcome, as vip takes it"


def test_a_fault_of_a_taken_rule_is_reported_once(tmp_path: Path) -> None:
    standard = STANDARD.replace("check: {pin: {}}", "check: {pni: {}}").replace(
        "score: 30,", "score: thirty,"
    )
    rules = written(tmp_path, standard=standard, vip=TAKING)
    for paths in ([rules], [rules / "vip.yaml"]):
        faults = check_paths(paths).diagnostics
        assert [(fault.code, place(fault)) for fault in faults] == [
            (Code.UNKNOWN_CHECK, "standard.yaml:23:13"),
            (Code.WRONG_VALUE, "standard.yaml:42:41"),
        ]


def test_the_other_faults_of_a_policy_are_reported_when_it_cannot_take_its_rules(tmp_path: Path) -> None:
    text = TAKING.replace("rules_from: standard", "rules_from: none").replace("margin: 2h", "margin: 2 hours")
    assert [fault.code for fault in reported(written(tmp_path, vip=text))] == [
        Code.WRONG_VALUE,
        Code.UNKNOWN_POLICY,
    ]


@pytest.mark.parametrize(("further", "code"), [("vip", Code.CYCLE), ("third", Code.CHAINED)])
def test_rules_are_taken_over_one_step_only(tmp_path: Path, further: str, code: Code) -> None:
    other = TAKING.replace("policy: vip", "policy: other").replace("tags: [vip]", "tags: [other]")
    other = other.replace("rules_from: standard", f"rules_from: {further}")
    third = (
        STANDARD.replace("policy: standard", "policy: third").replace("true", "false").replace("[US]", "[CA]")
    )
    files = {"other": other, "third": third, "vip": TAKING.replace("from: standard", "from: other")}
    faults = reported(written(tmp_path, **files))
    of_vip = [fault for fault in faults if fault.file.endswith("vip.yaml")]
    assert [(fault.code, place(fault)) for fault in of_vip] == [(code, "vip.yaml:12:13")]
    assert len(faults) == (2 if further == "vip" else 1)


def test_a_policy_is_not_called_unknown_while_a_file_cannot_be_read(tmp_path: Path) -> None:
    out_of_reach = TAKING.replace("decide:", "review: {two_people_from_score: 31}\ndecide:")
    rules = written(tmp_path, standard="a: [b", vip=out_of_reach)
    for path in (rules, rules / "vip.yaml"):
        assert [fault.code for fault in check_paths([path]).diagnostics] == [Code.SYNTAX]


@pytest.mark.parametrize("name", ["", "policy:\n", "polcy: standard\n", "policy: st andard\n"])
def test_a_policy_is_not_called_unknown_while_a_file_does_not_say_its_name(tmp_path: Path, name: str) -> None:
    rules = written(tmp_path, standard=STANDARD.replace("policy: standard\n", name), vip=TAKING)
    for path in (rules, rules / "vip.yaml"):
        [fault] = [fault for fault in check_paths([path]).diagnostics if fault.severity is Severity.ERROR]
        assert Path(fault.file).name == "standard.yaml"


def test_the_policy_of_another_country_is_not_meant(tmp_path: Path) -> None:
    def told(wanted: str) -> str:
        vip = TAKING.replace("from: standard", f"from: {wanted}")
        standard = STANDARD.replace("policy: standard", "policy: ca-standard")
        return reported(written(tmp_path, standard=standard, vip=vip))[0].suggestion

    assert told("us-standard") == "known here: ca-standard"
    assert told("ca-standrd") == "did you mean 'ca-standard'?"


def test_one_file_is_checked_with_the_policy_from_which_it_takes_its_rules(tmp_path: Path) -> None:
    report = check_paths([written(tmp_path, vip=TAKING) / "vip.yaml"])
    assert report.diagnostics == []
    assert (report.policies, report.rules) == (1, 2)


def test_two_people_can_be_asked_for_in_a_taken_rule(tmp_path: Path) -> None:
    policy = load_bundle(written(tmp_path, vip=TAKING)).policies["vip"]
    found = [("pin", "match"), ("carrier", "allowed")]
    results = [RuleResult(rule_id=rule, check=CheckResult(result=result)) for rule, result in found]
    decision = decide(policy, results, facts={})
    assert (decision.outcome, decision.people) == (Outcome.REVIEW, 2)
