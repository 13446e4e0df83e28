"""Who did what an entry of the ledger tells of, and how they proved who they are."""

from dataclasses import asdict, dataclass
from typing import Literal, Self


@dataclass(frozen=True, slots=True)
class LedgerActor:
    """Who acted.

    Args:
        kind: `policy` decides by its rules and `deadline` by its line for the deadline; `service` is this program when
            it only carries out; `carrier` is whatever happened there.
        name: of a person, as PORTOUT_REVIEWERS or the operating system has it.
        authenticated: how a person proved who they are: by a `token`, or not at all (`claimed`: only the name was said).
        role: which the token gives.
        token: its public id.
    """

    kind: Literal["policy", "deadline", "person", "carrier", "service"]
    name: str | None = None
    authenticated: Literal["token", "claimed"] | None = None
    role: str | None = None
    token: str | None = None

    @classmethod
    def person(cls, name: str | None, *, token: str | None = None, role: str | None = None) -> Self:
        """A person, who proved it if there is a token."""
        return cls("person", name, "token" if token else "claimed", role, token)

    def as_json(self) -> dict[str, str | None]:
        """As it stands in an entry."""
        return asdict(self)


POLICY = LedgerActor("policy")
DEADLINE = LedgerActor("deadline")
CARRIER = LedgerActor("carrier")
SERVICE = LedgerActor("service")
