"""Whether the ledger is what it was: its chains, its checkpoints, the stubs of what was pruned, and the file outside."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, groupby
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from records import checkpoint_file
from records.engine import CHUNK, Database
from records.ledger_chain import AS_STORED, START, Link, faults_of
from records.ledger_checkpoints import Checkpoint, Checkpoints, Content, hash_of_entries
from records.ledger_stubs import Stub, stub_or_fault
from records.schema import cases, ledger, stubs

KEPT_FAULTS = 1_000
"""So many faults are told; of the others only the number."""
PAGE = 500
"""Entries in memory at once."""


@dataclass(slots=True)
class Verified:
    """What was found.

    Attributes:
        faults: one sentence each, the first 1,000 of `fault_count`.
        entries, port_outs: what was read of the ledger.
        pruned: port-outs of which only a signed stub is left.
        checkpoints: how many there are.
        promised_until: when the last checkpoint was made, ISO 8601; None if there is none.
        not_promised: entries that came after it: of these nobody would notice that the newest are gone.
        notes: what is no fault and should be known.
    """

    faults: list[str] = field(default_factory=list)
    fault_count: int = 0
    entries: int = 0
    port_outs: int = 0
    pruned: int = 0
    checkpoints: int = 0
    promised_until: str | None = None
    not_promised: int = 0
    notes: list[str] = field(default_factory=list)

    def blame(self, fault: str) -> None:
        self.fault_count += 1
        if len(self.faults) < KEPT_FAULTS:
            self.faults.append(fault)


_ALL = sa.select(sa.func.count()).select_from(ledger)
_PAGE = (
    sa.select(*AS_STORED)
    .where(
        sa.tuple_(ledger.c.portout_id, ledger.c.position)
        > sa.tuple_(sa.bindparam("portout"), sa.bindparam("position", type_=sa.Integer))
    )
    .order_by(ledger.c.portout_id, ledger.c.position)
    .limit(PAGE)
)
_COVERED = (
    sa.select(ledger.c.seq, ledger.c.portout_id, ledger.c.position, ledger.c.hash)
    .where(ledger.c.seq > sa.bindparam("after"), ledger.c.seq <= sa.bindparam("up_to"))
    .order_by(ledger.c.seq)
    .limit(sa.bindparam("limit"))
)
_WANTED: sa.BindParameter[list[str]] = sa.bindparam("wanted", expanding=True)
_STUBS_OF = sa.select(stubs).where(stubs.c.portout_id.in_(_WANTED)).order_by(stubs.c.position)
_STUB_PAGE = (
    sa.select(stubs)
    .where(
        sa.tuple_(stubs.c.portout_id, stubs.c.position)
        > sa.tuple_(sa.bindparam("portout"), sa.bindparam("position", type_=sa.Integer))
    )
    .order_by(stubs.c.portout_id, stubs.c.position)
    .limit(PAGE)
)
_ENDS = (
    sa.select(ledger.c.portout_id, sa.func.max(ledger.c.position))
    # SQLite takes text there, and holds it for greater than every number.
    .where(ledger.c.portout_id.in_(_WANTED), ledger.c.position <= 2**31 - 1)
    .group_by(ledger.c.portout_id)
)
_AT = sa.select(ledger.c.portout_id, ledger.c.position, ledger.c.hash, ledger.c.seq).where(
    ledger.c.portout_id.in_(_WANTED)
)
_SUPPORT_KEY = sa.select(cases.c.support_key).where(cases.c.portout_id == sa.bindparam("portout"))
_AFTER = sa.select(sa.func.count()).select_from(ledger).where(ledger.c.seq > sa.bindparam("after"))


class Verifier:
    """Recomputes everything, with memory that does not grow with the ledger. It reads while others write.

    Args:
        trusted: public keys whose signatures count, base64.
    """

    def __init__(self, database: Database, checkpoints: Checkpoints, trusted: Collection[str]) -> None:
        self._database = database
        self._checkpoints = checkpoints
        self._trusted = trusted

    def entries(self) -> int:
        """How many entries there are to read."""
        with self._database.read() as connection:
            return int(connection.execute(_ALL).scalar_one())

    def verify(self, file: Path, *, on_entries: Callable[[int], None] = lambda _: None) -> Verified:
        """Check all of it.

        Args:
            file: the checkpoints outside the database.
            on_entries: gets how many more entries were read.

        Raises:
            BadFile: the file is there and cannot be read.
            DatabaseUnavailable: try again later.
        """
        found = Verified()
        self._verify_checkpoints(file, found)
        self._verify_stubs(found)
        self._verify_chains(found, on_entries)
        return found

    def _verify_chains(self, found: Verified, on_entries: Callable[[int], None]) -> None:
        rows = self._rows(found, on_entries)
        for portout_id, of_one in groupby(rows, key=lambda row: str(row[0].portout_id)):
            found.port_outs += 1
            for fault in _faults(portout_id, of_one):
                self._blame(found, portout_id, fault)

    def _blame(self, found: Verified, portout_id: str, fault: str) -> None:
        """Tell a fault of a port-out, by the name that people call the order too, if it is known."""
        if len(found.faults) < KEPT_FAULTS:
            with self._database.read() as connection:
                key = connection.execute(_SUPPORT_KEY, {"portout": portout_id}).scalar_one_or_none()
            if key:
                fault = fault.replace(f"ort-out {portout_id}", f"ort-out {portout_id} ({key})", 1)
        found.blame(fault)

    def _rows(
        self, found: Verified, on_entries: Callable[[int], None]
    ) -> Iterator[tuple[Link, tuple[int, str]]]:
        """Every entry, by port-out and position, and position and hash of the last that was pruned there."""
        portout, position = "", 0
        while True:
            with self._database.read() as connection:
                page = connection.execute(_PAGE, {"portout": portout, "position": position}).all()
                wanted = list({row.portout_id for row in page})
                pruned = connection.execute(_STUBS_OF, {"wanted": wanted}).all()
            if not page:
                return
            ends = {
                row.portout_id: (row.position, row.hash) for row in pruned if isinstance(row.position, int)
            }
            for row in page:
                yield Link(*row), ends.get(row.portout_id, (0, START))
            found.entries += len(page)
            on_entries(len(page))
            portout, position = page[-1].portout_id, page[-1].position

    def _verify_stubs(self, found: Verified) -> None:
        portout, position, pruned = "", 0, ""
        while True:
            with self._database.read() as connection:
                page = connection.execute(_STUB_PAGE, {"portout": portout, "position": position}).all()
            if not page:
                return
            for row in page:
                found.pruned += row.portout_id != pruned
                pruned = row.portout_id
                stub = stub_or_fault(row, self._trusted)
                if isinstance(stub, str):
                    self._blame(found, str(row.portout_id), stub)
            portout, position = page[-1].portout_id, page[-1].position

    def _verify_checkpoints(self, file: Path, found: Verified) -> None:
        before: Checkpoint | None = None
        expected, up_to = 1, 0
        for number, checkpoint in self._both(file, found):
            if number > expected:
                missing = (
                    f"checkpoint {expected} is"
                    if number == expected + 1
                    else f"checkpoints {expected} to {number - 1} are"
                )
                found.blame(f"The {missing} missing.")
            expected = number + 1
            if checkpoint is None:
                before = None
                continue
            content = self._content(checkpoint, found)
            if content is None:
                before = None
                continue
            if (before or number == 1) and content.prev_hash != (before.hash if before else START):
                found.blame(f"Checkpoint {number} does not follow the one before it.")
            elif (before or number == 1) and content.after_seq != up_to:
                found.blame(
                    f"Checkpoint {number} covers what comes after entry {content.after_seq} of the ledger, but the one "
                    f"before it ends at {up_to}."
                )
            before, up_to = checkpoint, content.up_to_seq
            found.checkpoints += 1
            found.promised_until = content.at
            self._compare(content, found)
        with self._database.read() as connection:
            found.not_promised = int(connection.execute(_AFTER, {"after": up_to}).scalar_one())

    def _both(self, file: Path, found: Verified) -> Iterator[tuple[int, Checkpoint | None]]:
        """Each checkpoint of file and database, by its number; None where neither can be used."""
        outside = self._outside(file, found)
        inside = self._checkpoints.all()
        kept, stored = next(outside, None), next(inside, None)
        gives_none = kept is None
        if gives_none and stored is not None:
            what = (
                f"No checkpoint stands in {file}"
                if file.exists()
                else f"There is no file of checkpoints at {file}"
            )
            found.blame(
                f"{what}, so nobody would notice a database that was set back as a whole: name the file that the worker "
                "writes, or a copy of it, by --file."
            )
        lagging = 0
        while kept is not None or stored is not None:
            number = min(one.number for one in (kept, stored) if one is not None)
            ours = stored if stored is not None and stored.number == number else None
            theirs = kept if kept is not None and kept.number == number else None
            if ours is None:
                found.blame(
                    f"Checkpoint {number} stands in {file}, but not in the database: it was removed there, or the "
                    "database was set back."
                )
            elif theirs is None and kept is not None:
                found.blame(f"Checkpoint {number} does not stand in {file}, although later ones do.")
            elif theirs is None:
                lagging += not gives_none
            elif theirs != ours:
                found.blame(f"Checkpoint {number} is not the same in the database and in {file}.")
            if ours is not None and (said := ours.read()) and ours.columns != (said.up_to_seq, said.at):
                found.blame(
                    f"Checkpoint {number} was edited: its column up_to_seq or at is not what it says itself."
                )
            # What is outside was out of reach for who changed the database.
            usable = [one for one in (theirs, ours) if one is not None and self._is_trusted(one)]
            yield number, next(iter(usable), theirs or ours)
            kept = next(outside, None) if theirs is not None else kept
            stored = next(inside, None) if ours is not None else stored
        if lagging:
            found.notes.append(
                f"The last {lagging} checkpoints do not stand in {file} yet: `portout ledger checkpoint` adds them."
            )

    def _outside(self, file: Path, found: Verified) -> Iterator[Checkpoint]:
        last = 0
        if not file.exists():
            return
        for line, checkpoint in enumerate(checkpoint_file.read(file), 1):
            if checkpoint is None:
                found.blame(f"Line {line} of {file} is no checkpoint: it was edited or damaged.")
            elif checkpoint.number <= last:
                found.blame(f"Line {line} of {file} holds checkpoint {checkpoint.number} after {last}.")
            else:
                last = checkpoint.number
                yield checkpoint

    def _is_trusted(self, checkpoint: Checkpoint) -> bool:
        content = checkpoint.read()
        return content is not None and content.public_key in self._trusted and checkpoint.signed_by(content)

    def _content(self, checkpoint: Checkpoint, found: Verified) -> Content | None:
        """What a checkpoint says, if it can be believed."""
        content = checkpoint.read()
        if content is None or not checkpoint.signed_by(content):
            found.blame(f"Checkpoint {checkpoint.number} was edited: its signature does not fit it.")
            return None
        if content.public_key not in self._trusted:
            found.blame(
                f"Checkpoint {checkpoint.number} is signed by a key that is not trusted here ({content.public_key}): "
                "if it was yours, give it by --public-key."
            )
            return None
        return content

    def _compare(self, content: Content, found: Verified) -> None:
        """Hold a checkpoint against the entries that it covers."""
        bounds = {"after": content.after_seq, "up_to": content.up_to_seq, "limit": content.entries + PAGE}
        with self._database.read() as connection:
            entries = [_covered(row) for row in connection.execute(_COVERED, bounds)]
        if _is_whole(content, entries):
            return
        heads = {portout: (position, hash_) for portout, position, hash_ in content.heads}
        known = {(portout, position) for _, portout, position, _ in entries}
        gone = [portout for portout, (position, _) in heads.items() if (portout, position) not in known]
        kept = list(self._stubs_of(gone))
        for stub in kept:
            entries += [
                (seq, stub.portout_id, position, hash_)
                for seq, position, hash_ in stub.entries
                if content.after_seq < seq <= content.up_to_seq
            ]
        if not _is_whole(content, sorted(entries)):
            self._name(content, heads, entries, found)

    def _stubs_of(self, portout_ids: list[str]) -> Iterator[Stub]:
        for start in range(0, len(portout_ids), CHUNK):
            with self._database.read() as connection:
                rows = connection.execute(_STUBS_OF, {"wanted": portout_ids[start : start + CHUNK]}).all()
            for row in rows:
                stub = stub_or_fault(row, self._trusted)
                if isinstance(stub, Stub):
                    yield stub

    def _name(
        self,
        content: Content,
        heads: dict[str, tuple[int, str]],
        entries: list[tuple[int, str, int, str]],
        found: Verified,
    ) -> None:
        """Say what is wrong with the entries that a checkpoint covers."""
        before, number = found.fault_count, content.number
        here = {(portout, position): hash_ for _, portout, position, hash_ in entries}
        for portout, position in here:
            if position > heads.get(portout, (0, ""))[0]:
                self._blame(
                    found,
                    portout,
                    f"Port-out {portout}, entry {position} was inserted: checkpoint {number} does not know it.",
                )
        missing = []
        for portout, (position, hash_) in heads.items():
            if (portout, position) not in here:
                missing.append(portout)
            elif here[portout, position] != hash_:
                self._blame(
                    found,
                    portout,
                    f"Port-out {portout}, entry {position} is not the one that checkpoint {number} holds: it was replaced.",
                )
        for start in range(0, len(missing), CHUNK):
            wanted = missing[start : start + CHUNK]
            with self._database.read() as connection:
                ends: dict[str, int] = {
                    row[0]: row[1] for row in connection.execute(_ENDS, {"wanted": wanted})
                }
            for portout in wanted:
                self._blame(found, portout, _missing(portout, heads[portout][0], ends.get(portout), number))
        if found.fault_count == before:
            when = datetime.fromisoformat(content.at)
            found.blame(
                f"The {content.entries} entries up to checkpoint {number} ({when:%Y-%m-%d %H:%M} UTC) are not those that "
                "it sealed, or stand in another order: see what is said of single entries."
            )


def _faults(portout_id: str, rows: Iterator[tuple[Link, tuple[int, str]]]) -> Iterator[str]:
    first, after = next(rows)
    return faults_of(portout_id, chain((first,), (link for link, _ in rows)), after=after)


def _covered(row: Any) -> tuple[int, str, int, str]:
    """Sequence, port-out, position and hash of a row, whatever somebody made of its columns."""
    return row.seq, str(row.portout_id), row.position if isinstance(row.position, int) else 0, str(row.hash)


def _is_whole(content: Content, entries: list[tuple[int, str, int, str]]) -> bool:
    """Whether these entries are those of the checkpoint.

    Args:
        entries: sequence, port-out, position and hash, by sequence.
    """
    if len(entries) != content.entries or hash_of_entries(one[3] for one in entries) != content.entries_hash:
        return False
    ends: dict[str, tuple[int, str]] = {}
    for _, portout, position, hash_ in entries:
        ends[portout] = max(ends.get(portout, (0, "")), (position, hash_))
    return sorted((portout, *end) for portout, end in ends.items()) == content.heads


def _missing(portout: str, position: int, end: int | None, number: int) -> str:
    if end is None:
        return f"Port-out {portout} is lost: checkpoint {number} holds its entry {position}, and none of it is left."
    if end < position:
        gone = f"entry {position} is" if end == position - 1 else f"entries {end + 1} to {position} are"
        return (
            f"The end of port-out {portout} is cut off: its {gone} missing, which checkpoint {number} holds."
        )
    return f"Port-out {portout}, entry {position} is not where checkpoint {number} holds it: it was removed or moved."
