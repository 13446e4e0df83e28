"""Replaying recorded orders under another bundle, on all cores and in constant memory: nothing is written or sent."""

import os
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import islice
from multiprocessing import get_context

from records.ledger_entries import EntryKind, ReadEntry
from records.opening import open_records_as_they_are
from records.store import Records
from screening.authoring.recorded import NotReplayable, Past, ReadyBundle, recorded_order
from screening.authoring.replay import Candidate, Ended, Replayed, Tally
from screening.bundle import Bundle, UnreadableBundleError
from screening.results import Outcome
from settings import Settings

_WORTH_PROCESSES = 4_000
"""Orders from which starting processes costs less than it saves."""

_APPROVED = ("authorized", "ported")
_DENIED = ("rejected", "rejected-pending")


@dataclass(frozen=True)
class NotReplayed:
    """An order that cannot be replayed, and why."""

    portout_id: str
    refers_to: str
    why: str


@dataclass
class Part:
    """What became of a page of orders.

    Attributes:
        rows: those that are decided otherwise; all of them when all are wanted.
    """

    tally: Tally = field(default_factory=Tally)
    rows: list[Replayed] = field(default_factory=list)
    not_replayed: list[NotReplayed] = field(default_factory=list)


class Replayer:
    """Puts one bundle to recorded orders.

    Args:
        since: screenings before this are left out.
        all_rows: whether orders that change nothing are wanted, too.
    """

    def __init__(self, records: Records, candidate: Bundle, since: datetime, *, all_rows: bool) -> None:
        self._records = records
        self._candidate = Candidate(candidate)
        self._since = since
        self._all_rows = all_rows
        self._deciding = lru_cache(maxsize=16)(self._load)

    def replay(self, portout_ids: Sequence[str]) -> Part:
        """Replay a page of orders.

        Raises:
            DatabaseUnavailable: they cannot be read.
        """
        part = Part()
        for portout_id, entries in self._records.ledger.entries_of(portout_ids):
            screening = first_round(entries)
            if screening is None or screening.at < self._since:
                continue
            try:
                replayed = self._replay(screening, ended_as(entries))
            except NotReplayable as why:
                refers_to = _refers_to(screening, portout_id)
                part.tally.refuse(refers_to, why)
                part.not_replayed.append(
                    NotReplayed(portout_id=portout_id, refers_to=refers_to, why=str(why))
                )
                continue
            part.tally.add(replayed)
            if self._all_rows or replayed.changes:
                part.rows.append(replayed)
        return part

    def _replay(self, screening: ReadEntry, ended: Ended) -> Replayed:
        recorded = recorded_order(screening.body, screening.personal)
        return self._candidate.replay(Past(recorded, self._deciding(recorded.policy_digest)), ended)

    def _load(self, digest: str) -> ReadyBundle:
        return ReadyBundle(stored_bundle(self._records, digest))


def stored_bundle(records: Records, digest: str) -> Bundle:
    """The bundle that decided an order.

    Raises:
        NotReplayable: it is not stored, or another version stored it.
        DatabaseDamaged: what is stored does not have that digest.
    """
    canonical = records.policies.load(digest)
    if canonical is None:
        raise NotReplayable("The bundle that decided it is not stored here.")
    try:
        return Bundle.from_canonical(canonical)
    except UnreadableBundleError:
        raise NotReplayable("The bundle that decided it cannot be read by this version.") from None


def first_round(entries: Sequence[ReadEntry]) -> ReadEntry | None:
    """The last screening of the first round: further rounds are always left to people and show no rule at work."""
    screenings = [entry for entry in entries if "findings" in entry.body]
    if not screenings:
        return None
    first = min(entry.body.get("round", 1) for entry in screenings)
    return [entry for entry in screenings if entry.body.get("round", 1) == first][-1]


def ended_as(entries: Sequence[ReadEntry]) -> Ended:
    """What people and the outside made of an order."""
    people, outside, denied, refused = None, None, False, False
    for entry in entries:
        body = entry.body
        if entry.kind == EntryKind.ANSWERED:
            denied = denied or body.get("outcome") == Outcome.DENY
            if body.get("decided_by") == "reviewer" and body.get("outcome") in ("approve", "deny"):
                people = Outcome(body["outcome"])
        elif entry.kind == EntryKind.REFUSED_BY_CARRIER:
            # Either this answer was refused as invalid, or the order is pending again after our rejection.
            refused = refused or body.get("status", "rejected-pending") == "rejected-pending"
        elif entry.kind == EntryKind.CLOSED:
            # It was ported although we had denied it.
            refused = refused or (denied and body.get("carrier_status") in _APPROVED)
        elif entry.kind == EntryKind.DECIDED_ELSEWHERE:
            status = body.get("carrier_status")
            outside = Outcome.APPROVE if status in _APPROVED else Outcome.DENY if status in _DENIED else None
            # It was ported although we had denied it.
            refused = refused or (denied and outside is Outcome.APPROVE)
    return Ended(people=people, outside=outside, denial_refused=refused)


def _refers_to(screening: ReadEntry, portout_id: str) -> str:
    order = (screening.personal or {}).get("order")
    return str((order.get("support_key") if isinstance(order, dict) else None) or portout_id)


def parts(
    settings: Settings,
    records: Records,
    candidate: Bundle,
    since: datetime,
    *,
    orders: int,
    all_rows: bool = False,
) -> Iterator[tuple[int, Part]]:
    """Replay all orders screened since then, page by page in ascending order of their ids.

    Args:
        orders: about how many there are; few are replayed in this process.

    Yields:
        How many orders each page had, and what became of them.
    """
    pages = records.ledger.pages_of_screened(since)
    cores = len(os.sched_getaffinity(0))
    if orders < _WORTH_PROCESSES or cores == 1:
        replayer = Replayer(records, candidate, since, all_rows=all_rows)
        for page in pages:
            yield len(page), replayer.replay(page)
        return
    with _processes(cores, settings, candidate, since, all_rows=all_rows) as pool:
        # A few pages ahead, so that no process waits and memory does not grow with the number of orders.
        under_way: deque[tuple[int, Future[Part]]] = deque()
        for page in islice(pages, 2 * cores):
            under_way.append((len(page), pool.submit(_replay_page, page)))
        while under_way:
            size, done = under_way.popleft()
            yield size, done.result()
            for page in islice(pages, 1):
                under_way.append((len(page), pool.submit(_replay_page, page)))


@contextmanager
def _processes(
    cores: int, settings: Settings, candidate: Bundle, since: datetime, *, all_rows: bool
) -> Iterator[ProcessPoolExecutor]:
    pool = ProcessPoolExecutor(
        cores,
        mp_context=get_context("spawn"),
        initializer=_begin,
        initargs=(settings, candidate.canonical(), since, all_rows),
    )
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


_replayer: Replayer | None = None


def _begin(settings: Settings, candidate: bytes, since: datetime, all_rows: bool) -> None:
    global _replayer
    # Ctrl-C reaches every process of the terminal; the one that the person started says what becomes of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    records = open_records_as_they_are(settings)
    _replayer = Replayer(records, Bundle.from_canonical(candidate), since, all_rows=all_rows)


def _replay_page(portout_ids: list[str]) -> Part:
    if _replayer is None:
        raise RuntimeError("the process was not begun")
    return _replayer.replay(portout_ids)
