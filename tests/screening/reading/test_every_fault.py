"""Everything that an author can get wrong, one mistake per line: its code, its exact place, and what it says."""

from datetime import date
from pathlib import Path

import pytest

from screening.reading.diagnostics import Severity
from screening.reading.loading import check_paths
from tests.screening.small_rules import BLOCKED, STANDARD, TYPICAL, marked, place, written

TODAY = date(2026, 6, 15)
WHEN = "    when: {portout.number_count: {at_least: 10}}\n"
WHEN_RULE = (
    "  - id: large\n    title: Many numbers\n    why: Much is at stake.\n" + WHEN +
    "    then: {holds: review, does_not_hold: pass}\n"
    "    tests:\n"
    "      - {name: many, given: {portout.number_count: 10}, expect: holds}\n"
    "      - {name: few, given: {portout.number_count: 9}, expect: does_not_hold}\n"
    "decide:"
)  # fmt: skip
SOUND = STANDARD.replace("decide:", WHEN_RULE)

FAULTS = [
    # what is wrong; the text that changes, into what; code, place, what is pointed at, message, suggestion
    ("an unquoted ':' in a text", "title: US numbers", "title: US: numbers", "PO100", "4:10", ":",
     "a ':' where no key can stand", "quotes"),
    ("an unquoted ':' in a flow entry", "reason: The PIN does", "reason: The PIN: does", "PO100", "26:72", ":",
     "a second ':' in one entry", "quotes"),
    ("an unquoted '#' in a flow entry", "reason: The PIN does", "reason: The PIN # does", "PO100", "26:73", "#",
     "this '#' begins a comment", "quotes"),
    ("an unquoted '#' as the whole text", "title: US numbers", "title: '#1'\napprove:\n  reason: # 1", "PO107",
     "6:3", "reason", "'reason' has no value", "'#' begins a comment"),
    ("a comma that splits a flow entry", "reason: The PIN does not match.",
     "reason: The PIN, sadly, does not match.", "PO107", "26:74", "sadly", "'sadly' stands alone between braces",
     "comma"),
    ("a bracket that is never closed", "[US]}", "[US", "PO100", "8:25", "[", "this bracket is never closed", "add"),
    ("a quote that is never closed", "title: US numbers", "title: 'US numbers", "PO100", "4:8", "'",
     "this quote is never closed", "close it"),
    ("a tab", "  margin: 2h", "\tmargin: 2h", "PO100", "11:1", "\t", "a tab cannot indent", "spaces"),
    ("a line that is not indented alike", "  margin: 2h", "   margin: 2h", "PO100", "11:10", ":",
     "a ':' where no key can stand", "indentation"),
    ("a duplicate key", "mode: enforce", "mode: enforce\nmode: shadow", "PO103", "8:1", "mode",
     "duplicate key 'mode'", "first written at 7:1"),
    ("an anchor", "owner: fraud", "owner: &team fraud", "PO102", "5:8", "&team fraud@example.com", "an anchor",
     "write it out"),
    ("an alias", "owner: fraud@example.com", "owner: *team", "PO102", "5:8", "*team", "an alias", "write out"),
    ("a tag", "owner: fraud", "owner: !!str fraud", "PO102", "5:8", "!!str fraud@example.com", "a tag",
     "remove it"),
    ("a merge key", "owner: fraud@example.com", "<<: {owner: me}", "PO102", "5:1", "<<", "a merge key",
     "write out"),
    ("a second document", "lists: {", "---\nlists: {", "PO102", "14:1", "---", "a second document", "one policy"),
    ("an unknown key", "  margin: 2h", "  margin: 2h\n  mergin: 2h", "PO105", "12:3", "mergin",
     "unknown key 'mergin'", "'margin'"),
    ("a missing key", "  margin: 2h\n", "", "PO106", "9:1", "respond", "missing key 'margin'", ""),
    ("a text where a number belongs", "score: 30,", "score: five,", "PO107", "42:41", "five",
     "needs a whole number, found 'five'", ""),
    ("a list where a text belongs", "title: US numbers", "title: [US, numbers]", "PO107", "4:8", "[",
     "needs a text, found a list", ""),
    ("a word that is not one of those", "mode: enforce", "mode: enforced", "PO107", "7:7", "enforced",
     "needs shadow, advise or enforce", "'enforce'"),
    ("a number out of range", "score: 30,", "score: 1001,", "PO107", "42:41", "1001", "at most 1000", ""),
    ("a number beyond all bounds", "score: 30,", f"score: {'9' * 26},", "PO107", "42:41", "9" * 26,
     "needs a number of at most 1000", ""),
    ("a code beyond all bounds", "prefer_code: 1002", "prefer_code: 9999999999", "PO107", "16:30", "9999999999",
     "needs a number of at most 999999999", ""),
    ("a number with a zero before it", "score: 30,", "score: 030,", "PO107", "42:41", "030",
     "needs a whole number without a zero before it, found '030'", "write 30:"),
    ("a zero before a number in a condition", "{at_least: 10}", "{at_least: 010}", "PO107", "51:45", "010",
     "needs a whole number without a zero before it", "write 10:"),
    ("a zero before a number in a test", "{customer.count: 2}", "{customer.count: 02}", "PO107", "35:55", "02",
     "customer.count needs a whole number without a zero before it", ""),
    ("more people than two", "score: 30,", "people: 3,", "PO107", "42:42", "3", "at most 2", ""),
    ("people at the deadline", "[leave]", "[{outcome: leave, people: 2}]", "PO122", "13:34", "people",
     "nobody looks at the order", ""),
    ("something that is no duration", "within: 24h", "within: 1 day", "PO107", "10:11", "1 day",
     "needs a duration such as 24h", ""),
    ("a duration in words", "within: 24h", "within: 1 day and 2 hours", "PO107", "10:11", "1 day and 2 hours",
     "needs a duration such as 24h", "did you mean '1d2h'?"),
    ("a duration of nothing", "within: 24h", "within: 0h", "PO107", "10:11", "0h", "above zero", ""),
    ("no check in a rule", "check: {pin: {}}", "check: {}", "PO111", "23:12", "{", "exactly one check, found none",
     ""),
    ("neither check nor when", "    check: {pin: {}}\n", "", "PO111", "20:5", "i", "exactly one check, found none",
     ""),
    ("two checks in a rule", "check: {pin: {}}", "check: {pin: {}, documents: {}}", "PO111", "23:12", "{",
     "found pin and documents", "of each"),
    ("a check and a condition", "check: {pin: {}}", "check: {pin: {}}\n" + WHEN.rstrip(), "PO111", "23:12", "{",
     "pin and when", "of each"),
    ("an unknown fact", "given: {portout.spid: BAD1}", "given: {portout.spd: BAD1}", "PO104", "45:33",
     "portout.spd", "unknown fact 'portout.spd'", "'portout.spid'"),
    ("an unknown check", "check: {pin: {}}", "check: {pni: {}}", "PO110", "23:13", "pni", "unknown check 'pni'",
     "'pin'"),
    ("an unknown list", "{block: blocked}", "{block: bloked}", "PO113", "39:30", "bloked", "unknown list 'bloked'",
     "'blocked'"),
    ("an unknown result", "match: pass", "matched: pass\n      match: pass", "PO112", "25:7", "matched",
     "unknown result of pin 'matched'", "'match'"),
    ("an unknown result in a test", "expect: blocked", "expect: bloked", "PO112", "45:62", "bloked",
     "unknown result of carrier", "'blocked'"),
    ("an unknown reject name", "reject_as: invalid_pin", "reject_as: invalid_pn", "PO114", "26:44", "invalid_pn",
     "unknown rejection 'invalid_pn'", "'invalid_pin'"),
    ("an unknown placeholder", "<entry.why>", "<entry.wy>", "PO115", "42:67", "<entry.wy>",
     "unknown placeholder '<entry.wy>'", "'entry.why'"),
    ("an unknown fixture", "fixtures/typical.yaml", "fixtures/tipical.yaml", "PO116", "61:17",
     "fixtures/tipical.yaml", "unknown fixture", "'fixtures/typical.yaml'"),
    ("an unknown rule as evidence", "approve_needs: pin.match", "approve_needs: pni.match", "PO117", "58:18",
     "pni.match", "unknown rule 'pni'", "'pin.match'"),
    ("an unknown rule in a scenario", "fired: []", "fired: [pni]", "PO117", "62:40", "pni", "unknown rule 'pni'",
     "'pin'"),
    ("a rule in shadow as evidence", "check: {pin: {}}", "check: {pin: {}}\n    shadow: true", "PO127", "59:18",
     "pin.match", "pin is in shadow", "shadow"),
    ("a duplicate rule id", "id: carrier", "id: pin", "PO120", "36:9", "pin", "a second rule called 'pin'",
     "first one at 20:9"),
    ("an unknown operator", "{at_least: 10}", "{atleast: 10}", "PO134", "51:35", "atleast",
     "unknown operator 'atleast'", "'at_least'"),
    ("an operator that does not fit", "{at_least: 10}", "{contains: 10}", "PO135", "51:35", "contains",
     "does not fit portout.number_count", "at_least"),
    ("a value that does not fit the operator", "{at_least: 10}", "{at_least: ten}", "PO107", "51:45", "ten",
     "needs a whole number", ""),
    ("a secret fact in a condition", "portout.number_count: {at_least: 10}", "customer.pin: {equals: '1'}", "PO124",
     "51:12", "customer.pin", "is secret", ""),
    ("a secret fact in a text", "The PIN does", "The PIN <customer.pin> does", "PO124", "26:73", "<customer.pin>",
     "customer.pin is secret", ""),
    ("an internal fact in a reason", "The PIN does", "The PIN of <customer.name> does", "PO124", "26:76",
     "<customer.name>", "a reason leaves the company", "note"),
    ("a result that is not handled", "      not_set: skip\n", "", "PO121", "24:5", "then",
     "pin can also answer not_set", "defaults"),
    ("a denial without reject_as and reason",
     "mismatch: {outcome: deny, reject_as: invalid_pin, reason: The PIN does not match.}", "mismatch: deny",
     "PO122", "26:17", "deny", "a denial needs reject_as and reason", "write"),
    ("a ground that the law does not list", '{outcome: review, score: 30, note: "<entry.value>: <entry.why>"}',
     "{outcome: deny, reject_as: other, reason: No.}", "PO123", "42:26", "deny", "47 CFR 52.36", "override"),
    ("an override without why", '{outcome: review, score: 30, note: "<entry.value>: <entry.why>"}',
     "{outcome: deny, reject_as: other, reason: No., override: legal}", "PO122", "42:63", "override",
     "override needs why", "say who"),
    ("bands out of order", "[{from: 30, outcome: review}]",
     "[{from: 30, outcome: review}, {from: 20, outcome: review}]", "PO125", "57:47", "20", "score bands must rise",
     ""),
    ("a list file that is missing", "lists/blocked.yaml", "lists/bloked.yaml", "PO113", "14:18",
     "lists/bloked.yaml", "unknown list file", "'lists/blocked.yaml'"),
    ("no default policy", "default: true", "default: false", "PO130", "3:10", "false", "no policy is the default",
     "write"),
    ("a newer format", "format: 1", "format: 2", "PO108", "1:9", "2", "format 2 is newer", "update"),
    ("a file that nests too deep", "title: US numbers", f"title: {'[' * 30}", "PO101", "4:31", "[",
     "more than 24 levels", ""),
    ("a rules_from of nowhere", "owner: fraud", "rules_from: other\nowner: fraud", "PO118", "5:13", "other",
     "unknown policy 'other'", "no other"),
    ("a letter of another alphabet in a name", "id: pin", "id: рin", "PO107", "20:9", "рin",
     "needs a name of letters", "the 'р' in it is CYRILLIC SMALL LETTER ER"),
    ("a letter of another alphabet in a key", "mode: enforce", "mоde: enforce", "PO105", "7:1", "mоde",
     "unknown key 'mоde'", "CYRILLIC SMALL LETTER O"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "code", "at", "part", "message", "suggestion"),
    [case[1:] for case in FAULTS],
    ids=[case[0] for case in FAULTS],
)
def test_a_mistake_is_reported_at_its_exact_place(
    tmp_path: Path, old: str, new: str, code: str, at: str, part: str, message: str, suggestion: str
) -> None:
    assert old in SOUND
    rules = written(tmp_path, standard=SOUND.replace(old, new, 1))
    faults = [fault for fault in check_paths([rules]).diagnostics if fault.severity is Severity.ERROR]
    fault = next((fault for fault in faults if fault.code == code), faults[0])
    assert (fault.code, place(fault), marked(fault)) == (code, f"standard.yaml:{at}", part)
    assert message in fault.message
    assert suggestion in fault.suggestion
    assert fault.render().endswith(f"  more: portout rules help {code}")


def test_the_policy_that_is_changed_here_is_in_order(tmp_path: Path) -> None:
    report = check_paths([written(tmp_path, standard=SOUND)])
    assert [fault.render() for fault in report.diagnostics if fault.severity is Severity.ERROR] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("owner: fraud@example.com", "<<: {owner: me}"),
        ("default: true", "<<: {default: true}"),
        ("defaults: {missing: review, error: review,", "defaults: {<<: {a: b}, missing: review,"),
        ("  margin: 2h", "  <<: {margin: 2h}"),
        ("      not_set: skip", "      <<: {not_set: skip}"),
        (
            "    title: Port-out PIN\n    why: A passcode is a permitted ground.",
            "    <<: {title: PIN, why: So.}",
        ),
        (
            "reject_as: invalid_pin, reason: The PIN does not match.",
            "<<: {reject_as: invalid_pin, reason: No.}",
        ),
    ],
)
def test_a_merge_key_is_reported_and_nothing_that_it_may_hide(tmp_path: Path, old: str, new: str) -> None:
    assert old in STANDARD
    report = check_paths([written(tmp_path, standard=STANDARD.replace(old, new, 1))])
    assert [(fault.code.value, fault.message) for fault in report.diagnostics] == [
        ("PO102", "a merge key: rule files use plain YAML only")
    ]


OTHER_FILES = [
    # what is wrong; a file, its bytes; code, place, message, suggestion
    ("a file that is not UTF-8", "lists/blocked", "title: Z\xfcrich\nentries: []\n".encode("latin-1"), "PO101",
     "blocked.yaml:1:9", "byte 0xfc is not UTF-8", "UTF-8"),
    ("a file that is too large", "standard", b"#" * 1_000_001, "PO101", "standard.yaml:1:1",
     "larger than 1,000,000 bytes", ""),
    ("a control character", "lists/blocked", b"title: a\x07\nentries: []\n", "PO101", "blocked.yaml:1:9",
     "control character U+0007", "remove"),
    ("an empty file", "lists/blocked", b"", "PO100", "blocked.yaml:1:1", "the file is empty", ""),
    ("a list that is none", "lists/blocked", b"entries: BAD1\n", "PO107", "blocked.yaml:1:10",
     "needs a list, found 'BAD1'", ""),
    ("an entry without value", "lists/blocked", b"entries:\n  - why: no reason\n", "PO106", "blocked.yaml:2:5",
     "missing key 'value'", ""),
    ("a value twice in a list", "lists/blocked", b"entries:\n  - value: BAD1\n  - value: bad1\n", "PO120",
     "blocked.yaml:3:12", "a second entry 'bad1'", "first one at 2:12"),
    ("an until before its from", "lists/blocked",
     b"entries:\n  - value: BAD1\n    from: 2026-02-01\n    until: 2026-01-01\n", "PO125", "blocked.yaml:4:12",
     "until lies before from", ""),
    ("something that is no date", "lists/blocked", b"entries:\n  - value: BAD1\n    until: tomorrow\n", "PO107",
     "blocked.yaml:3:12", "needs a date such as 2026-03-31", ""),
    ("an unknown fact in a fixture", "fixtures/typical", b"facts: {portout.spd: GOOD}\n", "PO104",
     "typical.yaml:1:9", "unknown fact 'portout.spd'", "'portout.spid'"),
    ("a value that does not fit its fact", "fixtures/typical", b"facts: {portout.number_count: two}\n", "PO107",
     "typical.yaml:1:31", "whole number", ""),
    ("two default policies", "other", STANDARD.replace("y: standard", "y: other").replace("US", "CA").encode(),
     "PO130", "standard.yaml:3:10", "a second default policy", "other.yaml:3:10"),
    ("a country covered twice", "other",
     STANDARD.replace("y: standard", "y: other").replace("true", "false").encode(), "PO131", "standard.yaml:8:26",
     "two policies claim country US", "other.yaml:8:26"),
    ("two policies of one name", "other", STANDARD.replace("US", "CA").replace("true", "false").encode(), "PO120",
     "standard.yaml:2:9", "a second policy called 'standard'", "other.yaml:2:9"),
    ("a policy below the directory", "drafts/new", b"format: 1\n", "PO150", "new.yaml:1:1", "this file is not read",
     "directly"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "data", "code", "at", "message", "suggestion"),
    [case[1:] for case in OTHER_FILES],
    ids=[case[0] for case in OTHER_FILES],
)
def test_a_mistake_in_another_file_is_reported_there(
    tmp_path: Path, name: str, data: bytes, code: str, at: str, message: str, suggestion: str
) -> None:
    path = written(tmp_path) / f"{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    fault = next(fault for fault in check_paths([tmp_path]).diagnostics if fault.code == code)
    assert place(fault) == at
    assert message in fault.message
    assert suggestion in fault.suggestion


WARNINGS = [
    # what is odd; the text that changes, into what; code, place, what is pointed at, message, suggestion
    ("a band that no sum can reach", "from: 30", "from: 31", "PO152", "57:18", "31",
     "no order can have 31 points: all rules together give 30 at most", ""),
    ("a deadline that no sum can reach", "[leave]", "[{from_score: 31, outcome: leave}, leave]", "PO152", "13:30",
     "31", "no order can have 31", ""),
    ("two people from more than any sum", "respond:", "review: {two_people_from_score: 99}\nrespond:", "PO152",
     "9:33", "99", "no order can have 99", ""),
    ("a rule without effect", '{outcome: review, score: 30, note: "<entry.value>: <entry.why>"}', "skip", "PO153",
     "36:9", "carrier", "nothing that carrier answers changes anything", "drop"),
    ("a result that no test expects", "{name: allowed, given: {portout.spid: GOOD}, expect: allowed}",
     "{name: other, given: {portout.spid: BAD1}, expect: blocked}", "PO154", "44:5", "tests",
     "no test of carrier expects allowed", "add one"),
    ("a policy without owner", "owner: fraud@example.com\n", "", "PO155", "2:1", "policy",
     "nobody owns this policy", "owner"),
    ("a rule without why", "    why: Ports to some carriers are looked at.\n", "", "PO155", "36:9", "carrier",
     "nothing says why there is a rule carrier", "why"),
    ("ids that look alike", "id: carrier", "id: p1n", "PO156", "36:9", "p1n", "'p1n' is easily mistaken for 'pin'",
     "20:9"),
    ("a text that ends at a '#'", "title: US numbers", "title: US numbers #1", "PO151", "4:19", "#1",
     "the text ends here", "quotes"),
    ("a repeated condition", "{portout.number_count: {at_least: 10}}",
     "{any: [{portout.pon: {is_missing: true}}, {portout.pon: {is_missing: true}}]}", "PO161", "51:54",
     "portout.pon", "twice", "51:18"),
    ("a contradiction", "{portout.number_count: {at_least: 10}}",
     "{all: [{portout.number_count: {at_least: 10}}, {portout.number_count: {at_most: 9}}]}", "PO160", "51:59",
     "portout.number_count", "cannot hold together", "any"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "code", "at", "part", "message", "suggestion"),
    [case[1:] for case in WARNINGS],
    ids=[case[0] for case in WARNINGS],
)
def test_what_is_odd_is_a_warning_at_its_exact_place(
    tmp_path: Path, old: str, new: str, code: str, at: str, part: str, message: str, suggestion: str
) -> None:
    assert old in SOUND
    faults = check_paths([written(tmp_path, standard=SOUND.replace(old, new, 1))]).diagnostics
    assert [fault.render() for fault in faults if fault.severity is Severity.ERROR] == []
    fault = next(fault for fault in faults if fault.code == code)
    assert (place(fault), marked(fault)) == (f"standard.yaml:{at}", part)
    assert message in fault.message
    assert suggestion in fault.suggestion


LIST_WARNINGS = [
    ("an entry that is over", "    until: 2026-06-14\n", "PO162", "blocked.yaml:5:12", "does not count any more",
     ""),
    ("a letter of another alphabet", "  - value: ВAD2\n", "PO156", "blocked.yaml:5:12", "is not what it looks like",
     "CYRILLIC CAPITAL LETTER VE"),
    ("an invisible character", "    also: [Bad\u200bCo]\n", "PO156", "blocked.yaml:5:11",
     "is not what it looks like", "ZERO WIDTH SPACE"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("added", "code", "at", "message", "suggestion"),
    [case[1:] for case in LIST_WARNINGS],
    ids=[case[0] for case in LIST_WARNINGS],
)
def test_what_is_odd_in_a_list_is_a_warning(
    tmp_path: Path, added: str, code: str, at: str, message: str, suggestion: str
) -> None:
    rules = written(tmp_path, **{"lists/blocked": BLOCKED + added})
    faults = check_paths([rules], today=TODAY).diagnostics
    fault = next(fault for fault in faults if fault.file.endswith("blocked.yaml"))
    assert (fault.severity, fault.code, place(fault)) == (Severity.WARNING, code, at)
    assert message in fault.message
    assert suggestion in fault.suggestion


def test_names_in_other_scripts_are_nothing_odd(tmp_path: Path) -> None:
    entries = "".join(f"  - value: {name}\n" for name in ("Бандит Телеком", "株式会社", "Ťěľ"))
    rules = written(tmp_path, **{"lists/blocked": BLOCKED + entries, "fixtures/typical": TYPICAL})
    assert [fault for fault in check_paths([rules]).diagnostics if fault.file.endswith("blocked.yaml")] == []


def test_a_rule_in_shadow_is_not_without_effect_and_gives_no_points(tmp_path: Path) -> None:
    text = STANDARD.replace("check: {carrier", "shadow: true\n    check: {carrier")
    codes = [fault.code for fault in check_paths([written(tmp_path, standard=text)]).diagnostics]
    assert "PO152" in codes
    assert "PO153" not in codes
