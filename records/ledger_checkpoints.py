"""Checkpoints: what the ledger held at some moment, signed, and kept in a file that the database cannot reach.

Chains alone do not show that the newest entries of a port-out, or all of them, are gone. A checkpoint names the end of every
chain that went on since the checkpoint before it, and the hash of that one.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, ValidationError

from records.canonical import canonical
from records.engine import Database
from records.errors import BadKey, DatabaseDamaged, RecordsError
from records.ledger_chain import LEDGER, START
from records.schema import checkpoints, ledger, utc_text
from records.signing import NAME, Signer, is_signed

FORMAT = 1
MOST_ENTRIES = 10_000
"""A checkpoint covers no more, so that none needs much memory; what is left goes into the next one."""


class ForeignCheckpoint(RecordsError):
    """The last checkpoint is signed by a key that nobody trusts."""


class Content(BaseModel):
    """What a checkpoint says.

    Attributes:
        prev_hash: SHA-256 of the content of the checkpoint before it.
        after_seq, up_to_seq: it covers the entries whose sequence number is above the first and not above the second.
        entries: how many these are.
        entries_hash: SHA-256 over their hashes, as hex digits, in the order of their sequence.
        heads: of each port-out that has one of them: its id, and position and hash of its last.
        public_key: of the key that signed it, base64.
    """

    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)

    format: int
    number: int
    at: str
    prev_hash: str
    after_seq: int
    up_to_seq: int
    entries: int
    entries_hash: str
    heads: list[tuple[str, int, str]]
    public_key: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint as it is stored: canonical JSON, and the signature over it (base64).

    Attributes:
        columns: what the database holds beside it, unsigned: `up_to_seq` and `at`. None if it does not come from there.
    """

    number: int
    content: bytes
    signature: str
    columns: tuple[Any, Any] | None = field(default=None, compare=False)

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def read(self) -> Content | None:
        """What it says; None if that is no checkpoint of this number."""
        try:
            content = Content.model_validate_json(self.content)
        except ValidationError:
            return None
        return content if content.number == self.number and content.format == FORMAT else None

    def signed_by(self, content: Content) -> bool:
        """Whether its signature is one of the key that it names."""
        return is_signed(self.content, self.signature, content.public_key)

    def covers(self, seq: int) -> bool:
        """Whether the entry with this sequence number is one of those that it names."""
        content = self.read()
        return content is not None and content.after_seq < seq <= content.up_to_seq


_LAST = sa.select(checkpoints).order_by(checkpoints.c.number.desc()).limit(1)
_NEXT = (
    sa.select(
        checkpoints.c.number,
        checkpoints.c.up_to_seq,
        # A time that is none must be found, and not end the search.
        sa.type_coerce(checkpoints.c.at, sa.Text).label("at"),
        checkpoints.c.content,
        checkpoints.c.signature,
    )
    .where(checkpoints.c.number > sa.bindparam("after"))
    .order_by(checkpoints.c.number)
    .limit(1)
)
_NEW = (
    sa.select(ledger.c.seq, ledger.c.portout_id, ledger.c.position, ledger.c.hash)
    .where(ledger.c.seq > sa.bindparam("after"))
    .order_by(ledger.c.seq)
    .limit(sa.bindparam("limit"))
)
_COVERING = sa.select(checkpoints).where(
    checkpoints.c.number
    == sa.select(sa.func.min(checkpoints.c.number))
    .where(checkpoints.c.up_to_seq >= sa.bindparam("seq"))
    .scalar_subquery()
)
_SINCE = sa.select(sa.func.count()).select_from(ledger).where(ledger.c.seq > sa.bindparam("after"))


class Checkpoints:
    """Makes checkpoints and reads them back."""

    def __init__(self, database: Database, signer: Signer | None) -> None:
        self._database = database
        self._signer = signer

    @property
    def public_key(self) -> str | None:
        """What proves the checkpoints that are made here, base64; None without a key."""
        return self._signer.public_key if self._signer else None

    def make(self, at: datetime, trusted: Collection[str] = ()) -> Iterator[Checkpoint]:
        """Seal what was written since the last checkpoint: none when there is nothing new, several when it is much. One that
        another key signed is followed by one of ours in any case, which vouches for it from then on.

        Args:
            trusted: public keys besides our own whose last checkpoint may be followed, base64.

        Raises:
            BadKey: there is no PORTOUT_LEDGER_KEY.
            DatabaseDamaged: the last checkpoint was edited, so nobody knows where the next one begins.
            ForeignCheckpoint: it is signed by a key that is not trusted.
            DatabaseUnavailable: try again; those that were given before are kept.
        """
        signer = self.signer()
        while True:
            with self._database.write(LEDGER) as connection:
                # Nothing is being appended now: on PostgreSQL a lower number could otherwise appear after a higher one.
                last = connection.execute(_LAST).one_or_none()
                before = self._followed(last, trusted)
                after = before.up_to_seq if before else 0
                rows = connection.execute(_NEW, {"after": after, "limit": MOST_ENTRIES}).all()
                if not rows and (before is None or before.public_key == signer.public_key):
                    return
                made = _checkpoint(last, after, rows, at, signer)
                row = {
                    "number": made.number,
                    "up_to_seq": rows[-1].seq if rows else after,
                    "at": at,
                    "content": made.content,
                    "signature": made.signature,
                }
                connection.execute(sa.insert(checkpoints), row)
            yield made

    def signer(self) -> Signer:
        """What signs.

        Raises:
            BadKey: there is no PORTOUT_LEDGER_KEY.
        """
        if self._signer is None:
            raise BadKey(
                f"{NAME} is not set, so nothing can be signed: set it; `openssl rand -base64 32` makes one."
            )
        return self._signer

    def last(self) -> tuple[Checkpoint, datetime] | None:
        """The newest checkpoint, and when it was made."""
        with self._database.read() as connection:
            row = connection.execute(_LAST).one_or_none()
        return None if row is None else (_checkpoint_in(row), row.at)

    def get(self, number: int) -> Checkpoint | None:
        """The checkpoint of this number."""
        found = next(self.all(after=number - 1), None)
        return found if found and found.number == number else None

    def covering(self, seq: int) -> Checkpoint | None:
        """The checkpoint that sealed the entry with this sequence number; None if none has."""
        with self._database.read() as connection:
            row = connection.execute(_COVERING, {"seq": seq}).one_or_none()
            last = connection.execute(_LAST).one_or_none()
        if row is not None and (found := _checkpoint_in(row)).covers(seq):
            return found
        newest = _checkpoint_in(last).read() if last is not None else None
        if newest is None or newest.up_to_seq < seq:
            return None
        # Somebody changed the column that is searched.
        return next((one for one in self.all() if one.covers(seq)), None)

    def naming(self, portout_id: str, seqs: Iterable[int]) -> list[Checkpoint]:
        """Those that hold the end of this port-out, or are stored as covering these entries; not yet checked."""
        name = json.dumps(portout_id).encode("ascii")
        with self._database.read() as connection:
            on_sqlite = connection.dialect.name == "sqlite"
            find = sa.func.instr if on_sqlite else sa.func.pg_catalog.position
            wanted = sa.select(checkpoints).where(find(checkpoints.c.content, name) > 0)
            rows = list(connection.execute(wanted))
            for seq in seqs:
                rows += connection.execute(_COVERING, {"seq": seq}).all()
        found = {row.number: _checkpoint_in(row) for row in rows}
        return [found[number] for number in sorted(found)]

    def all(self, *, after: int = 0) -> Iterator[Checkpoint]:
        """Every checkpoint with a higher number, in their order, one at a time."""
        while True:
            with self._database.read() as connection:
                row = connection.execute(_NEXT, {"after": after}).one_or_none()
            if row is None:
                return
            yield _checkpoint_in(row)
            after = row.number

    def not_sealed(self) -> int:
        """How many entries came after the last checkpoint.

        Raises:
            DatabaseDamaged: it was edited.
            ForeignCheckpoint: it is not signed by our key.
        """
        with self._database.read() as connection:
            before = self._followed(connection.execute(_LAST).one_or_none())
            return int(connection.execute(_SINCE, {"after": before.up_to_seq if before else 0}).scalar_one())

    def _followed(self, last: Any, trusted: Collection[str] = ()) -> Content | None:
        """What the last checkpoint says. Signed, and not its columns: whoever raised these would switch sealing off."""
        if last is None:
            return None
        checkpoint = _checkpoint_in(last)
        content = checkpoint.read()
        if content is None or not checkpoint.signed_by(content):
            raise DatabaseDamaged(
                f"Checkpoint {last.number} was edited, so nothing can be sealed after it: see `portout ledger verify`."
            )
        if self._signer and content.public_key not in {self._signer.public_key, *trusted}:
            raise ForeignCheckpoint(
                f"Checkpoint {last.number} is the last one and signed by another key than {NAME} "
                f"({content.public_key}), so nothing is sealed after it: if that is the public key of the one that yours "
                f"replaced, run `portout ledger checkpoint --public-key {content.public_key}` once; if not, somebody put it "
                "there: see `portout ledger verify`, and restore a backup from before it."
            )
        return content


def hash_of_entries(hashes: Iterable[str]) -> str:
    """One hash over the hashes of entries, in their order."""
    return hashlib.sha256("".join(hashes).encode("ascii")).hexdigest()


def _checkpoint(last: Any, after: int, rows: Sequence[Any], at: datetime, signer: Signer) -> Checkpoint:
    heads: dict[str, tuple[int, str]] = {}
    for row in rows:
        if row.position >= heads.get(row.portout_id, (0, ""))[0]:
            heads[row.portout_id] = (row.position, row.hash)
    content = canonical(
        {
            "format": FORMAT,
            "number": last.number + 1 if last else 1,
            "at": utc_text(at),
            "prev_hash": hashlib.sha256(last.content).hexdigest() if last else START,
            "after_seq": after,
            "up_to_seq": rows[-1].seq if rows else after,
            "entries": len(rows),
            "entries_hash": hash_of_entries(row.hash for row in rows),
            "heads": [[portout_id, *heads[portout_id]] for portout_id in sorted(heads)],
            "public_key": signer.public_key,
        }
    )
    return Checkpoint(last.number + 1 if last else 1, content, signer.sign(content))


def _checkpoint_in(row: Any) -> Checkpoint:
    # Somebody may have put text there on SQLite, which would take it.
    content = row.content if isinstance(row.content, bytes) else b""
    at = utc_text(row.at) if isinstance(row.at, datetime) else row.at
    return Checkpoint(row.number, content, str(row.signature), (row.up_to_seq, at))
