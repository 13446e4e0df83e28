"""One change to the shipped policy per line, and what its author is told."""

from pathlib import Path

import pytest

from screening.reading.diagnostics import Code, Diagnostic
from tests.screening.rule_files import POLICY, changed, copied, faults_of, shipped_text

LIST = "lists/known-spids.yaml"
PIN_TEST = 'given: {portout.attempted_pin: "42", customer.pin: "0042"}'


def marked(fault: Diagnostic) -> str:
    """The part of the line that the caret points at."""
    return fault.excerpt[-1][1][fault.column - 1 : fault.column - 1 + fault.length]


CASES = [
    # what changes, into what, the code, what is pointed at, what the message says, what is suggested
    ("policy: us-standard", "polcy: us-standard", "PO105", "polcy", "unknown key 'polcy'", "'policy'"),
    ("policy: us-standard\n", "", "PO106", "f", "missing key 'policy'", ""),
    ("mode: enforce ", "mode: on ", "PO107", "on", "needs shadow, advise or enforce, found 'on'", ""),
    ("mode: enforce ", "mode: enforced ", "PO107", "enforced", "found 'enforced'", "'enforce'"),
    ("format: 1\n", "format: 2\n", "PO108", "2", "format 2 is newer", "update"),
    ("format: 1\n", "format: one\n", "PO107", "one", "needs a whole number, found 'one'", ""),
    ("title: US numbers, standard customers", "title:", "PO107", "title", "'title' has no value", "remove"),
    ("America/New_York", "America/New York", "PO107", "America/New York", "time zone", "'America/New_York'"),
    ("[US, PR,", "[US, UK,", "PO107", "UK", "unknown country 'UK'", "'GB'"),
    ("[US, PR,", "[US, us,", "PO107", "us", "two capital letters", ""),
    ("[US, PR,", "[US, US,", "PO120", "US", "a second country called 'US'", "first one at 9:"),
    ("within: 24h", "within: 24 hours", "PO107", "24 hours", "needs a duration such as 24h", ""),
    ("within: 24h", "within: 0h", "PO107", "0h", "above zero", ""),
    ("margin: 2h", "margin: 25h", "PO125", "25h", "the margin must be shorter than within", "24h"),
    ("margin: 2h", "margin: 4h", "PO125", "4h", "the margin must be shorter than again_within", "4h"),
    ("    - outcome: leave ", "    - leave\n    - leave ", "PO128", "leave", "never reached: line 2", ""),
    ("outcome: leave ", "outcome: approve ", "PO107", "approve", "needs deny or leave", ""),
    ("[50%, 80%]", "[80%, 50%]", "PO125", "50%", "reminders must rise", ""),
    ("[50%, 80%]", "[50, 80%]", "PO107", "50", "needs a percentage", ""),
    ("two_people_from_score: 80", "two_people_from_score: 1001", "PO107", "1001", "at most 1000", ""),
    ("two_people_from_score: 80", "two_people_from_score: -1", "PO107", "-1", "at least 0", ""),
    ("host_messaging: false", "host_messaging: no", "PO107", "no", "needs true or false, found 'no'", ""),
    ("Verified against", "Dear <customer.name> against", "PO124", "<customer.name>", "is internal", "note"),
    ("Verified against", "Score <score> against", "PO124", "<score>", "is internal", "note"),
    ("lists/known-spids.yaml", "lists/known-spid.yaml", "PO113", "lists/known-spid.yaml", "unknown list file", "'lists/k"),
    ("lists/known-spids.yaml", "../secret.yaml", "PO113", "../secret.yaml", "unknown list file", "known here"),
    ("otherwise: other}", "otherwise: othr}", "PO114", "othr", "unknown rejection 'othr'", "'other'"),
    ("{prefer_code: 1001}", "{prefer_code: 1001, otherwise: invalid_pin}", "PO126", "invalid_pin", "leads back", ""),
    ("{prefer_code: 1001}", "{prefer_code: 1001, otherwise: other}", "PO126", "other", "leads back", ""),
    ("other: {prefer_code: 1001}", "other: {}", "PO122", "other", "picks no code", "prefer_code"),
    ("missing: review,", "mising: review, missing: review,", "PO112", "mising", "unknown result 'mising'", "'missing'"),
    ("error: review,", "", "PO121", "then", "can also answer error, and nothing", "defaults"),
    ("missing: review, error", "missing: pass, error", "PO127", "pass", "missing cannot pass", "skip"),
    ("error: review, mixed", "error: skip, mixed", "PO127", "skip", "a check that failed cannot be skipped", ""),
    ("      not_set: skip\n", "", "PO121", "then", "pin can also answer not_set", "defaults"),
    ("      match: pass\n", "      match: pas\n", "PO107", "pas", "found 'pas'", "'pass'"),
    ("      match: pass\n", "      match: {score: 5, outcome: pass}\n", "PO122", "5", "pass adds no points", ""),
    ("      match: pass\n", "      match: score\n", "PO122", "score", "needs points", "{score: 15}"),
    ("      match: pass\n", "      matched: pass\n      match: pass\n", "PO112", "matched", "unknown result of", "match"),
    ("not_set: skip\n", "not_set: {outcome: ask, message: Please., types: [loa]}\n", "PO122", "ask", "no block ask", "ask"),
    ("        reject_as: invalid_pin\n", "", "PO122", "deny", "a denial needs reject_as", "reject_as"),
    ("reject_as: invalid_pin\n", "reject_as: invalid_pn\n", "PO114", "invalid_pn", "unknown rejection", "'invalid_pin'"),
    ("our records.\n", "<customer.pin>.\n", "PO124", "<customer.pin>", "customer.pin is secret", ""),
    ("our records.\n", "<customer.name>.\n", "PO124", "<customer.name>", "a reason leaves the company", "note"),
    ("note: No PIN", "note: No <portout.attempted_pin>", "PO124", "<portout.attempted_pin>", "is secret", ""),
    ("note: No PIN", "reason: No PIN", "PO122", "reason", "reason belongs to deny, not to review", ""),
    ("note: No PIN came", "note: No PIN, came", "PO107", "came with the request.", "stands alone between braces", "quotes"),
    ("check: {pin: {}}", "check: {}", "PO111", "{", "exactly one check, found none", ""),
    ("check: {pin: {}}", "check: {pin: {}, spid: {known: known_spids}}", "PO111", "{", "found pin and spid", "of each"),
    ("check: {pin: {}}", "check: {pin: {length: 4}}", "PO105", "length", "unknown key 'length'", "nothing can be set"),
    ("{known: known_spids}", "{known: known_spid}", "PO113", "known_spid", "unknown list 'known_spid'", "'known_spids'"),
    ("{known: known_spids}", "{}", "PO106", "spid", "missing key 'known'", ""),
    ("{known: known_spids}", "[known_spids]", "PO107", "[", "needs keys with values, found a list", ""),
    ("SPID <portout.spid>", "SPID <portout.spd>", "PO115", "<portout.spd>", "unknown placeholder", "'portout.spid'"),
    ("<entry.why>", "<similarity>", "PO115", "<similarity>", "unknown placeholder '<similarity>'", ""),
    ("unlisted: {score: 15,", "unlisted: {score: five,", "PO107", "five", "needs a whole number, found 'five'", ""),
    ("given: portout.authorized_name", "given: portout.spid", "PO124", "portout.spid", "cannot stand here", "known here"),
    ("[customer.name,", "[customer.pin,", "PO124", "customer.pin", "is secret", "customer.name"),
    ("{match: 92, close: 80}", "{match: 80, close: 92}", "PO125", "{", "needs `close` at or below `match`", ""),
    ("mismatch: {outcome: review, score: 40}", "mismatch: {outcome: deny, reject_as: other, reason: No.}", "PO123",
     "deny", "authorized_name.mismatch is no ground", "override: legal"),
    ("error: review,", "error: {outcome: deny, reject_as: other, reason: No.},", "PO123", "deny", "pin.error is no ground",
     "override"),
    ("      override: legal\n", "", "PO123", "deny", "a deadline that passed is no ground", "override"),
    ("      why: Signs of account takeover.\n", "", "PO122", "override", "override needs why", "ground"),
    ("{from: 40, outcome: review, note: Risk score <score>.}", "{from: 40, outcome: deny, reject_as: other, reason: No.}",
     "PO123", "deny", "a score is no ground", "override"),
    ("- {from: 40,", "- {from: 50, outcome: review}\n    - {from: 40,", "PO125", "40", "score bands must rise", ""),
    ("all: [pin.match]", "all: [pn.match]", "PO117", "pn.match", "unknown rule 'pn'", "'pin.match'"),
    ("all: [pin.match]", "all: [pin.matched]", "PO112", "pin.matched", "unknown result", "'pin.match'"),
    ("all: [pin.match]", "all: [pin.missing]", "PO127", "pin.missing", "is no evidence", "pin.match"),
    ("all: [pin.match]", "any: [pin.match, {all: [pin.not_set]}]", "PO127", "pin.not_set", "is no evidence", "pin.match"),
    ("all: [pin.match]", "all: []", "PO107", "[", "at least one item", ""),
    ("all: [pin.match]", "some: [pin.match]", "PO107", "{", "one of `all` and `any`", ""),
    ("otherwise: review", "otherwise: approve", "PO107", "approve", "needs review, found 'approve'", ""),
    ("  - id: spid", "  - id: pin", "PO120", "pin", "a second rule called 'pin'", "first one at "),
    (PIN_TEST, PIN_TEST.replace("customer.pin", "custmer.pin"), "PO104", "custmer.pin", "unknown fact", "'customer.pin'"),
    (PIN_TEST, "given: {portout.foc_date: soon}", "PO107", "soon", "needs a date and time with its offset", ""),
    (PIN_TEST, "given: {customer.tags: vip}", "PO107", "vip", "customer.tags needs a list", ""),
    (PIN_TEST, "given: {history.changed: [pin, pni]}", "PO107", "pni", "unknown change 'pni'", "'pin'"),
    (PIN_TEST, "given: {portout.countries: [CAN]}", "PO107", "CAN", "unknown country 'CAN'", "'CA'"),
    (PIN_TEST, "given: {customer.count: two}", "PO107", "two", "needs a whole number, found 'two'", ""),
    (PIN_TEST, "given: {customer.name: [a, b]}", "PO107", "[", "customer.name needs one value", ""),
    (PIN_TEST, PIN_TEST + "\n        unset: [customer.pin]", "PO107", "customer.pin", "given and unset", ""),
    ("expect: mismatch", "expect: mismatched", "PO112", "mismatched", "unknown result of pin", "'mismatch'"),
    ("a number is not a PIN", "leading zeros count", "PO120", "leading zeros count", "a second test called", "first one"),
    ("start_from: fixtures/typical", "start_from: fixtures/typcal", "PO116", "fixtures/typcal.yaml", "unknown fix", "typ"),
    ("fired: [pin, spid]", "fired: [pin, spd]", "PO117", "spd", "unknown rule 'spd'", "'spid'"),
    ("deny, reject_as: invalid_pin, fired", "deny, reject_as: pin, fired", "PO114", "pin", "unknown rejection", "inv"),
    ("expect: {outcome: approve, fired: [], score: 0}", "expect: {}", "PO107", "{", "expects nothing", "outcome"),
    ("default: true ", "default: false ", "PO130", "false", "no policy is the default", "default: true"),
    ("rules:\n", "rules: none\nrulez:\n", "PO105", "rulez", "unknown key 'rulez'", "'rules'"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "code", "at", "message", "suggestion"), CASES)
def test_an_author_is_told_what_is_wrong_where_and_what_to_do(
    tmp_path: Path, old: str, new: str, code: str, at: str, message: str, suggestion: str
) -> None:
    faults = [fault for fault in faults_of(changed(tmp_path, old, new)) if fault.code == code]
    assert faults, "not found"
    told = [fault for fault in faults if message in fault.message and suggestion in fault.suggestion]
    assert told, [fault.render() for fault in faults]
    assert marked(told[0]) == at


WITH_CONSEQUENCES = ("rules:\n", "error: review,", "{known: known_spids}", "  - id: spid")
ONE_FAULT = [case for case in CASES if case[0] not in WITH_CONSEQUENCES]


@pytest.mark.parametrize(("old", "new"), [case[:2] for case in ONE_FAULT])
def test_one_mistake_is_reported_once(tmp_path: Path, old: str, new: str) -> None:
    assert len(faults_of(changed(tmp_path, old, new))) == 1


LIST_CASES = [
    ("value: 073H", "valu: 073H", "PO105", "valu", "unknown key 'valu'", "'value'"),
    ("    why: Named", "    until: 31.12.2026\n    why: Named", "PO107", "31.12.2026", "needs a date such as", ""),
    ("    why: Named", "    from: 2026-02-01\n    until: 2026-01-01\n    why: Named", "PO125", "2026-01-01", "until", ""),
    ("  - value: 073H", "  - value: 073h\n  - value: 073H", "PO120", "073H", "a second entry '073H'", "first one at 4:12"),
    ("entries:", "entrees:", "PO105", "entrees", "unknown key", "'entries'"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "code", "at", "message", "suggestion"), LIST_CASES)
def test_a_list_is_checked_like_a_policy(
    tmp_path: Path, old: str, new: str, code: str, at: str, message: str, suggestion: str
) -> None:
    [fault] = faults_of(changed(tmp_path, old, new, LIST))
    assert (fault.code, marked(fault)) == (code, at)
    assert message in fault.message
    assert suggestion in fault.suggestion


def test_an_entry_may_come_back_after_its_last_day(tmp_path: Path) -> None:
    new = "  - value: 073H\n    until: 2026-01-31\n  - value: 073H\n    from: 2026-02-01"
    assert faults_of(changed(tmp_path, "  - value: 073H", new, LIST)) == []


def test_a_fixture_knows_its_facts(tmp_path: Path) -> None:
    [fault] = faults_of(changed(tmp_path, "portout.spid:", "portout.spd:", "fixtures/typical.yaml"))
    assert (fault.code, fault.suggestion) == ("PO104", "did you mean 'portout.spid'?")


def second_policy(directory: Path, *edits: tuple[str, str]) -> list[Diagnostic]:
    """What is reported when a copy of the shipped policy with these edits stands beside it."""
    rules = copied(directory)
    text = shipped_text()
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    (rules / "zz.yaml").write_text(text)
    return faults_of(rules)


NAMED = ("policy: us-standard", "policy: other")
NOT_DEFAULT = ("default: true", "default: false")
COUNTRIES = "{countries: [US, PR, GU, VI, AS, MP]}"


def test_a_second_policy_for_other_countries_is_welcome(tmp_path: Path) -> None:
    assert second_policy(tmp_path, NAMED, NOT_DEFAULT, (COUNTRIES, "{countries: [CA]}")) == []


@pytest.mark.parametrize(
    ("edits", "code", "message"),
    [
        ((NOT_DEFAULT, (COUNTRIES, "{countries: [CA]}")), "PO120", "a second policy called 'us-standard'"),
        ((NAMED, (COUNTRIES, "{countries: [CA]}")), "PO130", "a second default policy"),
        (
            (NAMED, NOT_DEFAULT, (COUNTRIES, "{countries: [CA, US]}")),
            "PO131",
            "two policies claim country US",
        ),
        (
            (NAMED, NOT_DEFAULT, (f"applies_to: {COUNTRIES}\n", "")),
            "PO128",
            "no order can come under this policy",
        ),
    ],
)
def test_policies_must_not_get_in_each_others_way(
    tmp_path: Path, edits: tuple[tuple[str, str], ...], code: str, message: str
) -> None:
    [fault] = second_policy(tmp_path, *edits)
    assert (fault.code, fault.message) == (code, message)
    assert fault.file.endswith("zz.yaml")


@pytest.mark.parametrize(
    ("first", "second", "tie"),
    [
        ("{tags: [vip]}", "{tags: [vip]}", True),
        ("{tags: [vip]}", "{tags: [VIP]}", True),
        ("{tags: [vip]}", "{tags: [vip], countries: [CA]}", True),
        ("{tags: [vip], countries: [CA]}", "{tags: [vip]}", True),
        ("{tags: [vip], countries: [US]}", "{tags: [vip], countries: [CA]}", False),
        ("{tags: [vip]}", "{tags: [wholesale]}", False),
        ("{tags: [vip]}", "{countries: [US]}", False),
    ],
)
def test_two_policies_cannot_claim_the_same_tag(tmp_path: Path, first: str, second: str, tie: bool) -> None:
    rules = changed(tmp_path, COUNTRIES, first)
    other = shipped_text().replace(*NAMED).replace(*NOT_DEFAULT).replace(COUNTRIES, second)
    (rules / "zz.yaml").write_text(other)
    assert [fault.code for fault in faults_of(rules)] == (["PO131"] if tie else [])


def test_a_ground_needs_no_override_where_us_law_does_not_apply(tmp_path: Path) -> None:
    denial = "mismatch: {outcome: deny, reject_as: other, reason: The name does not match.}"
    edits = (
        ("mismatch: {outcome: review, score: 40}", denial),
        (COUNTRIES, "{countries: [CA]}"),
        NAMED,
        NOT_DEFAULT,
    )
    assert second_policy(tmp_path, *edits) == []


def test_a_policy_by_tag_may_meet_us_numbers_and_keeps_to_us_law(tmp_path: Path) -> None:
    denial = "mismatch: {outcome: deny, reject_as: other, reason: The name does not match.}"
    edits = (
        ("mismatch: {outcome: review, score: 40}", denial),
        (COUNTRIES, "{tags: [vip]}"),
        NAMED,
        NOT_DEFAULT,
    )
    assert [fault.code for fault in second_policy(tmp_path, *edits)] == ["PO123"]


def test_a_ground_with_override_and_why_is_accepted(tmp_path: Path) -> None:
    denial = "mismatch: {outcome: deny, reject_as: other, reason: No., override: legal, why: Counsel agreed.}"
    assert faults_of(changed(tmp_path, "mismatch: {outcome: review, score: 40}", denial)) == []


def test_nothing_is_said_about_a_default_while_a_policy_cannot_be_read(tmp_path: Path) -> None:
    rules = changed(tmp_path, "default: true ", "default: [true ")
    assert [fault.code for fault in faults_of(rules)] == ["PO100"]


def test_a_policy_may_ask_for_documents(tmp_path: Path) -> None:
    rules = changed(
        tmp_path, "not_set: skip", "not_set: {outcome: ask, message: Please send the LOA., types: [loa]}"
    )
    text = (rules / POLICY).read_text()
    (rules / POLICY).write_text(text + "\nask: {wait: 8h, recheck: 15m}\n")
    assert faults_of(rules) == []


def test_asking_for_documents_takes_a_message_and_types(tmp_path: Path) -> None:
    rules = changed(tmp_path, "not_set: skip", "not_set: ask")
    text = (rules / POLICY).read_text()
    (rules / POLICY).write_text(text + "\nask: {wait: 8h}\n")
    assert [(fault.code, fault.message) for fault in faults_of(rules)] == [
        ("PO122", "asking for documents needs message and types")
    ]


def test_what_an_unknown_check_offers_to_texts_is_not_guessed(tmp_path: Path) -> None:
    faults = faults_of(changed(tmp_path, "check: {carrier:", "check: {carier:"))
    assert [fault.code for fault in faults] == ["PO110"]


def test_no_name_in_a_file_can_forge_a_line_of_the_report(tmp_path: Path) -> None:
    forged = '"x\\nrules/us-standard.yaml:1:1  error PO100  forged\\u202e"'
    rules = changed(tmp_path, "name: a number is not a PIN", f"name: {forged}")
    text = (rules / POLICY).read_text()
    (rules / POLICY).write_text(
        text.replace("id: spid", f"id: {forged}").replace("mode: enforce ", f"mode: {forged} ")
    )
    for fault in faults_of(rules):
        assert len(fault.render().splitlines()) <= 5  # place, two lines, caret, path
        assert "\u202e" not in fault.render()


def test_of_very_many_known_names_only_some_are_listed(tmp_path: Path) -> None:
    rules = changed(tmp_path, "lists/known-spids.yaml", "lists/quite-different.yml")
    for number in range(40):
        (rules / "lists" / f"{number}.yaml").write_text("entries: []\n")
    assert max(len(fault.suggestion) for fault in faults_of(rules)) < 250


@pytest.mark.parametrize("name", ["sрid", "spiж", "sp id"])
def test_a_name_that_is_faulty_itself_is_never_offered(tmp_path: Path, name: str) -> None:
    rules = changed(tmp_path, "  - id: spid", f"  - id: {name}")
    text = (rules / POLICY).read_text(encoding="utf-8")
    text = text.replace("all: [pin.match]", "all: [pin.match, spid.listed, spd.listed]")
    (rules / POLICY).write_text(text, encoding="utf-8")
    own, *others = faults_of(rules)
    assert (own.code, marked(own)) == (Code.WRONG_VALUE, name)
    assert {fault.code for fault in others} == {Code.UNKNOWN_RULE}
    assert len(others) > 2
    assert [fault.suggestion for fault in others if name in fault.suggestion] == []


def test_that_there_is_no_default_is_shown_where_somebody_says_so(tmp_path: Path) -> None:
    rules = changed(tmp_path, "default: true ", "default: false")
    (rules / "a.yaml").write_text(shipped_text("us-vip.yaml"), encoding="utf-8")
    [fault] = [fault for fault in faults_of(rules) if fault.code is Code.DEFAULT_POLICY]
    assert (Path(fault.file).name, marked(fault)) == (POLICY, "false")
