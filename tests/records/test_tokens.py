"""Tokens prove who acts; a grant lets one act count as verified, once."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from records.errors import TokenRefused
from records.store import Records
from records.tokens import GRANTED_FOR, KEPT_FOR, PREFIX, Role, Token, Verified
from tests.records.behind import behind_its_back
from tests.records.conftest import NOW

LATER = NOW + timedelta(seconds=1)


def made(
    records: Records, person: str = "dana", *, expires_at: datetime | None = None
) -> tuple[Token, SecretStr]:
    return records.tokens.add(person, Role.REVIEWER, at=NOW, expires_at=expires_at)


def granted(records: Records, token: Token) -> str:
    return records.tokens.grant(token, portout_id="p1", action="approve", at=NOW)


def redeemed(records: Records, grant_id: str, *, at: datetime = LATER, **changed: Any) -> Verified | None:
    wanted: dict[str, Any] = {"person": "dana", "portout_id": "p1", "action": "approve", "by": "run:u1"}
    return records.tokens.redeem(grant_id, at=at, **{**wanted, **changed})


def test_a_token_names_its_owner_and_is_stored_as_a_hash_only(records: Records, url: str) -> None:
    token, secret = records.tokens.add("dana", Role.SENIOR, at=NOW, expires_at=NOW + timedelta(days=90))
    assert secret.get_secret_value().startswith(PREFIX)
    assert len(secret.get_secret_value()) >= len(PREFIX) + 43  # 256 bits in base64
    assert records.tokens.owner(secret, LATER) == token
    assert records.tokens.all() == [token]
    assert secret.get_secret_value() not in str(behind_its_back(url, "SELECT * FROM tokens"))
    assert secret.get_secret_value() not in repr(token)


@pytest.mark.parametrize("shown", ["", "portout_", "portout_" + "A" * 43, "dana"])
def test_what_is_no_token_of_ours_is_refused_without_being_shown(records: Records, shown: str) -> None:
    made(records)
    with pytest.raises(TokenRefused) as refused:
        records.tokens.owner(SecretStr(shown), NOW)
    assert str(refused.value) == "The token of PORTOUT_TOKEN is not known here: ask for a new one."


def test_a_token_that_expired_proves_nothing_from_that_moment_on(records: Records) -> None:
    token, secret = made(records, expires_at=NOW + timedelta(hours=1))
    assert records.tokens.owner(secret, NOW + timedelta(minutes=59)) == token
    with pytest.raises(
        TokenRefused, match=f"The token {token.token_id} of dana expired at 2026-03-02 16:30 UTC"
    ):
        records.tokens.owner(secret, NOW + timedelta(hours=1))


def test_a_token_is_revoked_by_its_id_and_all_of_a_person_by_their_name(records: Records) -> None:
    (first, secret), (second, _), (other, others) = (
        made(records),
        made(records),
        made(records, "robin"),
    )
    assert records.tokens.revoke(first.token_id, LATER) == [first]
    with pytest.raises(TokenRefused, match="was revoked"):
        records.tokens.owner(secret, LATER)
    assert records.tokens.revoke("dana", LATER) == [second]
    assert records.tokens.revoke("dana", LATER) == []
    assert records.tokens.owner(others, LATER) == other
    with pytest.raises(TokenRefused, match="There is no token eve"):
        records.tokens.revoke("eve", LATER)


def test_a_grant_is_redeemed_by_one_update_however_often_that_asks(records: Records) -> None:
    token, _ = made(records)
    grant = granted(records, token)
    proved = Verified("dana", Role.REVIEWER, token.token_id)
    assert redeemed(records, grant) == proved
    assert redeemed(records, grant, at=NOW + GRANTED_FOR * 2) == proved
    assert redeemed(records, grant, by="run:u2") is None
    assert redeemed(records, grant, by="another run:u1") is None


@pytest.mark.parametrize("changed", [{"person": "robin"}, {"portout_id": "p2"}, {"action": "deny"}])
def test_a_grant_stands_for_one_person_one_order_and_one_action(
    records: Records, changed: dict[str, Any]
) -> None:
    token, _ = made(records)
    grant = granted(records, token)
    assert redeemed(records, grant, **changed) is None
    assert redeemed(records, grant) is not None


def test_a_grant_that_nobody_used_expires(records: Records) -> None:
    token, _ = made(records)
    assert redeemed(records, granted(records, token), at=NOW + GRANTED_FOR) is None
    assert redeemed(records, "never given") is None


def test_a_grant_falls_with_its_token(records: Records) -> None:
    token, _ = made(records)
    grant = granted(records, token)
    records.tokens.revoke("dana", LATER)
    assert redeemed(records, grant) is None


def test_old_grants_are_cleared_away_when_new_ones_are_given(records: Records, url: str) -> None:
    token, _ = made(records)
    granted(records, token)
    records.tokens.grant(token, portout_id="p2", action="deny", at=NOW + GRANTED_FOR + KEPT_FOR + GRANTED_FOR)
    assert behind_its_back(url, "SELECT portout_id FROM grants") == [("p2",)]


def test_of_many_that_redeem_a_grant_at_once_one_does(records: Records) -> None:
    token, _ = made(records)
    grant, found = granted(records, token), list[Verified | None]()
    threads = [
        threading.Thread(
            target=lambda number=number: found.append(redeemed(records, grant, by=f"run:u{number}"))
        )
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert sum(one is not None for one in found) == 1
