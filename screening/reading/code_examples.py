"""Examples of what each code of `rules check` is about: the wrong text, and the right one."""

from collections.abc import Mapping

from screening.reading.diagnostics import Code

_Example = dict[str, str]


def _standard(wrong: str, right: str) -> tuple[_Example, _Example]:
    return {"us-standard.yaml": wrong}, {"us-standard.yaml": right}


def _rule(wrong: str, right: str, start: str = "") -> tuple[_Example, _Example]:
    """Two ways to write the end of the rules of `us-standard.yaml`."""
    return _standard(f"rules:\n{start}{wrong}", f"rules:\n{start}{right}")


def _condition(wrong: str, right: str) -> tuple[_Example, _Example]:
    start = "  - id: large\n    title: Many numbers at once\n"
    then = "    then: {holds: review, does_not_hold: pass, missing: review}\n"
    return _rule(f"{wrong}{then}", f"{right}{then}", start)


_PIN = "  - id: pin\n    title: Port-out PIN\n    check: {pin: {}}\n"
_BLOCKED = "  - id: carrier\n    title: Gaining carrier is not blocked\n    check: {carrier: {block: blocked_carriers}}\n"

EXAMPLES: Mapping[Code, tuple[_Example, _Example]] = {
    Code.SYNTAX: _standard(
        "title: US numbers: standard customers", 'title: "US numbers: standard customers"'
    ),
    Code.UNREADABLE: _standard(
        f"decide:\n  approve_needs: {'[' * 24}pin.match{']' * 24}", "decide:\n  approve_needs: pin.match"
    ),
    Code.NOT_PLAIN: _standard("owner: &team fraud-ops@example.com", "owner: fraud-ops@example.com"),
    Code.DUPLICATE_KEY: _standard("mode: shadow\nmode: enforce", "mode: enforce"),
    Code.UNKNOWN_FACT: _rule(
        "    check: {authorized_name: {given: portout.authorised_name, against: [customer.name]}}\n"
        "    then: {match: pass, close: {score: 10}, mismatch: review, missing: skip}",
        "    check: {authorized_name: {given: portout.authorized_name, against: [customer.name]}}\n"
        "    then: {match: pass, close: {score: 10}, mismatch: review, missing: skip}",
        "  - id: authorized-name\n    title: Name on the request fits the account\n",
    ),
    Code.UNKNOWN_KEY: _standard("aprove: {host_messaging: true}", "approve: {host_messaging: true}"),
    Code.MISSING_KEY: _standard(
        "respond: {within: 24h, again_within: 4h, at_deadline: [leave]}",
        "respond: {within: 24h, margin: 2h, again_within: 4h, at_deadline: [leave]}",
    ),
    Code.WRONG_VALUE: _standard("mode: enforced", "mode: enforce"),
    Code.FORMAT_TOO_NEW: _standard("format: 2", "format: 1"),
    Code.UNKNOWN_CHECK: _rule(
        "    check: {carier: {block: blocked_carriers}}\n    then: {allowed: pass, blocked: review, missing: skip}",
        "    check: {carrier: {block: blocked_carriers}}\n    then: {allowed: pass, blocked: review, missing: skip}",
        "  - id: carrier\n    title: Gaining carrier is not blocked\n",
    ),
    Code.ONE_CHECK: _rule(
        "  - id: pin\n    title: PIN and carrier\n    check: {pin: {}, carrier: {block: blocked_carriers}}\n"
        "    then: {match: pass, mismatch: review, blocked: review}",
        f"{_PIN}    then: {{match: pass, mismatch: review, partly_set: review, not_set: skip}}\n"
        f"{_BLOCKED}    then: {{allowed: pass, blocked: review, missing: skip}}",
    ),
    Code.UNKNOWN_RESULT: _rule(
        "    then: {matches: pass, mismatch: review, partly_set: review, not_set: skip}",
        "    then: {match: pass, mismatch: review, partly_set: review, not_set: skip}",
        _PIN,
    ),
    Code.UNKNOWN_LIST: _standard(
        "lists:\n  known_spids: lists/known-spids.yaml\n  blocked_carriers: lists/blocked-carrier.yaml",
        "lists:\n  known_spids: lists/known-spids.yaml\n  blocked_carriers: lists/blocked-carriers.yaml",
    ),
    Code.UNKNOWN_REJECTION: _rule(
        "      mismatch: {outcome: deny, reject_as: invalid_pn, reason: The PIN does not match.}",
        "      mismatch: {outcome: deny, reject_as: invalid_pin, reason: The PIN does not match.}",
        f"{_PIN}    then:\n      match: pass\n      partly_set: review\n      not_set: skip\n",
    ),
    Code.UNKNOWN_PLACEHOLDER: _rule(
        '    then: {allowed: pass, missing: skip, blocked: {outcome: review, note: "SPID <portout.spd> is blocked."}}',
        '    then: {allowed: pass, missing: skip, blocked: {outcome: review, note: "SPID <portout.spid> is blocked."}}',
        _BLOCKED,
    ),
    Code.UNKNOWN_FIXTURE: _standard(
        "scenarios:\n  - {name: as usual, start_from: fixtures/tipical.yaml, expect: {outcome: review}}",
        "scenarios:\n  - {name: as usual, start_from: fixtures/typical.yaml, expect: {outcome: review}}",
    ),
    Code.UNKNOWN_RULE: _standard("decide: {approve_needs: pn.match}", "decide: {approve_needs: pin.match}"),
    Code.UNKNOWN_POLICY: (
        {"us-vip.yaml": "applies_to: {tags: [vip]}\nrules_from: us-standrd"},
        {"us-vip.yaml": "applies_to: {tags: [vip]}\nrules_from: us-standard"},
    ),
    Code.DUPLICATE_NAME: (
        {"lists/blocked-carriers.yaml": "entries:\n  - value: 073H\n  - value: 073H"},
        {"lists/blocked-carriers.yaml": "entries:\n  - value: 073H\n  - value: 8492"},
    ),
    Code.RESULT_NOT_HANDLED: _rule(
        "    then: {match: pass, mismatch: review, partly_set: review}",
        "    then: {match: pass, mismatch: review, partly_set: review, not_set: skip}",
        _PIN,
    ),
    Code.INCOMPLETE_EFFECT: _rule(
        "      mismatch: deny",
        "      mismatch: {outcome: deny, reject_as: invalid_pin, reason: The PIN does not match.}",
        f"{_PIN}    then:\n      match: pass\n      partly_set: review\n      not_set: skip\n",
    ),
    Code.GROUND_NOT_PERMITTED: _rule(
        "      blocked: {outcome: deny, reject_as: other, reason: We cannot verify this request.}",
        "      blocked: {outcome: review, score: 30}",
        f"{_BLOCKED}    then:\n      allowed: pass\n      missing: skip\n",
    ),
    Code.FACT_NOT_ALLOWED: _standard(
        "approve: {reason: Verified for <customer.name>.}", "approve: {reason: Verified for <portout.pon>.}"
    ),
    Code.OUT_OF_ORDER: _standard(
        "review: {remind_at: [80%, 50%], escalate_at: 80%}",
        "review: {remind_at: [50%, 80%], escalate_at: 80%}",
    ),
    Code.CYCLE: _standard(
        "rejections:\n  invalid_pin: {prefer_code: 1002, otherwise: other}\n"
        "  other: {prefer_code: 1001, otherwise: invalid_pin}",
        "rejections:\n  invalid_pin: {prefer_code: 1002, otherwise: other}\n  other: {prefer_code: 1001}",
    ),
    Code.MISSING_EVIDENCE_PASSES: _standard(
        "defaults: {missing: pass, error: review, mixed: review}",
        "defaults: {missing: review, error: review, mixed: review}",
    ),
    Code.NEVER_REACHED: _standard(
        "respond:\n  within: 24h\n  margin: 2h\n  again_within: 4h\n  at_deadline: [leave, leave]",
        "respond:\n  within: 24h\n  margin: 2h\n  again_within: 4h\n  at_deadline: [leave]",
    ),
    Code.CHAINED: (
        {
            "us-vip.yaml": "applies_to: {tags: [vip]}\nrules_from: us-standard",
            "us-top.yaml": "applies_to: {tags: [top]}\nrules_from: us-vip",
        },
        {
            "us-vip.yaml": "applies_to: {tags: [vip]}\nrules_from: us-standard",
            "us-top.yaml": "applies_to: {tags: [top]}\nrules_from: us-standard",
        },
    ),
    Code.DEFAULT_POLICY: _standard("default: false", "default: true"),
    Code.COVERED_TWICE: (
        {
            "us-standard.yaml": "applies_to: {countries: [US, CA]}",
            "ca-standard.yaml": "applies_to: {countries: [CA]}",
        },
        {
            "us-standard.yaml": "applies_to: {countries: [US]}",
            "ca-standard.yaml": "applies_to: {countries: [CA]}",
        },
    ),
    Code.NO_RULE_FILES: (
        {"us-standard.txt": "format: 1\npolicy: us-standard"},
        {"us-standard.yaml": "format: 1\npolicy: us-standard"},
    ),
    Code.UNKNOWN_OPERATOR: _condition(
        "    when: {portout.number_count: {atleast: 10}}\n",
        "    when: {portout.number_count: {at_least: 10}}\n",
    ),
    Code.OPERATOR_MISFIT: _condition(
        "    when: {portout.number_count: {in_list: blocked_carriers}}\n",
        "    when: {portout.spid: {in_list: blocked_carriers}}\n",
    ),
    Code.ONE_CONDITION: _condition(
        "    when:\n      portout.number_count: {at_least: 10}\n      portout.spid: {is_missing: true}\n",
        "    when:\n      all:\n"
        "        - portout.number_count: {at_least: 10}\n        - portout.spid: {is_missing: true}\n",
    ),
    Code.FILE_NOT_USED: (
        {"drafts/us-new.yaml": "format: 1\npolicy: us-new"},
        {"us-new.yaml": "applies_to: {tags: [new]}"},
    ),
    Code.TEXT_CUT_OFF: _standard("title: The policy of ticket #4711", 'title: "The policy of ticket #4711"'),
    Code.SCORE_OUT_OF_REACH: _standard(
        "decide:\n  score: [{from: 400, outcome: review}]", "decide:\n  score: [{from: 40, outcome: review}]"
    ),
    Code.RULE_WITHOUT_EFFECT: _rule(
        "    then: {allowed: pass, blocked: pass, missing: skip}",
        "    then: {allowed: pass, blocked: review, missing: skip}",
        _BLOCKED,
    ),
    Code.RESULT_NOT_TESTED: _rule(
        "",
        "    tests:\n"
        "      - {name: a large order, given: {portout.number_count: 10}, expect: holds}\n"
        "      - {name: a small order, given: {portout.number_count: 9}, expect: does_not_hold}",
        "  - id: large\n    title: Many numbers at once\n    when: {portout.number_count: {at_least: 10}}\n"
        "    then: {holds: review, does_not_hold: pass}\n",
    ),
    Code.NOT_EXPLAINED: _rule(
        "",
        "    why: A passcode that the end user set is a permitted ground to refuse (47 CFR 52.36).",
        f"{_PIN}    then: {{match: pass, mismatch: review, partly_set: review, not_set: skip}}\n",
    ),
    Code.LOOK_ALIKE: (
        {"lists/blocked-carriers.yaml": "entries:\n  - value: 55\N{CYRILLIC CAPITAL LETTER VE}1"},
        {"lists/blocked-carriers.yaml": "entries:\n  - value: 55B1"},
    ),
    Code.UNKNOWN_WORD: _condition(
        "    when: {number.statuses: {contains: ported_out}}\n",
        "    when: {number.statuses: {contains: ported-out}}\n",
    ),
    Code.CONTRADICTION: _condition(
        "    when: {all: [{portout.number_count: {at_least: 10}}, {portout.number_count: {at_most: 5}}]}\n",
        "    when: {any: [{portout.number_count: {at_least: 10}}, {portout.number_count: {at_most: 5}}]}\n",
    ),
    Code.REPEATED_CONDITION: _condition(
        "    when: {all: [{portout.number_count: {at_least: 10}}, {portout.number_count: {at_least: 10}}]}\n",
        "    when: {portout.number_count: {at_least: 10}}\n",
    ),
    Code.ENTRY_EXPIRED: (
        {"lists/blocked-carriers.yaml": "entries:\n  - value: 073H\n    until: 2020-12-31"},
        {"lists/blocked-carriers.yaml": "entries:\n  - value: 073H\n    until: 2039-12-31"},
    ),
    Code.ALLOWED_AND_BLOCKED: (
        {
            "lists/blocked-carriers.yaml": "entries:\n  - value: 073H",
            "lists/known-spids.yaml": "entries:\n  - value: 073H",
        },
        {
            "lists/blocked-carriers.yaml": "entries:\n  - value: 8492",
            "lists/known-spids.yaml": "entries:\n  - value: 073H",
        },
    ),
}
"""By code, by the name of the file."""
