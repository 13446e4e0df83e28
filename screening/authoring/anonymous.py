"""A fixture from a recorded order: facts of nobody that give the same results.

Numbers become ones that are reserved for fiction, names invented ones that are alike in the same way, PINs invented ones
that fit or differ as the real ones did. SPID, carrier, tags, dates and counts are about no person and stay: lists,
holidays and windows count by them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import phonenumbers

from screening.authoring.explain import evaluate_given
from screening.authoring.recorded import NotReplayable, Past, ReadyBundle, RecordedOrder
from screening.checks import CHECKS, pin
from screening.checks.kind import MISSING, MIXED
from screening.checks.names import Comparison, compare
from screening.countries import countries_of
from screening.evaluation import ask
from screening.facts import CustomerFacts
from screening.policy import Rule
from screening.reading.given import NEVER, gathered_from
from screening.results import FactValue
from screening.spelling import words

_PIN, _OTHER_PIN = "4821", "9999"
_PINS: Mapping[str, Mapping[str, FactValue]] = {
    pin.MATCH: {"portout.attempted_pin": _PIN, "customer.pin": _PIN},
    pin.MISMATCH: {"portout.attempted_pin": _OTHER_PIN, "customer.pin": _PIN},
    MISSING: {"customer.pin": _PIN},
    pin.NOT_SET: {"portout.attempted_pin": _PIN},
    MIXED: {"portout.attempted_pin": _PIN, "customer.pin": _PIN},
}
"""Invented PINs for each result. What is `mixed` is so by the number of customers."""

_PEOPLE = ("Robert Example", "Avery Sample", "Jordan Stone", "Morgan Rivers", "Casey Fields", "Riley Brooks")
_COMPANIES = ("Example Trading LLC", "Sample Services Inc", "Stone Works Ltd")
_NOBODY_OF_OURS = ("Quinn Harbor", "Invented Lines Inc", "N/A")
_BY_ORDER = ("authorized_name", "end_user_name")
_SHAPE = str.maketrans(dict.fromkeys("BCDEFGHIJKLMNOPQRSTUVWXYZ", "A") | dict.fromkeys("123456789", "0"))


@dataclass(frozen=True)
class Invented:
    """Facts for a fixture.

    Attributes:
        facts: by catalogue name.
        now: the moment of the screening.
        results: what each rule finds, by its id.
        differences: where the fixture gives something else than was recorded, in sentences.
    """

    facts: dict[str, FactValue]
    now: datetime
    results: dict[str, str]
    differences: list[str]


def invent(recorded: RecordedOrder, deciding: ReadyBundle) -> Invented:
    """Make a fixture like a recorded order.

    Raises:
        NotReplayable: the bundle has no such policy.
    """
    past = Past(recorded, deciding)
    facts = _request(recorded) | _customer(recorded) | _evidence(recorded)
    facts |= _names(past, facts)
    facts = {name: value for name, value in facts.items() if value not in (None, [])}
    evaluated = evaluate_given(deciding.bundle, facts, recorded.now)
    found = {result.rule_id: result.check for result in evaluated.evaluation.results}
    differences = [
        f"The rule {finding.rule_id} found {finding.result}, and finds {now.result if now else 'nothing'} here."
        for finding in recorded.findings
        if (now := found.get(finding.rule_id)) is None or now.result != finding.result
    ]
    # Only evidence for an approval has anything to be barred from.
    differences += [
        f"Not kept: {finding.bars_approval}"
        for finding in recorded.findings
        if finding.bars_approval is not None and finding.result in CHECKS[finding.check].evidence
    ]
    differences += [f"Not kept: {why}" for why in recorded.review_because if why not in evaluated.because]
    outcome = evaluated.evaluation.decision.outcome
    if outcome is not recorded.outcome:
        differences.append(f"The order came to {recorded.outcome}, and comes to {outcome} here.")
    return Invented(facts, recorded.now, {name: check.result for name, check in found.items()}, differences)


def _request(recorded: RecordedOrder) -> dict[str, FactValue]:
    known = recorded.order.as_facts()
    numbers = dict.fromkeys(recorded.order.phone_numbers)
    reserved = {number: _reserved(number, place) for place, number in enumerate(numbers)}
    return {
        "portout.phone_numbers": [reserved[number] for number in recorded.order.phone_numbers],
        "portout.carrier_name": recorded.order.carrier_name,
        "portout.spid": recorded.order.spid,
        "portout.foc_date": known["portout.foc_date"],
        "portout.requested_foc_date": known["portout.requested_foc_date"],
        "portout.inserted_at": known["portout.inserted_at"],
        "portout.pon": "PON-0001" if recorded.order.pon else None,
        "portout.zip": recorded.order.zip.upper().translate(_SHAPE) if recorded.order.zip else None,
    }


def _reserved(number: str, place: int) -> str:
    """A number of the same country that belongs to nobody: 555-01xx in North America, else made of an example."""
    if number.startswith("+1") and len(number) == 12:
        return f"{number[:5]}555{100 + place % 100:04}"
    [country] = countries_of([number])
    example = phonenumbers.example_number(country)
    if example is None:
        return number[:3] + "0" * (len(number) - 3)
    shown = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    return f"{shown[:-2]}{place % 100:02}"


def _customer(recorded: RecordedOrder) -> dict[str, FactValue]:
    if recorded.several_customers or len(recorded.customers) > 1:
        return {"customer.count": 2}
    if not recorded.customers:
        return {"customer.count": 0}
    known = recorded.customers[0].as_facts()
    kept = ("tags", "locked", "pin_changed_at", "email_changed_at", "contact_changed_at", "sim_changed_at")
    return {
        "customer.count": 1,
        **{f"customer.{name}": known[f"customer.{name}"] for name in kept},
        "customer.lock_why": "The holder asked for it." if known["customer.lock_why"] else None,
    }


def _evidence(recorded: RecordedOrder) -> dict[str, FactValue]:
    """PINs, and what was looked up: statuses, documents, the history."""
    facts: dict[str, FactValue] = {}
    for finding in reversed(recorded.findings):
        facts |= {
            name: value
            for name, value in finding.facts.items()
            if not name.startswith(("portout.", "customer."))
        }
        if finding.check == "pin":
            facts |= _PINS.get(finding.result, {})
            if finding.result == pin.PARTLY_SET:
                facts |= {
                    "customer.pin": _partly(len(recorded.order.phone_numbers)),
                    "portout.attempted_pin": _PIN,
                }
        if finding.check == "repeat_request" and finding.result == "first":
            facts["history.rejected_at"] = NEVER
    return facts


def _partly(numbers: int) -> list[str]:
    return [_PIN, *[""] * (numbers - 1)]


def _names(past: Past, facts: Mapping[str, FactValue]) -> dict[str, FactValue]:
    """Invented names, of which those on the request are as like ours as the real ones were."""
    recorded = past.recorded
    ours = recorded.customers[0] if len(recorded.customers) == 1 else None
    invented = _invented_for(ours) if ours else {}
    names: dict[str, FactValue] = {}
    if ours is not None:
        names = {
            "customer.name": invented.get(ours.name or ""),
            "customer.business_name": invented.get(ours.business_name or ""),
            "customer.authorized_names": [
                invented[name] for name in ours.authorized_names if name in invented
            ],
        }
    chosen: dict[str, str] = {}
    for field in _BY_ORDER:
        real = getattr(recorded.order, field)
        if not real:
            continue
        if real not in chosen:
            chosen[real] = _most_alike(past, field, real, invented, {**facts, **names})
        names[f"portout.{field}"] = chosen[real]
    return names


def _invented_for(customer: CustomerFacts) -> dict[str, str]:
    people, companies = iter(_PEOPLE), iter(_COMPANIES)
    found: dict[str, str] = {}
    by_words: dict[str, str] = {}
    for name in (customer.name, *customer.authorized_names, customer.business_name):
        if not name or name in found:
            continue
        pool = companies if name == customer.business_name else people
        key = words(name)
        if key not in by_words:
            by_words[key] = next(pool, f"Somebody Else {len(by_words)}")
        found[name] = by_words[key]
    return found


def _most_alike(
    past: Past, field: str, real: str, invented: Mapping[str, str], facts: Mapping[str, FactValue]
) -> str:
    """Of the spellings of our invented names, and of strangers, the one that rules judge as they judged the real name."""
    wanted = _judged(past, field)
    likeness = _likeness(real, invented.keys())

    def distance(spelling: str) -> tuple[int, float]:
        given = gathered_from(
            {**facts, f"portout.{field}": spelling},
            now=past.recorded.now,
            zone=past.decided_by.zone,
            lists=past.decided_by.lists,
        )
        wrong = sum(ask(rule, given).result != result for rule, result in wanted)
        return wrong, abs(_likeness(spelling, invented.values()) - likeness)

    return min((*_spellings(invented.values()), *_NOBODY_OF_OURS), key=distance)


def _judged(past: Past, field: str) -> list[tuple[Rule, str]]:
    """The rules that read this name, with what they find."""
    gathered = past.gathered(past.decided_by)
    found = []
    for question in past.decided_by.asked:
        if f"portout.{field}" not in question.facts:
            continue
        try:
            found.append((question.rule, past.answer(question, gathered).result))
        except NotReplayable:
            continue
    return found


def _likeness(name: str, ours: Iterable[str]) -> float:
    """The best similarity from 0 to 100; likeness of verdict counts a hundred more."""
    comparisons = (compare(name, other, match=92, close=80, initials=True, nicknames=True) for other in ours)
    found: list[Comparison] = [comparison for comparison in comparisons if comparison is not None]
    return max((100 * one.likeness + one.similarity for one in found), default=-1.0)


def _spellings(names: Iterable[str]) -> Iterator[str]:
    for name in dict.fromkeys(names):
        first, *middle, last = name.split() if " " in name else (name, name)
        yield name
        yield f"{last}, {' '.join([first, *middle])}"
        yield f"{first[0]}. {' '.join([*middle, last])}"
        yield f"Bob {last}"
        yield f"{first} Q. {' '.join([*middle, last])}"
        yield f"{name}s"
        yield name[:-2] + name[-1] + name[-2]
        yield f"{first[:-1]} {' '.join([*middle, last[:-1]])}"
        yield f"{first}{first[-1]} {last[0]}{last}"
        yield f"Roberta {last}"
        yield f"Jordan {last}"
        yield f"{first} Harbor"
        yield last
        yield first
