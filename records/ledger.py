"""The ledger: what was screened, decided and answered, in a chain of hashes per port-out, never changed.

An entry is stored as canonical JSON bytes with the hash of the entry before it inside; the hash covers the
stored bytes. Personal facts in it are sealed (`records.sealing`), so erasing a person breaks no chain.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from records.canonical import canonical
from records.cases import Cases, CaseUpdate
from records.engine import CHUNK, Database
from records.errors import BadKey
from records.history import History
from records.ledger_chain import AS_STORED, FORMAT, LEDGER, Link, faults_of
from records.ledger_entries import (
    ERASED,
    KEY_IS_NOT_HERE,
    REFUSED_AS_INVALID,
    EntryKind,
    LedgerEntry,
    PastRounds,
    ReadEntry,
)
from records.ledger_stubs import end_of_pruned, was_erased, was_pruned
from records.schema import keys, ledger, stubs, utc_text
from records.sealing import FactKey, Sealer

_LAST = (
    sa.select(ledger.c.position, ledger.c.hash)
    .where(ledger.c.portout_id == sa.bindparam("portout"))
    .order_by(ledger.c.position.desc())
    .limit(1)
    .subquery("last")
)
_ONE = sa.select(sa.literal_column("1").label("one")).subquery("one")
_OUR_KEY = sa.and_(
    keys.c.portout_id == sa.bindparam("portout"),
    keys.c.wrapped_by.in_([sa.bindparam("by"), sa.bindparam("or_by")]),
)
"""Wrapped by the first PORTOUT_RECORDS_KEY, or else by the second while that is replaced."""
_DROPPED = {"key": "", "data": ""}
"""Stands for the personal facts of an order whose person was erased before: there is no such key, and never will be."""
_HEAD = (
    sa.select(
        _LAST.c.position,
        _LAST.c.hash,
        keys.c.key_id,
        keys.c.wrapped,
        sa.exists()
        .where(ledger.c.portout_id == sa.bindparam("portout"), ledger.c.step_key == sa.bindparam("step"))
        .label("done"),
        sa.exists()
        .where(ledger.c.portout_id == sa.bindparam("portout"), ledger.c.kind == EntryKind.ERASED.value)
        .label("erased"),
        sa.exists().where(stubs.c.portout_id == sa.bindparam("portout")).label("pruned"),
    )
    .select_from(_ONE.outerjoin(_LAST, sa.true()).outerjoin(keys, _OUR_KEY))
    .order_by(sa.case((keys.c.wrapped_by == sa.bindparam("by"), 0), else_=1))
    .limit(1)
)
_INSERT = sa.insert(ledger).inline()
_INSERT_KEY = sa.insert(keys).inline()
_ENTRIES = sa.select(ledger).where(ledger.c.portout_id == sa.bindparam("portout")).order_by(ledger.c.position)
_STORED = (
    sa.select(*AS_STORED).where(ledger.c.portout_id == sa.bindparam("portout")).order_by(ledger.c.position)
)
_KEYS = sa.select(keys.c.key_id, keys.c.wrapped).where(keys.c.portout_id == sa.bindparam("portout"))
_SCREENED_SINCE = sa.and_(
    ledger.c.kind.in_((EntryKind.SCREENED.value, EntryKind.DECIDED.value)),
    ledger.c.at >= sa.bindparam("since", type_=ledger.c.at.type),
)
_COUNT = sa.select(sa.func.count(ledger.c.portout_id.distinct())).where(_SCREENED_SINCE)
_PAGE = (
    sa.select(ledger.c.portout_id)
    .where(_SCREENED_SINCE, ledger.c.portout_id > sa.bindparam("after"))
    .group_by(ledger.c.portout_id)
    .order_by(ledger.c.portout_id)
    .limit(sa.bindparam("limit"))
)
_ENTRIES_OF_MANY = (
    sa.select(ledger)
    .where(ledger.c.portout_id.in_(sa.bindparam("portouts", expanding=True)))
    .order_by(ledger.c.portout_id, ledger.c.position)
)
_KEYS_OF_MANY = sa.select(keys.c.portout_id, keys.c.key_id, keys.c.wrapped).where(
    keys.c.portout_id.in_(sa.bindparam("portouts", expanding=True))
)
_ANSWERED = (
    sa.select(ledger.c.portout_id, sa.func.max(ledger.c.at))
    .where(
        ledger.c.portout_id.in_(sa.bindparam("portouts", expanding=True)),
        ledger.c.kind == EntryKind.ANSWERED.value,
    )
    .group_by(ledger.c.portout_id)
)


class _Appended(NamedTuple):
    """What became of an entry.

    Attributes:
        new: it was written.
        pruned: its step was written before, and pruned.
        erased: the personal facts of its port-out were erased, so none may be kept.
    """

    new: bool
    pruned: bool
    erased: bool


class Ledger:
    """Append-only; the database itself refuses UPDATE and DELETE."""

    def __init__(self, database: Database, sealer: Sealer, cases: Cases, history: History) -> None:
        self._database = database
        self._sealer = sealer
        self._cases = cases
        self._history = history

    def append(self, entry: LedgerEntry) -> bool:
        """Writes an entry once; False if its step is there already, or was pruned.

        Once the personal facts of a port-out were erased, none is kept of it any more: who is gone shall not come back by a
        late entry, nor by an order that is pending again. The entry reads as if they had been erased with the others.

        Raises:
            BadKey: personal facts, but no PORTOUT_RECORDS_KEY.
            NotRecordable: body or personal facts are not plain JSON.
            DatabaseUnavailable: try again later; nothing was written.
        """
        return self.append_all([entry])[0]

    def append_all(self, entries: Sequence[LedgerEntry]) -> list[bool]:
        """Writes entries in one transaction, all or none. Returns and raises as `append`, for each."""
        with self._writing(entries) as connection:
            return [self._append(connection, entry).new for entry in entries]

    def append_and_show(
        self, entries: Sequence[LedgerEntry], case: CaseUpdate, *, denied_at: datetime | None = None
    ) -> None:
        """The same together with what the queue shows after them, so that neither is seen without the other.

        Args:
            denied_at: the order was denied then, and its history says so.
        """
        with self._writing(entries) as connection:
            done = [self._append(connection, entry) for entry in entries]
            if any(one.pruned for one in done) and not any(one.new for one in done):
                return  # A late retry: what the queue showed after it was forgotten with it.
            if any(one.erased for one in done):
                case = case.model_copy(update={"note": None, "reason": None})
            self._cases.upsert_within(connection, case)
            if denied_at is not None:
                self._history.deny_within(connection, case.portout_id, denied_at)

    def _writing(self, entries: Sequence[LedgerEntry]) -> AbstractContextManager[Connection]:
        return self._database.write(
            *{f"ledger:{entry.portout_id}" for entry in entries}, beside_others=LEDGER
        )

    def append_within(self, connection: Connection, entry: LedgerEntry) -> bool:
        """As `append`, in a transaction that is already open and holds the locks of the ledger and of the port-out."""
        return self._append(connection, entry).new

    def _append(self, connection: Connection, entry: LedgerEntry) -> _Appended:
        head = connection.execute(
            _HEAD,
            {
                "portout": entry.portout_id,
                "step": entry.step_key,
                "by": self._sealer.wrapped_by,
                "or_by": self._sealer.also_by,
            },
        ).one()
        erased = head.erased or (head.pruned and was_erased(connection, entry.portout_id))
        pruned = head.pruned and was_pruned(connection, entry.portout_id, entry.step_key)
        if head.done or pruned:
            return _Appended(new=False, pruned=pruned, erased=erased)
        sealed = None
        if entry.personal and erased:
            sealed = _DROPPED
        elif entry.personal:
            key = self._key(connection, entry, head.key_id, head.wrapped)
            sealed = key.seal(entry.personal, _place(entry.portout_id, entry.step_key))
        last, hash_before = head.position, head.hash
        if last is None:
            last, hash_before = end_of_pruned(connection, entry.portout_id)
        position = last + 1
        stored = canonical(
            {
                "format": FORMAT,
                "portout_id": entry.portout_id,
                "position": position,
                "kind": str(entry.kind),
                "step_key": entry.step_key,
                "at": utc_text(entry.at),
                "prev_hash": hash_before,
                "actor": entry.actor.as_json(),
                "body": entry.body,
                "sealed": sealed,
            }
        )
        row = {
            "portout_id": entry.portout_id,
            "position": position,
            "step_key": entry.step_key,
            "kind": str(entry.kind),
            "at": entry.at,
            "entry": stored,
            "hash": hashlib.sha256(stored).hexdigest(),
        }
        connection.execute(_INSERT, row)
        return _Appended(new=True, pruned=False, erased=erased)

    def _key(
        self, connection: Connection, entry: LedgerEntry, key_id: str | None, wrapped: bytes | None
    ) -> FactKey:
        if key_id is not None and wrapped is not None:
            return self._sealer.unwrap(entry.portout_id, key_id, wrapped)
        # None yet, destroyed, or wrapped under an earlier PORTOUT_RECORDS_KEY: what is new gets a new key.
        key = self._sealer.new_key(entry.portout_id)
        row = {
            "key_id": key.key_id,
            "portout_id": entry.portout_id,
            "wrapped": key.wrapped,
            "wrapped_by": self._sealer.wrapped_by,
            "made_at": entry.at,
        }
        connection.execute(_INSERT_KEY, row)
        return key

    def entries(self, portout_id: str) -> list[ReadEntry]:
        """The entries of a port-out in their order. What cannot be unsealed is said, not raised."""
        with self._database.read() as connection:
            rows = connection.execute(_ENTRIES, {"portout": portout_id}).all()
            wrapped = connection.execute(_KEYS, {"portout": portout_id}).all()
        found = self._unwrapped(portout_id, wrapped)
        return [_read(row, found) for row in rows]

    def screened(self, since: datetime) -> int:
        """How many port-outs were screened at that time or later."""
        with self._database.read() as connection:
            return int(connection.execute(_COUNT, {"since": since}).scalar_one())

    def pages_of_screened(self, since: datetime) -> Iterator[list[str]]:
        """The ids of those port-outs, at most 500 at a time, in ascending order. Each page is read when it is wanted."""
        after = ""
        while True:
            with self._database.read() as connection:
                found = connection.execute(_PAGE, {"since": since, "after": after, "limit": CHUNK})
                page = list(found.scalars())
            if not page:
                return
            yield page
            after = page[-1]

    def entries_of(self, portout_ids: Sequence[str]) -> Iterator[tuple[str, list[ReadEntry]]]:
        """The entries of each of these port-outs, as `entries` gives them, after its id and in ascending order of ids.

        Args:
            portout_ids: at most 500.
        """
        wanted = {"portouts": list(portout_ids)}
        with self._database.read() as connection:
            rows = connection.execute(_ENTRIES_OF_MANY, wanted).all()
            wrapped: dict[str, list[Any]] = {}
            for key in connection.execute(_KEYS_OF_MANY, wanted):
                wrapped.setdefault(key.portout_id, []).append(key)
        for portout_id, of_one in groupby(rows, key=lambda row: row.portout_id):
            found = self._unwrapped(portout_id, wrapped.get(portout_id, ()))
            yield portout_id, [_read(row, found) for row in of_one]

    def _unwrapped(self, portout_id: str, wrapped: Iterable[Any]) -> dict[str, FactKey | None]:
        """The keys of a port-out by their id; None for one that another PORTOUT_RECORDS_KEY wraps."""
        found: dict[str, FactKey | None] = {}
        for row in wrapped:
            found[row.key_id] = None
            with suppress(BadKey):
                found[row.key_id] = self._sealer.unwrap(portout_id, row.key_id, row.wrapped)
        return found

    def verify_chain(self, portout_id: str) -> list[str]:
        """Every fault in a port-out's chain, one sentence each: entries edited, removed, inserted or put in
        another order. Empty when it is whole.

        That the newest entries are missing cannot be seen from what is left.
        """
        with self._database.read() as connection:
            rows = connection.execute(_STORED, {"portout": portout_id}).all()
            pruned = end_of_pruned(connection, portout_id)
        return list(faults_of(portout_id, (Link(*row) for row in rows), after=pruned))

    def rounds(self, portout_id: str) -> PastRounds:
        """What earlier rounds decided. A round is over once it was answered, decided elsewhere, closed, or
        refused by the carrier as invalid (422)."""
        over, barred, answer = 0, [], None
        for entry in self.entries(portout_id):
            facts = {**entry.body, **(entry.personal or {})}
            if _ends_round(entry.kind, facts):
                over = max(over, int(facts.get("round", 1)))
            no_longer = entry.kind in (EntryKind.REFUSED_BY_CARRIER, EntryKind.DECIDED_ELSEWHERE)
            # What became of an earlier round may have been written down late.
            if no_longer and answer and facts.get("round", 1) >= answer.body.get("round", 1):
                answer = None
            if entry.kind == EntryKind.ANSWERED:
                answer = entry
                if facts.get("status") == "rejected-pending":
                    barred.append((facts.get("rejection_code"), entry.reason))
        return PastRounds(over + 1, barred, answer)

    def answered(self, portout_ids: Sequence[str]) -> dict[str, datetime]:
        """Those of the port-outs that we ever answered, and when last."""
        found: dict[str, datetime] = {}
        with self._database.read() as connection:
            for start in range(0, len(portout_ids), CHUNK):
                chunk = list(portout_ids[start : start + CHUNK])
                found.update((row[0], row[1]) for row in connection.execute(_ANSWERED, {"portouts": chunk}))
        return found


def _place(portout_id: str, step_key: str) -> str:
    return f"{portout_id}/{step_key}"


def _ends_round(kind: str, facts: dict[str, Any]) -> bool:
    if kind == EntryKind.REFUSED_BY_CARRIER:
        return facts.get("http_status") == REFUSED_AS_INVALID
    return kind in (EntryKind.ANSWERED, EntryKind.DECIDED_ELSEWHERE, EntryKind.CLOSED)


def _read(row: Any, found: dict[str, FactKey | None]) -> ReadEntry:
    body: dict[str, Any] = {}
    actor: dict[str, str | None] = {}
    personal: dict[str, Any] | None = None
    unreadable = None
    try:
        stored = json.loads(row.entry)
        body, sealed, actor = dict(stored["body"]), stored["sealed"], stored.get("actor", {})
        identity, data = ("", "") if sealed is None else (sealed["key"], sealed["data"])
    except (ValueError, KeyError, TypeError):
        unreadable = "The stored bytes are damaged."
    else:
        if sealed is None:
            personal = {}
        elif identity not in found:
            unreadable = ERASED
        elif (key := found[identity]) is None:
            unreadable = KEY_IS_NOT_HERE
        else:
            personal = key.unseal(data, _place(row.portout_id, row.step_key))
            unreadable = "The sealed facts were changed." if personal is None else None
    return ReadEntry(
        row.seq, row.position, row.kind, row.step_key, row.at, body, personal, unreadable, row.hash, actor
    )
