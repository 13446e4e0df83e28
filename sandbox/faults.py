"""Faults: what the carrier does wrong on request."""

import re
from dataclasses import dataclass

from sandbox.models import CodeMode, NewFault


@dataclass(slots=True)
class Effect:
    """What happens to one request, all faults that apply to it taken together."""

    drop: bool = False
    status: int | None = None
    retry_after: float | None = None
    ratelimit_reset: float | None = None
    delay: float = 0.0
    drop_after_apply: bool = False
    stale_reads: int = 0
    stale_events: bool = False
    rejection_code: CodeMode = "accept"


class _Standing:
    def __init__(self, fault: NewFault) -> None:
        self.fault = fault
        self.left = fault.count
        self._path = re.compile("[^/]+".join(map(re.escape, fault.path_prefix.split("*"))))

    def matches(self, method: str, path: str) -> bool:
        wanted = self.fault.method or ("PATCH" if self.fault.only_for_patch else None)
        return wanted in (None, method) and self._path.match(path) is not None


class Faults:
    """The standing faults. A request uses up one of each fault that has a part in its fate, and no other."""

    def __init__(self) -> None:
        self._standing: list[_Standing] = []

    def add(self, fault: NewFault) -> None:
        self._standing.append(_Standing(fault))

    def standing(self) -> list[NewFault]:
        """The faults still to come, each with the count that is left of it."""
        return [standing.fault.model_copy(update={"count": standing.left}) for standing in self._standing]

    def clear(self) -> None:
        self._standing.clear()

    def take(self, method: str, path: str) -> Effect:
        """The effect on this request. ``path`` begins below ``/v2``.

        The first fault that makes the request fail decides alone: nothing is applied then, so the faults of
        applying (a lost answer, stale reads, the rejection code) keep their count for a later one.
        """
        effect = Effect()
        if not self._standing:
            return effect
        matching = [standing for standing in self._standing if standing.matches(method, path)]
        failing = next((standing for standing in matching if standing.fault.fails), None)
        for standing in [failing] if failing else matching:
            self._use(standing, effect)
        return effect

    def _use(self, standing: _Standing, effect: Effect) -> None:
        fault = standing.fault
        effect.drop |= fault.drop
        effect.status = fault.status
        effect.retry_after = fault.retry_after
        effect.ratelimit_reset = fault.ratelimit_reset
        effect.delay += fault.delay
        effect.drop_after_apply |= fault.drop_after_apply
        effect.stale_reads = max(effect.stale_reads, fault.stale_reads)
        effect.stale_events |= fault.stale_events
        effect.rejection_code = fault.rejection_code or effect.rejection_code
        if standing.left is not None:
            standing.left -= 1
            if standing.left == 0:
                self._standing.remove(standing)
