"""The kinds of checks that rules can ask: a file each, and a line each in the registry."""

from typing import Any

from screening.checks import (
    account_lock,
    authorized_name,
    carrier,
    condition,
    documents,
    number,
    pin,
    repeat_request,
    spid,
    timing,
    velocity,
)
from screening.checks.kind import CheckKind, GatheredFacts

__all__ = ["CHECKS", "CheckKind", "GatheredFacts"]

_KINDS: tuple[CheckKind[Any], ...] = (
    pin.KIND,
    spid.KIND,
    authorized_name.KIND,
    carrier.KIND,
    number.KIND,
    documents.KIND,
    account_lock.KIND,
    velocity.KIND,
    repeat_request.KIND,
    timing.KIND,
    condition.KIND,
)

CHECKS: dict[str, CheckKind[Any]] = {kind.name: kind for kind in _KINDS}
"""Every kind of check by the name that rules use."""
