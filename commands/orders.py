"""Finding the order that somebody means, and saying how it ended."""

from commands.output import Failed
from commands.times import moment
from records.cases import Case, DecidedBy
from records.store import Records

_ENDED = {"approve": "approved", "deny": "denied"}


def find_case(records: Records, wanted: str) -> Case:
    """The case of a port-out id or support key, in capitals or not.

    Raises:
        Failed: there is none.
    """
    for spelling in dict.fromkeys((wanted.strip(), wanted.strip().lower(), wanted.strip().upper())):
        case = records.cases.get(spelling)
        if case is not None:
            return case
    raise Failed(
        f"No order {wanted.strip()} is known here: give the port-out id or the support key that `portout queue` "
        "shows; a new order is known within a minute or so."
    )


def name_of(case: Case) -> str:
    """What people call the order."""
    return case.support_key or case.portout_id


def ended(case: Case) -> str:
    """How an order was decided: by whom, when, and what the carrier showed then if it was not by us."""
    when = f" at {moment(case.decided_at)}" if case.decided_at else ""
    if case.outcome in _ENDED and case.decided_by is not DecidedBy.ELSEWHERE:
        who = case.reviewer or (f"the {case.decided_by}" if case.decided_by else "somebody")
        return f"The order {name_of(case)} was already {_ENDED[case.outcome]} by {who}{when}."
    if case.outcome == "leave":
        return f"The order {name_of(case)} was left to the carrier on purpose and is {case.carrier_status}{when}."
    return f"The order {name_of(case)} became {case.carrier_status} without our answer{when}; it is closed."
