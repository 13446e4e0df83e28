"""Orders as the ledger holds them: screened by a bundle of every kind of check, and written as the worker writes them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from activities.concluding import conclusion_of, entry_of
from activities.contracts import ConcludeInput, Opened
from records.canonical import canonical
from screening.authoring.recorded import Past, ReadyBundle, RecordedOrder, recorded_order
from screening.bundle import Bundle
from screening.countries import countries_of
from screening.evaluation import evaluate
from screening.gathered import GatheredFacts
from screening.reading.given import gathered_from
from screening.reading.loading import load_bundle
from screening.results import FactValue

NOW = datetime(2026, 1, 14, 17, 0, tzinfo=UTC)
RIGHT, WRONG = "48213957", "60917324"
ORDINARY: dict[str, FactValue] = {
    "portout.id": "order-1",
    "portout.support_key": "PO_1",
    "portout.phone_numbers": ["+13125550142"],
    "portout.carrier_name": "Onvoy",
    "portout.spid": "073H",
    "portout.authorized_name": "Jane Doe",
    "portout.foc_date": "2026-01-20T17:00:00+00:00",
    "portout.inserted_at": "2026-01-14T16:00:00+00:00",
    "portout.attempted_pin": RIGHT,
    "customer.pin": RIGHT,
    "customer.name": "Jane Doe",
    "customer.authorized_names": ["Jane Doe", "John Doe"],
    "number.statuses": ["active"],
    "documents.types": ["loa"],
    "history.orders_per_spid": 1,
    "history.rejected_at": "never",
}
"""Facts of an order that is approved."""

PIN_RULE = """  - id: pin
    title: PIN
    check: {pin: {}}
    then:
      match: pass
      mismatch: {outcome: deny, reject_as: other, reason: The PIN does not match.}
      missing: review
      partly_set: review
      not_set: skip
"""
_POLICY = """
format: 1
policy: wide
default: true
title: Every kind of check
owner: tests@example.com
timezone: America/New_York
mode: enforce
applies_to: {countries: [US]}
respond: {within: 24h, margin: 2h, again_within: 4h, at_deadline: [leave]}
lists: {blocked: lists/blocked.yaml, known: lists/known.yaml}
rejections: {other: {prefer_code: 1001}}
defaults: {missing: skip, error: review, mixed: review}
rules:
%s  - id: spid
    title: SPID
    check: {spid: {known: known}}
    then: {listed: pass, unlisted: {score: 15}, name_differs: {score: 5}}
  - id: name
    title: Name
    check: {authorized_name: {}}
    then: {match: pass, close: {score: 10}, mismatch: {outcome: review, score: 40, note: "Similarity <similarity>."}}
  - id: carrier
    title: Carrier
    check: {carrier: {block: blocked}}
    then: {allowed: pass, blocked: {outcome: review, score: 30, note: "<entry.value>: <entry.why>"}}
  - id: number
    title: Number
    check: {number: {}}
    then: {ours: pass, not_ours: review, other_status: review}
  - id: documents
    title: Documents
    check: {documents: {needs: [loa]}}
    then: {complete: pass, incomplete: {score: 5}, infected: {score: 9}, unscanned: {score: 7}}
  - id: lock
    title: Lock
    check: {account_lock: {}}
    then: {unlocked: pass, locked: {outcome: review, people: 2}, recently_changed: {score: 20}}
  - id: burst
    title: Burst
    check: {velocity: {count: orders, per: spid, within: 24h, at_most: "3"}}
    then: {within_limit: pass, over_limit: {score: 25}}
  - id: again
    title: Again
    check: {repeat_request: {within: 30d}}
    then: {first: pass, unchanged: review, changed: {score: 5}}
  - id: timing
    title: Timing
    check: {timing: {soonest: 48h, night: 22:00-06:00, weekend: "true"}}
    then: {ordinary: pass, holiday: review, too_soon: {score: 10}, night: {score: 10}, weekend: {score: 10}}
  - id: many
    title: Many numbers
    when: {portout.number_count: {more_than: "5"}}
    then: {holds: {score: 30}, does_not_hold: pass}
decide:
  score: [{from: 40, outcome: review, note: Risk score <score>.}]
  approve_needs: {all: [pin.match, {any: [name.match, lock.unlocked]}]}
""".replace("%s", PIN_RULE)
_LISTS = {
    "blocked": "title: Blocked\nentries:\n  - value: 888X\n    why: Fraud.\n    added_by: tests@example.com\n",
    "known": "title: Known\nentries:\n  - value: 073H\n    why: Known.\n    added_by: tests@example.com\n",
}


def wide_bundle(directory: Path, *changes: tuple[str, str], **lists: str) -> Bundle:
    """A bundle with a rule of every kind.

    Args:
        changes: texts of the policy file, each with what stands in its place.
        lists: texts of list files that are not the usual ones.
    """
    text = _POLICY
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    (directory / "lists").mkdir(parents=True)
    (directory / "wide.yaml").write_text(text)
    for name, content in {**_LISTS, **lists}.items():
        (directory / "lists" / f"{name}.yaml").write_text(content)
    return load_bundle(directory)


def gathered(bundle: Bundle, facts: dict[str, FactValue], now: datetime = NOW) -> GatheredFacts:
    """These facts, as the policy that the bundle has for them sees them."""
    policy = bundle.default
    return gathered_from(facts, now=now, zone=policy.zone, lists=bundle.lists_of(policy))


def screened(
    bundle: Bundle, facts: GatheredFacts, *, failing: Sequence[str] = ()
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Body and personal facts of the ledger entry of a screening."""
    several = len(facts.customers) > 1
    tags = {tag for customer in facts.customers for tag in customer.tags}
    choice = bundle.choose(countries_of(facts.order.phone_numbers), tags, several)
    because = [choice.review_because] if choice.review_because else []
    evaluation = evaluate(choice.policy, facts, review_because=because, failing=failing)
    opened = Opened(
        order=facts.order,
        round=1,
        run_id="run",
        policy=choice.policy.policy,
        policy_digest=bundle.digest,
        mode=choice.policy.mode,
        rules=[],
        limit=facts.now + timedelta(hours=24),
        respond_by=facts.now + timedelta(hours=22),
        review_because=because,
        several_customers=several,
    )
    given = ConcludeInput(
        opened=opened,
        results=evaluation.results,
        step="screened-1",
        now=facts.now + timedelta(minutes=10),
        screened_at=facts.now,
    )
    entry = entry_of(
        given,
        evaluation.decision,
        conclusion_of(opened, choice.policy, evaluation.decision, []),
        facts.customers,
    )
    return json.loads(canonical(entry.body)), json.loads(canonical(entry.personal))


def recorded(bundle: Bundle, facts: GatheredFacts, *, failing: Sequence[str] = ()) -> RecordedOrder:
    """A screening as it is read back."""
    return recorded_order(*screened(bundle, facts, failing=failing))


def past(bundle: Bundle, facts: dict[str, FactValue], *, failing: Sequence[str] = ()) -> Past:
    """A screening of these facts by this bundle."""
    return Past(recorded(bundle, gathered(bundle, facts), failing=failing), ReadyBundle(bundle))
