"""Small rule files for tests of the loader, which do not change when the shipped ones do."""

from pathlib import Path

from screening.reading.diagnostics import Diagnostic
from screening.reading.loading import check_paths

STANDARD = """\
format: 1
policy: standard
default: true
title: US numbers
owner: fraud@example.com
timezone: America/New_York
mode: enforce
applies_to: {countries: [US]}
respond:
  within: 24h
  margin: 2h
  again_within: 4h
  at_deadline: [leave]
lists: {blocked: lists/blocked.yaml}
rejections:
  invalid_pin: {prefer_code: 1002, otherwise: other}
  other: {prefer_code: 1001}
defaults: {missing: review, error: review, mixed: review}
rules:
  - id: pin
    title: Port-out PIN
    why: A passcode is a permitted ground.
    check: {pin: {}}
    then:
      match: pass
      mismatch: {outcome: deny, reject_as: invalid_pin, reason: The PIN does not match.}
      partly_set: review
      not_set: skip
    tests:
      - {name: right, given: {portout.attempted_pin: "0042", customer.pin: "0042"}, expect: match}
      - {name: wrong, given: {portout.attempted_pin: "42", customer.pin: "0042"}, expect: mismatch}
      - {name: half, given: {portout.attempted_pin: "42", customer.pin: "0042"}, expect: partly_set}
      - {name: none, given: {portout.attempted_pin: "42"}, expect: not_set}
      - {name: no PIN came, given: {customer.pin: "0042"}, expect: missing}
      - {name: two customers, given: {customer.count: 2}, expect: mixed}
  - id: carrier
    title: Gaining carrier is not blocked
    why: Ports to some carriers are looked at.
    check: {carrier: {block: blocked}}
    then:
      allowed: pass
      blocked: {outcome: review, score: 30, note: "<entry.value>: <entry.why>"}
      missing: skip
    tests:
      - {name: blocked, given: {portout.spid: BAD1}, expect: blocked}
      - {name: allowed, given: {portout.spid: GOOD}, expect: allowed}
      - {name: no carrier, unset: [portout.spid], expect: missing}
decide:
  score: [{from: 30, outcome: review}]
  approve_needs: pin.match
scenarios:
  - name: an ordinary request
    start_from: fixtures/typical.yaml
    expect: {outcome: approve, fired: []}
"""

BLOCKED = """\
title: Carriers that are looked at
entries:
  - value: BAD1
    why: Many takeovers
"""

TYPICAL = """\
title: A typical request
facts: {portout.spid: GOOD, portout.attempted_pin: "0042", customer.pin: "0042"}
"""

TAKING = """\
format: 1
policy: vip
title: Very important customers
owner: fraud@example.com
mode: enforce
applies_to: {tags: [vip]}
respond:
  within: 24h
  margin: 2h
  again_within: 4h
  at_deadline: [leave]
rules_from: standard
rules:
  - id: carrier
    then: {allowed: {outcome: pass, people: 2}}
decide:
  approve_needs: pin.match
"""


def written(directory: Path, **files: str) -> Path:
    """A rules directory with these files; `standard`, its list and its fixture when nothing else is said."""
    texts = {"standard": STANDARD, "lists/blocked": BLOCKED, "fixtures/typical": TYPICAL, **files}
    for name, text in texts.items():
        path = directory / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return directory


def reported(directory: Path) -> list[Diagnostic]:
    """Everything that a check of a directory says, warnings too."""
    return check_paths([directory]).diagnostics


def place(fault: Diagnostic) -> str:
    """File and place of a fault without the directory: `standard.yaml:3:4`."""
    return f"{Path(fault.file).name}:{fault.line}:{fault.column}"


def marked(fault: Diagnostic) -> str:
    """The part of the line that the caret points at."""
    return fault.excerpt[-1][1][fault.column - 1 : fault.column - 1 + fault.length]
