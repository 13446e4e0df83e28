"""What a run of chaos came to, read from the carrier and the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from activities.differences import Wrong
from records.cases import Case, Stage
from records.ledger_entries import EntryKind
from tests.chaos.house import Downtime
from tests.chaos.plan import DAY, MARGIN, Story
from tests.service import Service
from workflows.watching import RULED

_SILENCE = (Wrong.NEVER_SCREENED, Wrong.DECIDED_ELSEWHERE, Wrong.DECIDED_DIFFERENTLY)
"""What reconciling says of orders that silence decided: before any answer, or after one that was refused."""
_ENDED = (EntryKind.ANSWERED, EntryKind.DECIDED_ELSEWHERE, EntryKind.CLOSED)


@dataclass
class Tally:
    """The last line of a run. The last three must be 0.

    Attributes:
        decided: orders that came to an end of which the ledger tells.
        effective_updates: PATCHes that changed an order.
        duplicates: PATCHes that changed an order once more in the same round, rounds answered twice in the ledger, and
            comments that say once more what one of ours said.
        lost: orders of whose end the ledger does not tell, that are `unfinished`, or with which reconciling finds something
            wrong that did not happen; and questions that were not posted.
        past_deadline: orders decided by silence, and not on purpose, although everything was up for long enough.
    """

    orders: int = 0
    decided: int = 0
    effective_updates: int = 0
    duplicates: int = 0
    lost: int = 0
    past_deadline: int = 0

    @property
    def well(self) -> bool:
        return not (self.duplicates or self.lost or self.past_deadline)

    def as_json(self) -> dict[str, int]:
        return asdict(self)


def tally_of(
    service: Service,
    orders: Sequence[tuple[str, Story]],
    downtime: Downtime,
    disagreed: Mapping[str, Wrong],
) -> tuple[Tally, list[str]]:
    """Count, and say of each order with which something is wrong what that is.

    Args:
        disagreed: what reconciling found in the end.
    """
    tally, wrong = Tally(orders=len(orders)), []
    for portout_id, story in orders:
        truth = service.truth(portout_id)
        entries = service.ledger(portout_id)
        ended = any(entry.kind in _ENDED for entry in entries)
        answered = [entry.body["round"] for entry in entries if entry.kind == EntryKind.ANSWERED]
        rounds = 1 + sum(step["by"] == "carrier" and step["status"] == "pending" for step in truth["history"])
        said = [one for one in service.carrier.carrier.comments(portout_id) if one["user_id"] is not None]
        again = max(0, truth["effective_patches"] - rounds) + len(answered) - len(set(answered))
        again += len(said) - len({one["body"] for one in said})
        asked = {entry.body.get("comment_id") for entry in entries if entry.kind == EntryKind.ASKED} - {None}
        open_end = unfinished(truth, service.case(portout_id)) or _unexplained(
            disagreed.get(portout_id), truth, story
        )
        # Nobody saw it before silence decided it; whether that is excused is another question, and it was reported.
        unseen = not entries and truth["decided_by"] == "silence" and portout_id in disagreed
        lost = bool(open_end) or not (ended or unseen) or not asked <= {one["id"] for one in said}
        late = _past_deadline(service, portout_id, downtime)
        tally.decided += not lost
        tally.effective_updates += truth["effective_patches"]
        tally.duplicates += again
        tally.lost += lost
        tally.past_deadline += late
        if again or lost or late:
            kinds = ", ".join(f"{entry.kind} ({entry.at:%H:%M:%S})" for entry in entries)
            found = [
                word
                for word, is_so in (("twice", again), (f"lost ({open_end})", lost), ("late", late))
                if is_so
            ]
            wrong.append(
                f"{portout_id} ({story}): {', '.join(found)}; {truth['status']} by {truth['decided_by']}; {kinds}"
            )
    return tally, wrong


def unfinished(truth: Mapping[str, Any], case: Case | None) -> str | None:
    """What is still open about an order: where it stands at the carrier, and what our queue shows of it."""
    if truth["status"] == "pending":
        return "pending"
    if case is None and truth["decided_by"] == "silence":
        return None
    if case is None or case.outcome is None:
        return "no outcome"
    if truth["status"] in RULED:
        return None if case.stage is Stage.CLOSED else "not closed"
    if case.carrier_status != truth["status"]:
        return f"we take it for {case.carrier_status}"
    foc_date = truth["foc_date"] and datetime.fromisoformat(truth["foc_date"])
    return None if case.stage is Stage.CLOSED or case.foc_date == foc_date else "FOC date not seen"


def _unexplained(disagreed: Wrong | None, truth: Mapping[str, Any], story: Story) -> str | None:
    """What reconciling says of an order, unless that is what happened to it."""
    by_silence = disagreed in _SILENCE and any(step["by"] == "silence" for step in truth["history"])
    ported_anyway = disagreed is Wrong.DECIDED_DIFFERENTLY and story is Story.PORTED_ANYWAY
    return None if disagreed is None or by_silence or ported_anyway else str(disagreed)


def _past_deadline(service: Service, portout_id: str, downtime: Downtime) -> bool:
    truth = service.truth(portout_id)
    silent = [step for step in truth["history"] if step["by"] == "silence"]
    standing = service.records.standings.of([portout_id]).get(portout_id)
    if not silent or (standing and standing.left_on_purpose):
        return False
    end = datetime.fromisoformat(silent[-1]["at"]).timestamp()
    return downtime.up_between(end - DAY, end) >= DAY - MARGIN
