"""Claims: who looks at an order, so that no two people do the same work. They live in the records alone."""

from datetime import datetime, timedelta

from pydantic import BaseModel

from commands.acting import actor
from commands.orders import ended, find_case, name_of
from commands.output import Failed
from commands.session import Place
from commands.times import moment, now, time_left
from records.cases import Case, Stage


class Claimed(BaseModel):
    """An order that somebody has claimed."""

    portout_id: str
    name: str
    claimed_by: str
    claimed_until: datetime
    respond_by: datetime | None
    time_left: str

    @classmethod
    def of(cls, case: Case, person: str, until: datetime, at: datetime) -> "Claimed":
        return cls(
            portout_id=case.portout_id,
            name=name_of(case),
            claimed_by=person,
            claimed_until=until,
            respond_by=case.respond_by,
            time_left=time_left(case.respond_by, case.limit_at, at),
        )

    def sentence(self) -> str:
        return (
            f"{self.name} is yours ({self.claimed_by}) until {moment(self.claimed_until)}; until its deadline: "
            f"{self.time_left}. See `portout show {self.name}`."
        )


def take_next(place: Place, by: str | None) -> Claimed | None:
    """Claim the most urgent order that nobody has claimed; None if there is none. Raises as `claim`."""
    with place.records_as_they_are() as records:
        at = now()
        person = actor(place.settings, records, by, at).name
        until = at + timedelta(seconds=place.settings.lease)
        case = records.cases.claim_next(person, at=at, until=until)
    return None if case is None else Claimed.of(case, person, until, at)


def claim(place: Place, wanted: str, by: str | None) -> Claimed:
    """Claim an order, or lengthen one's claim.

    Raises:
        Failed: it does not wait for a person, or somebody else has claimed it.
        RecordsError: the records cannot be written.
    """
    with place.records_as_they_are() as records:
        at = now()
        person = actor(place.settings, records, by, at).name
        until = at + timedelta(seconds=place.settings.lease)
        case = find_case(records, wanted)
        if not records.cases.claim(case.portout_id, person, at=at, until=until):
            newest = records.cases.get(case.portout_id) or case
            if newest.stage is Stage.CLOSED:
                raise Failed(ended(newest))
            other = newest.claim_of_another(person, at)
            why = f"is claimed by {other}" if other else "does not wait for a person now"
            raise Failed(f"{name_of(case)} {why}.")
    return Claimed.of(case, person, until, at)


def release(place: Place, wanted: str, by: str | None) -> str:
    """Give a claim back. Raises as `claim`."""
    with place.records_as_they_are() as records:
        at = now()
        person = actor(place.settings, records, by, at).name
        case = find_case(records, wanted)
        if records.cases.release(case.portout_id, person):
            return f"{name_of(case)} is free again."
        other = case.claim_of_another(person, at)
        raise Failed(
            f"{name_of(case)} is claimed by {other}, so only they can release it."
            if other
            else f"{person} has no claim on {name_of(case)}."
        )
