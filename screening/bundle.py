"""All policies, lists and fixtures under `rules/` as one thing with one digest, and the choice among its policies."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from pydantic import Field, ValidationError

from screening.countries import UNKNOWN_COUNTRY
from screening.effects import DeadlineLine
from screening.named_lists import NamedList
from screening.policy import FORMAT, Decide, Fixture, Mode, Policy, Respond
from screening.policy_values import RuleModel

ENGINE_VERSION = "3"
"""Recorded beside each digest. It changes whenever the same bundle could decide the same facts differently."""


class UnreadableBundleError(Exception):
    """Stored bytes are no bundle that this program can read."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The policy for an order, and why a person must decide whatever its rules say (None: nothing of the kind)."""

    policy: Policy
    review_because: str | None = None


class Bundle(RuleModel):
    """Everything that decides: policies by id, lists and fixtures by their path under `rules/`."""

    policies: dict[str, Policy]
    lists: dict[str, NamedList] = Field(default_factory=dict)
    fixtures: dict[str, Fixture] = Field(default_factory=dict)

    @classmethod
    def from_canonical(cls, canonical: bytes) -> "Bundle":
        """Read a bundle back from what `canonical` gave.

        The bundle keeps these bytes, and so its digest, even if this program would write it differently today.

        Raises:
            UnreadableBundleError: the bytes are no bundle, or one that a newer program stored.
        """
        try:
            bundle = cls.model_validate_json(canonical)
        except ValidationError as error:
            raise UnreadableBundleError(
                f"The stored policy bundle cannot be read ({error.error_count()} faults); "
                "a newer version of this program may have stored it, or the record is damaged."
            ) from None
        bundle.__dict__["_canonical"] = canonical
        return bundle

    def canonical(self) -> bytes:
        """Return the bundle as bytes that do not depend on files' order, comments or layout."""
        return self._canonical

    @cached_property
    def _canonical(self) -> bytes:
        content = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical form, 64 lower-case hexadecimal digits."""
        return hashlib.sha256(self._canonical).hexdigest()

    @property
    def default(self) -> Policy:
        """The policy that says `default: true`; the loader sees to it that there is exactly one."""
        return next(policy for policy in self.policies.values() if policy.default)

    def lists_of(self, policy: Policy) -> dict[str, NamedList]:
        """Return the lists of a policy by the names that it gives them."""
        return {name: self.lists[path] for name, path in policy.lists.items()}

    def choose(self, countries: Collection[str], tags: Collection[str], several_customers: bool) -> Choice:
        """Choose the policy for an order: customer tag beats country beats default.

        Args:
            countries: of all numbers of the order, as `countries_of` gives them.
            tags: of the customer who holds the numbers, whatever their capitals.
            several_customers: whether the numbers belong to more than one customer.
        """
        if several_customers:
            return Choice(self.default, "The numbers belong to several customers.")
        if not countries or UNKNOWN_COUNTRY in countries:
            return Choice(self.default, "The country of a number is not known.")
        known_tags = _plain(tags)
        by_tag = [
            policy
            for policy in self.policies.values()
            if not known_tags.isdisjoint(_plain(policy.applies_to.tags))
            and (not policy.applies_to.countries or set(countries).issubset(policy.applies_to.countries))
        ]
        if len(by_tag) > 1:
            names = ", ".join(sorted(policy.policy for policy in by_tag))
            return Choice(self.default, f"The customer's tags fit several policies: {names}.")
        by_country = [
            policy
            for policy in self.policies.values()
            if not policy.applies_to.tags and set(countries).issubset(policy.applies_to.countries)
        ]
        if fitting := by_tag or by_country:
            return Choice(fitting[0])
        return Choice(self.default, f"No policy covers numbers of {' and '.join(sorted(countries))}.")


def _plain(tags: Collection[str]) -> set[str]:
    return {tag.casefold() for tag in tags}


REVIEW_EVERYTHING = Bundle(
    policies={
        "review-everything": Policy(
            format=FORMAT,
            policy="review-everything",
            default=True,
            title="No usable policy: a person decides everything",
            mode=Mode.ENFORCE,
            respond=Respond(
                within=timedelta(hours=24),
                margin=timedelta(hours=2),
                again_within=timedelta(hours=4),
                at_deadline=[DeadlineLine(outcome="leave")],
            ),
            rules=[],
            decide=Decide(),
        )
    }
)
"""What decides when there is neither a valid rule file nor a stored bundle: nothing is approved or denied by itself."""
