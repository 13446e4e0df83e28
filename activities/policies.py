"""The policies in force: read from the rules folder, stored by digest before they decide, swapped whole."""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from records.errors import DatabaseDamaged
from records.store import Records
from screening.bundle import ENGINE_VERSION, REVIEW_EVERYTHING, Bundle, UnreadableBundleError
from screening.diagnostics import PolicyErrors, Severity
from screening.loading import load_bundle

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class InForce:
    """The bundle that judges orders from now on, and where it came from.

    Attributes:
        problem: why the files in the rules folder are not the ones in force, as a sentence; None when they are.
    """

    digest: str
    bundle: Bundle
    problem: str | None = None


class PolicyShelf:
    """Hands out bundles: the one in force for new orders, and any stored one by digest for running orders.

    A folder that no longer loads never reaches a decision: the last good bundle stays; started cold, the last stored
    one is used; and with none at all every order goes to review.
    """

    def __init__(self, rules: Path, records: Records) -> None:
        self._rules = rules
        self._records = records
        self._lock = threading.Lock()
        self._by_digest: dict[str, Bundle] = {}
        self._seen: tuple[tuple[str, int, int], ...] | None = None
        self._in_force: InForce | None = None

    def in_force(self) -> InForce:
        """The bundle for new orders; reads the folder again when a file in it changed.

        Raises:
            DatabaseUnavailable: a new bundle cannot be stored, so it must not decide yet.
        """
        with self._lock:
            seen = self._fingerprint()
            if self._in_force is None or seen != self._seen:
                self._in_force = self._read()
                self._seen = seen
            return self._in_force

    def by_digest(self, digest: str) -> Bundle:
        """The bundle with this digest, whatever the files say today.

        Raises:
            LookupError: it was never stored.
            DatabaseUnavailable: it cannot be looked up now.
        """
        bundle = self._by_digest.get(digest)
        if bundle is None:
            stored = self._records.policies.load(digest)
            if stored is None:
                raise LookupError(f"No policy with the digest {digest} is stored.")
            bundle = self._by_digest[digest] = Bundle.from_canonical(stored)
        return bundle

    def _read(self) -> InForce:
        try:
            return self._put_in_force(load_bundle(self._rules))
        except PolicyErrors as error:
            faults = [fault for fault in error.diagnostics if fault.severity is Severity.ERROR]
            first = faults[0]
            problem = (
                f"The rules are refused: {first.file}:{first.line}: {first.message} "
                f"({len(faults)} in all; see `portout rules check`)."
            )
        log.error("rules refused", problem=problem)
        if self._in_force is not None:
            return InForce(self._in_force.digest, self._in_force.bundle, problem)
        try:
            stored = self._records.policies.latest()
            if stored is None:
                return self._put_in_force(REVIEW_EVERYTHING, problem)
            digest, canonical = stored
            bundle = self._by_digest[digest] = Bundle.from_canonical(canonical)
        except (DatabaseDamaged, UnreadableBundleError) as error:
            return self._put_in_force(REVIEW_EVERYTHING, f"{problem} {error}")
        return InForce(digest, bundle, problem)

    def _put_in_force(self, bundle: Bundle, problem: str | None = None) -> InForce:
        self._records.policies.store(bundle.digest, bundle.canonical(), ENGINE_VERSION, datetime.now(UTC))
        self._by_digest[bundle.digest] = bundle
        return InForce(bundle.digest, bundle, problem)

    def _fingerprint(self) -> tuple[tuple[str, int, int], ...]:
        """What a change of any file changes: names, sizes and times."""
        marks = []
        for path in sorted(self._rules.rglob("*")):
            try:
                status = path.stat()
            except OSError:
                continue
            marks.append((str(path), status.st_mtime_ns, status.st_size))
        return tuple(marks)
