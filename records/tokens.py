"""API tokens: who acts, and the grants that let one act of theirs count as verified.

A token is 256 random bits, so its plain SHA-256 is all that is stored: there is nothing to guess that a slow or salted
hash would protect. A grant stands for one decision on one port-out by the owner of a token. Only its id travels, through
workflow history too, and it is redeemed once: what history shows can neither be forged nor used again.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from pydantic import AwareDatetime, BaseModel, SecretStr

from records.engine import Database
from records.errors import TokenRefused
from records.schema import grants, tokens

PREFIX = "portout_"
"""What every token begins with, so that scanners for secrets know one when they see it."""
GRANTED_FOR = timedelta(minutes=5)
"""Longer than a command waits until its decision is taken or refused."""
KEPT_FOR = timedelta(days=1)
"""Grants that are over for so long are deleted; the ledger keeps what became of them."""


class Role(StrEnum):
    REVIEWER = "reviewer"
    SENIOR = "senior"


class Token(BaseModel):
    """A token as it is listed: never the token itself.

    Attributes:
        token_id: what people call it; it opens nothing.
        person: who acts with it.
    """

    token_id: str
    person: str
    role: Role
    added_at: AwareDatetime
    expires_at: AwareDatetime | None
    revoked_at: AwareDatetime | None


@dataclass(frozen=True, slots=True)
class Verified:
    """Who acted, proved by a token."""

    person: str
    role: Role
    token_id: str


_COLUMNS = [tokens.c[name] for name in Token.model_fields]
_BY_HASH = sa.select(*_COLUMNS).where(tokens.c.hash == sa.bindparam("wanted"))
_ALL = sa.select(*_COLUMNS).order_by(tokens.c.person, tokens.c.added_at, tokens.c.token_id)
_REDEEM = (
    sa.select(grants, tokens.c.revoked_at)
    .join_from(grants, tokens, tokens.c.token_id == grants.c.token_id)
    .where(grants.c.grant_id == sa.bindparam("wanted"))
    .with_for_update(of=grants)
)


class Tokens:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, person: str, role: Role, *, at: datetime, expires_at: datetime | None = None
    ) -> tuple[Token, SecretStr]:
        """Makes a token. This is the only time that it can be seen."""
        secret = SecretStr(PREFIX + secrets.token_urlsafe(32))
        token = Token(
            token_id=secrets.token_hex(4),
            person=person,
            role=role,
            added_at=at,
            expires_at=expires_at,
            revoked_at=None,
        )
        with self._database.write() as connection:
            connection.execute(sa.insert(tokens), {**token.model_dump(), "hash": _hash(secret)})
        return token, secret

    def all(self) -> list[Token]:
        """Every token that was ever made, by person and age."""
        with self._database.read() as connection:
            rows = connection.execute(_ALL).all()
        return [_token(row) for row in rows]

    def revoke(self, which: str, at: datetime) -> list[Token]:
        """Makes a token useless, or every token of a person. Returns those that were not revoked before.

        Args:
            which: the id that a listing shows, or a person's name.

        Raises:
            TokenRefused: there is none.
        """
        meant = sa.or_(tokens.c.token_id == which, tokens.c.person == which)
        with self._database.write() as connection:
            found = [_token(row) for row in connection.execute(sa.select(*_COLUMNS).where(meant))]
            if not found:
                raise TokenRefused(f"There is no token {which}: `portout token list` shows ids and owners.")
            standing = sa.and_(meant, tokens.c.revoked_at.is_(None))
            connection.execute(sa.update(tokens).where(standing).values(revoked_at=at))
        return [token for token in found if token.revoked_at is None]

    def owner(self, secret: SecretStr, at: datetime) -> Token:
        """The token that somebody shows.

        Raises:
            TokenRefused: it is none of ours, has expired or was revoked.
        """
        with self._database.read() as connection:
            row = connection.execute(_BY_HASH, {"wanted": _hash(secret)}).one_or_none()
        if row is None:
            raise TokenRefused("The token of PORTOUT_TOKEN is not known here: ask for a new one.")
        token = _token(row)
        if token.revoked_at is not None:
            raise TokenRefused(
                f"The token {token.token_id} of {token.person} was revoked: ask for a new one."
            )
        if token.expires_at is not None and token.expires_at <= at:
            raise TokenRefused(
                f"The token {token.token_id} of {token.person} expired at {token.expires_at:%Y-%m-%d %H:%M} UTC: "
                "ask for a new one."
            )
        return token

    def grant(self, token: Token, *, portout_id: str, action: str, at: datetime) -> str:
        """Lets the token's owner do one thing to one port-out, within a few minutes. Returns the id of the grant."""
        grant_id = secrets.token_urlsafe(16)
        row: dict[str, Any] = {
            "grant_id": grant_id,
            "token_id": token.token_id,
            "person": token.person,
            "role": token.role,
            "portout_id": portout_id,
            "action": action,
            "expires_at": at + GRANTED_FOR,
        }
        with self._database.write() as connection:
            connection.execute(sa.delete(grants).where(grants.c.expires_at < at - KEPT_FOR))
            connection.execute(sa.insert(grants), row)
        return grant_id

    def redeem(
        self, grant_id: str, *, person: str, portout_id: str, action: str, by: str, at: datetime
    ) -> Verified | None:
        """Uses a grant up. None when it does not stand for this person, port-out and action, was used by another
        update, has expired, or its token was revoked.

        Args:
            by: names the update that redeems it; the same one may ask again.
        """
        with self._database.write() as connection:
            row = connection.execute(_REDEEM, {"wanted": grant_id}).one_or_none()
            if row is None or (row.person, row.portout_id, row.action) != (person, portout_id, action):
                return None
            if row.redeemed_by is None:
                if row.expires_at <= at or row.revoked_at is not None:
                    return None
                used = sa.update(grants).where(grants.c.grant_id == grant_id)
                connection.execute(used.values(redeemed_by=by))
            elif row.redeemed_by != by:
                return None
        return Verified(row.person, Role(row.role), row.token_id)


def _hash(secret: SecretStr) -> str:
    return hashlib.sha256(secret.get_secret_value().strip().encode()).hexdigest()


def _token(row: Any) -> Token:
    return Token.model_validate(row._mapping)
