"""Who runs a command: the owner of a token, which proves it, or a name that is only said."""

import getpass
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from commands.output import Failed
from settings import Settings

if TYPE_CHECKING:
    from records.store import Records
    from records.tokens import Token


@dataclass(frozen=True)
class Actor:
    """Somebody who may decide. Without a token nobody knows that it is really them."""

    name: str
    token: "Token | None" = None

    @property
    def token_id(self) -> str | None:
        """The public id of what proves it."""
        return self.token.token_id if self.token else None

    def grant(self, records: "Records", *, portout_id: str, action: str, at: datetime) -> str | None:
        """What lets one act of theirs count as verified; None without a token."""
        if self.token is None:
            return None
        return records.tokens.grant(self.token, portout_id=portout_id, action=action, at=at)


def actor(settings: Settings, records: "Records", given: str | None, at: datetime) -> Actor:
    """Who acts as a reviewer: the owner of the token, or else who `--by` names.

    Raises:
        Failed: nobody was named although several may decide, somebody who may not, or somebody else than the owner.
        TokenRefused: the token is unknown, expired or revoked.
    """
    token = token_of(settings, records, given, at)
    return Actor(reviewer(settings, token.person if token else given), token)


def operator(settings: Settings, records: "Records", given: str | None, at: datetime) -> Actor:
    """Who acts as an operator: the owner of the token, or who `--by` names, or else the user of this machine. Raises as
    `actor`."""
    token = token_of(settings, records, given, at)
    return Actor(token.person if token else given or getpass.getuser(), token)


def token_of(settings: Settings, records: "Records", given: str | None, at: datetime) -> "Token | None":
    """The token that this command was given, if any. Raises as `actor`."""
    if settings.token is None:
        return None
    token = records.tokens.owner(settings.token, at)
    if given not in (None, token.person):
        raise Failed(f"The token is {token.person}'s, so --by {given} cannot stand: leave out --by.")
    return token


def reviewer(settings: Settings, given: str | None) -> str:
    """The name of somebody who may decide.

    Raises:
        Failed: nobody was named although several may decide, or somebody who may not.
    """
    known = settings.who_decides
    names = ", ".join(sorted(known))
    if given is None and settings.reviewers:
        raise Failed(f"Say who you are with --by; these may decide (PORTOUT_REVIEWERS): {names}.")
    name = given or names
    if name not in known:
        listed = "PORTOUT_REVIEWERS" if settings.reviewers else "PORTOUT_REVIEWERS is empty, so only the user"
        raise Failed(f"{name} is not a reviewer; these may decide ({listed}): {names}.")
    return name


def whoever(settings: Settings, records: "Records", given: str | None, at: datetime) -> str:
    """Who does what needs no reviewer: the owner of the token, who `--by` names, or the user of the operating system.

    Raises:
        Failed: somebody else than the owner was named.
        TokenRefused: the token is unknown, expired or revoked.
    """
    token = token_of(settings, records, given, at)
    return token.person if token else given or getpass.getuser()
