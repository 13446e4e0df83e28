"""Everything that checks may read about one order, gathered in one place: by the worker from carrier and records, by
rule tests from what their authors wrote. Both then run the same checks.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from enum import StrEnum
from functools import cached_property

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


class Scan(StrEnum):
    """What the carrier's virus scan says of a document. Whatever is not known to be clean or infected is unscanned."""

    CLEAN = "clean"
    INFECTED = "infected"
    UNSCANNED = "unscanned"


_TOLD_BY_TYPE = {"infected": Scan.INFECTED, "unscanned": Scan.UNSCANNED}
"""Documents that are told by their type alone, by the last word of the fact."""


@dataclass(frozen=True)
class LinkedDocument:
    """A document that is linked to the order.

    Attributes:
        type: `loa`, `invoice`, or what else the carrier calls it; in lower case.
        sha256: of its content; None when the carrier does not say.
    """

    type: str
    scan: Scan
    sha256: str | None = None


def document_facts(documents: Collection[LinkedDocument]) -> dict[str, FactValue]:
    """The facts that documents make, by catalogue name."""
    by_scan: dict[Scan, set[str]] = {scan: set() for scan in Scan}
    for document in documents:
        by_scan[document.scan].add(document.type)
    clean = {document for document in documents if document.scan is Scan.CLEAN}
    return {
        "documents.types": sorted(by_scan[Scan.CLEAN]),
        "documents.infected": sorted(by_scan[Scan.INFECTED]),
        "documents.unscanned": sorted(by_scan[Scan.UNSCANNED]),
        "documents.sha256": sorted(f"{one.type} {one.sha256}" for one in clean if one.sha256),
    }


def documents_in(facts: Mapping[str, FactValue]) -> list[LinkedDocument] | None:
    """The documents that facts tell of; None when they tell of none, not even that none came."""
    given = {name: _texts(facts.get(f"documents.{name}")) for name in ("types", *_TOLD_BY_TYPE, "sha256")}
    if all(texts is None for texts in given.values()):
        return None
    hashed = [text.partition(" ") for text in given["sha256"] or ()]
    found = [LinkedDocument(_plain(kind), Scan.CLEAN, sha256.strip()) for kind, _, sha256 in hashed]
    known = {document.type for document in found}
    clean = {_plain(kind) for kind in given["types"] or ()} - known
    found += [LinkedDocument(kind, Scan.CLEAN) for kind in sorted(clean)]
    for name, scan in _TOLD_BY_TYPE.items():
        found += [LinkedDocument(_plain(kind), scan) for kind in given[name] or ()]
    return found


def _texts(value: FactValue) -> list[str] | None:
    return value if isinstance(value, list) else None


def _plain(kind: str) -> str:
    return kind.strip().lower()


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
        documents: the documents that are linked to the order.
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
    documents: Sequence[LinkedDocument] | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    history_known: bool = False
    earlier: EarlierRejection | None = None
    pins: Sequence[PinOnFile | None] = field(default=(), repr=False)
    attempted_pin: SecretStr | None = field(default=None, repr=False)

    @property
    def today(self) -> date:
        """The day by which list entries are in force, in the time zone of the policy."""
        return self.now.astimezone(self.zone).date()

    def as_facts(self) -> Mapping[str, FactValue]:
        """All facts that are not secret, by catalogue name; those that are not known are left out or None.

        Facts of a customer are known only when there is exactly one: with several, "the" customer's name would be
        somebody else's for some of the numbers.
        """
        return self._facts

    @cached_property
    def _facts(self) -> dict[str, FactValue]:
        facts = self.order.as_facts()
        facts["customer.count"] = len(self.customers)
        if len(self.customers) == 1:
            facts.update(self.customers[0].as_facts())
        if self.number_statuses is not None:
            facts["number.statuses"] = list(self.number_statuses)
        if self.documents is not None:
            facts.update(document_facts(self.documents))
        facts.update(self.counts)
        if self.earlier is not None:
            facts["history.rejected_at"] = self.earlier.at.astimezone(UTC).isoformat()
            facts["history.changed"] = list(self.earlier.changed)
        return facts
