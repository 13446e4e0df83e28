"""Limits of what a replay may come to, as `--fail-if` takes them: `denied>2%`, `changed>100`."""

import re
from dataclasses import dataclass

from screening.authoring.replay import Tally
from screening.results import Outcome

_LIMIT = re.compile(r"\s*(\w+)\s*([<>])\s*([0-9]{1,9}(?:\.[0-9]{1,4})?)\s*(%?)\s*", re.ASCII)
_OUTCOMES = {
    "denied": (Outcome.DENY,),
    "approved": (Outcome.APPROVE,),
    "review": (Outcome.REVIEW, Outcome.ASK),
}
_CHANGED = "changed"
NEEDED = "denied, approved, review or changed, then > or <, then a number or percentage, such as denied>2%"


@dataclass(frozen=True)
class Limit:
    """What must not be.

    Attributes:
        what: `denied`, `approved`, `review` (documents asked for included) or `changed`, all as the candidate decides.
        above: whether more than the number is too much; else less is too little.
        number: of orders, or percent of the orders that were replayed.
    """

    what: str
    above: bool
    number: float
    percent: bool

    @classmethod
    def read(cls, text: str) -> "Limit":
        """Read a limit.

        Raises:
            ValueError: it is none, or never holds or always; the message says what is needed.
        """
        found = _LIMIT.fullmatch(text)
        if found is None or found[1] not in (*_OUTCOMES, _CHANGED):
            raise ValueError(f"'{text}' is no limit: it needs {NEEDED}.")
        limit = cls(found[1], found[2] == ">", float(found[3]), found[4] == "%")
        if limit.percent and (limit.number > 100 or (limit.above and limit.number == 100)):
            raise ValueError(f"'{text}' limits nothing: a share is 100% at most.")
        if not limit.above and limit.number == 0:
            raise ValueError(f"'{text}' limits nothing: no number of orders is below 0.")
        return limit

    def __str__(self) -> str:
        return f"{self.what}{'>' if self.above else '<'}{self.number:g}{'%' if self.percent else ''}"

    def missed(self, tally: Tally) -> str | None:
        """Say in a sentence what is too much or too little; None if nothing is.

        A share of no orders at all proves nothing, so it misses every limit.
        """
        if not tally.replayed:
            return f"No order was replayed, so nothing shows that {self} does not hold."
        count = tally.changed if self.what == _CHANGED else tally.after(*_OUTCOMES[self.what])
        share = 100 * count / tally.replayed
        value = share if self.percent else count
        if (value > self.number) if self.above else (value < self.number):
            return f"{self}: {count} of {tally.replayed} orders ({share:.4g} %)."
        return None
