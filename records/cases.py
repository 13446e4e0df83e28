"""Where each port-out stands: the read model of queue and search.

Lost, it is rebuilt from workflows and ledger.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from pydantic import AwareDatetime, BaseModel, ConfigDict

from records.engine import CHUNK, Database, Insert
from records.schema import cases


class Stage(StrEnum):
    SCREENING = "screening"
    AWAITING_REVIEW = "awaiting_review"
    ANSWERING = "answering"
    AWAITING_CARRIER = "awaiting_carrier"
    CLOSED = "closed"


class DecidedBy(StrEnum):
    POLICY = "policy"
    REVIEWER = "reviewer"
    DEADLINE = "deadline"
    ELSEWHERE = "elsewhere"


class CaseUpdate(BaseModel):
    """What is new about a case. Fields that are not given stay as they are; None empties one.

    Make it where it is written: a copy that went through JSON counts every field as given.

    Args:
        round: from 1.
        sends: whether this run answers the carrier.
        limit_at: when silence approves.
        respond_by: when we act at the latest.
        people: how many must approve.
        first_approval_by: who approved first of two.
        claimed_by, claimed_until: who looks at it, and until when nobody else may decide.
        rules: rule id to result.
        asked_at: when documents were asked for that have not all come.
        asked_for: their types, as words of a sentence.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    portout_id: str
    updated_at: AwareDatetime
    support_key: str | None = None
    round: int = 1
    stage: Stage = Stage.SCREENING
    mode: str | None = None
    sends: bool = False
    policy: str | None = None
    policy_digest: str | None = None
    inserted_at: AwareDatetime | None = None
    limit_at: AwareDatetime | None = None
    respond_by: AwareDatetime | None = None
    carrier_name: str | None = None
    spid: str | None = None
    number_count: int | None = None
    score: int | None = None
    recommendation: str | None = None
    people: int | None = None
    first_approval_by: str | None = None
    claimed_by: str | None = None
    claimed_until: AwareDatetime | None = None
    outcome: str | None = None
    decided_by: DecidedBy | None = None
    reviewer: str | None = None
    decided_at: AwareDatetime | None = None
    reason: str | None = None
    rejection_code: int | None = None
    carrier_status: str | None = None
    foc_date: AwareDatetime | None = None
    rules: dict[str, str] = {}
    note: str | None = None
    asked_at: AwareDatetime | None = None
    asked_for: str | None = None


class Case(CaseUpdate):
    """A case with everything that is known of it."""

    @property
    def watched(self) -> bool:
        """Whether it was answered and is watched until the carrier is done with it."""
        return self.stage is Stage.AWAITING_CARRIER and self.outcome is not None

    @property
    def over(self) -> bool:
        """Whether nobody can decide it any more in this round."""
        return self.stage is Stage.CLOSED or self.watched

    def claim_of_another(self, person: str, at: datetime) -> str | None:
        """Who else looks at it, and until when, as words; None if nobody does."""
        if self.claimed_by in (None, person) or self.claimed_until is None or self.claimed_until <= at:
            return None
        return f"{self.claimed_by} until {self.claimed_until:%Y-%m-%d %H:%M:%S} UTC"


@dataclass(frozen=True, slots=True)
class WatchedOrder:
    """An order that was answered and is watched, as we know it: what differs from this is news.

    Args:
        inserted_at: when it came to the carrier.
    """

    portout_id: str
    carrier_status: str | None
    foc_date: datetime | None
    inserted_at: datetime | None


_GET = (
    sa.select(cases)
    .where(
        sa.or_(cases.c.portout_id == sa.bindparam("either"), cases.c.support_key == sa.bindparam("either"))
    )
    .order_by((cases.c.portout_id == sa.bindparam("either")).desc(), cases.c.updated_at.desc())
    .limit(1)
)
_OF_MANY = sa.select(cases).where(cases.c.portout_id.in_(sa.bindparam("portouts", expanding=True)))
_SOONEST_FIRST = (cases.c.respond_by.asc().nulls_last(), cases.c.portout_id)
_IN_REVIEW = cases.c.stage == Stage.AWAITING_REVIEW.value
_WAITING = sa.select(cases).where(_IN_REVIEW).order_by(*_SOONEST_FIRST)
_FIRST_WAITING = _WAITING.limit(sa.bindparam("first"))
_STAGES = sa.select(cases.c.stage, sa.func.count()).group_by(cases.c.stage)
_AT = sa.bindparam("at", type_=cases.c.claimed_until.type)
_FREE = sa.or_(cases.c.claimed_until.is_(None), cases.c.claimed_until <= _AT)
_MINE = cases.c.claimed_by == sa.bindparam("person")
_NEXT = (
    _WAITING.where(
        _FREE,
        # Who approved it first cannot be the second.
        cases.c.first_approval_by.is_distinct_from(sa.bindparam("person")),
    )
    .limit(1)
    .with_for_update(skip_locked=True)
)
_ONE = cases.c.portout_id == sa.bindparam("wanted")
_CLAIM = (
    sa.update(cases)
    .where(_ONE, _IN_REVIEW, sa.or_(_FREE, _MINE))
    .values(
        claimed_by=sa.bindparam("person"),
        claimed_until=sa.bindparam("until", type_=cases.c.claimed_until.type),
    )
)
_RELEASE = sa.update(cases).where(_ONE, _MINE).values(claimed_by=None, claimed_until=None)
_IS_WATCHED = sa.and_(cases.c.stage == Stage.AWAITING_CARRIER.value, cases.c.outcome.is_not(None))
_WATCHED = sa.select(cases.c.portout_id, cases.c.carrier_status, cases.c.foc_date, cases.c.inserted_at).where(
    _IS_WATCHED
)
_OPEN = sa.select(cases.c.portout_id, cases.c.stage).where(cases.c.stage != Stage.CLOSED.value)
_HELD_BACK = sa.select(cases.c.portout_id).where(
    cases.c.stage != Stage.CLOSED.value, cases.c.sends.is_(False)
)
_ALL = sa.select(cases).order_by(*_SOONEST_FIRST)


class Cases:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._upserts: dict[frozenset[str], Insert] = {}

    def upsert(self, update: CaseUpdate) -> None:
        """Writes what is given of a case, making it if it is new.

        Raises:
            DatabaseUnavailable: try again later; nothing was written.
        """
        with self._database.write() as connection:
            self.upsert_within(connection, update)

    def upsert_within(self, connection: sa.Connection, update: CaseUpdate) -> None:
        """The same in a transaction that is already open."""
        given = frozenset(update.model_fields_set)
        values = update.__dict__
        statement = self._upserts.get(given)
        if statement is None:
            statement = self._upserts[given] = self._upsert_of(given)
        connection.execute(statement, {name: values[name] for name in given})

    def _upsert_of(self, given: frozenset[str]) -> Insert:
        # In the table's order, so that the same fields make the same statement.
        names = [column.name for column in cases.c if column.name in given]
        insert = self._database.insert(cases).values({name: sa.bindparam(name) for name in names})
        changed = {name: insert.excluded[name] for name in names if name != "portout_id"}
        return insert.on_conflict_do_update(index_elements=["portout_id"], set_=changed)

    def get(self, portout_id_or_support_key: str) -> Case | None:
        with self._database.read() as connection:
            row = connection.execute(_GET, {"either": portout_id_or_support_key}).one_or_none()
        return None if row is None else Case.model_validate(row._mapping)

    def of(self, portout_ids: Sequence[str]) -> list[Case]:
        """The cases of these port-outs; those without one are left out."""
        found: list[Case] = []
        with self._database.read() as connection:
            for start in range(0, len(portout_ids), CHUNK):
                rows = connection.execute(_OF_MANY, {"portouts": list(portout_ids[start : start + CHUNK])})
                found += [Case.model_validate(row._mapping) for row in rows]
        return found

    def waiting(self, first: int | None = None) -> list[Case]:
        """Those that wait for a person, soonest deadline first: all, or so many."""
        return self._list(_WAITING) if first is None else self._list(_FIRST_WAITING, first=first)

    def count_by_stage(self) -> dict[Stage, int]:
        """How many cases stand at each stage."""
        with self._database.read() as connection:
            return {Stage(stage): count for stage, count in connection.execute(_STAGES)}

    def claim(self, portout_id: str, person: str, *, at: datetime, until: datetime) -> bool:
        """Lets only this person decide a waiting order for a while. False if it does not wait, or somebody else
        has claimed it. Who claims again has it for longer."""
        given = {"wanted": portout_id, "person": person, "at": at, "until": until}
        with self._database.write() as connection:
            return connection.execute(_CLAIM, given).rowcount == 1

    def claim_next(self, person: str, *, at: datetime, until: datetime) -> Case | None:
        """Claims the waiting order with the soonest deadline that nobody has claimed; None if there is none.

        However many ask at once, no two get the same one.
        """
        given = {"person": person, "at": at, "until": until}
        with self._database.write() as connection:
            row = connection.execute(_NEXT, given).one_or_none()
            if row is None:
                return None
            connection.execute(_CLAIM, {**given, "wanted": row.portout_id})
        return Case.model_validate({**row._mapping, "claimed_by": person, "claimed_until": until})

    def release(self, portout_id: str, person: str) -> bool:
        """Gives a claim back; False if this person has none."""
        with self._database.write() as connection:
            return connection.execute(_RELEASE, {"wanted": portout_id, "person": person}).rowcount == 1

    def all(self) -> list[Case]:
        """Every case, soonest deadline first."""
        return self._list(_ALL)

    def open_ids(self) -> list[tuple[str, Stage]]:
        """Port-out id and stage of every case that is not closed."""
        with self._database.read() as connection:
            return [(portout_id, Stage(stage)) for portout_id, stage in connection.execute(_OPEN)]

    def watched(self) -> list[WatchedOrder]:
        """Those that were answered and are watched until the carrier is done with them."""
        with self._database.read() as connection:
            return [WatchedOrder(*row) for row in connection.execute(_WATCHED)]

    def held_back_ids(self) -> set[str]:
        """The open cases that were opened while no answer could be sent."""
        with self._database.read() as connection:
            return set(connection.execute(_HELD_BACK).scalars())

    def _list(self, statement: sa.Select[tuple[object, ...]], **given: int) -> list[Case]:
        with self._database.read() as connection:
            rows = connection.execute(statement, given).all()
        return [Case.model_validate(row._mapping) for row in rows]
