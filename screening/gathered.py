"""Everything that checks may read about one order, gathered in one place: by the worker from carrier and records, by
rule tests from what their authors wrote. Both then run the same checks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo

from pydantic import SecretStr

from screening.facts import CustomerFacts, OrderFacts, PinOnFile
from screening.named_lists import NamedList
from screening.results import FactValue


@dataclass(frozen=True)
class EarlierRejection:
    """Our last rejection of an order for the same numbers.

    Attributes:
        at: when.
        changed: what is not as it was then: names of public facts, or `pin`.
    """

    at: datetime
    changed: Sequence[str]


@dataclass(frozen=True)
class GatheredFacts:
    """The facts of one order. It lives in memory only and never shows a PIN.

    What nobody looked up stays None, and a check that needs it answers `missing`: nothing is taken for granted.

    Attributes:
        order: what the gaining carrier said.
        now: the moment of the screening.
        zone: the time zone of the policy, for its days and nights.
        customers: the different customers who hold the numbers of the order.
        lists: the lists of the policy, by the policy's name for them.
        number_statuses: the carrier's status of each number, `unknown` for one that it does not know as ours.
        document_types: types of the documents that came with the order.
        counts: what the history holds, by the names of facts such as `history.orders_per_spid`.
        history_known: whether earlier rejections were looked for.
        earlier: the last one that was found.
        pins: the PIN on file, one entry per number of the order; None where there is none.
        attempted_pin: the PIN that came with the request.
    """

    order: OrderFacts
    now: datetime
    zone: tzinfo = UTC
    customers: Sequence[CustomerFacts] = ()
    lists: Mapping[str, NamedList] = field(default_factory=dict)
    number_statuses: Sequence[str] | None = None
    document_types: Sequence[str] | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    history_known: bool = False
    earlier: EarlierRejection | None = None
    pins: Sequence[PinOnFile | None] = field(default=(), repr=False)
    attempted_pin: SecretStr | None = field(default=None, repr=False)

    @property
    def today(self) -> date:
        """The day by which list entries are in force, in the time zone of the policy."""
        return self.now.astimezone(self.zone).date()

    def as_facts(self) -> dict[str, FactValue]:
        """All facts that are not secret, by catalogue name; those that are not known are left out or None.

        Facts of a customer are known only when there is exactly one: with several, "the" customer's name would be
        somebody else's for some of the numbers.
        """
        facts = self.order.as_facts()
        facts["customer.count"] = len(self.customers)
        if len(self.customers) == 1:
            facts.update(self.customers[0].as_facts())
        if self.number_statuses is not None:
            facts["number.statuses"] = list(self.number_statuses)
        if self.document_types is not None:
            facts["documents.types"] = list(self.document_types)
        facts.update(self.counts)
        if self.earlier is not None:
            facts["history.rejected_at"] = self.earlier.at.astimezone(UTC).isoformat()
            facts["history.changed"] = list(self.earlier.changed)
        return facts
