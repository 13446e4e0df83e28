"""The policies in force: which bundle judges new orders, how one from the rules folder goes live, and any one by digest.

The records are the one truth: every worker asks them which bundle is live, so that all agree, and takes that bundle from
them, so that none needs the files.
"""

import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from records.errors import DatabaseDamaged
from records.store import Records
from screening.authoring.gate import Difference, differences
from screening.authoring.rule_tests import run_tests
from screening.bundle import ENGINE_VERSION, REVIEW_EVERYTHING, Bundle, UnreadableBundleError
from screening.reading.diagnostics import PolicyErrors, Severity
from screening.reading.loading import load_bundle, places_of

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class InForce:
    """The bundle that judges orders from now on.

    Attributes:
        problem: why the bundle that should judge cannot be used, as a sentence; None when it can.
    """

    digest: str
    bundle: Bundle
    problem: str | None = None


@dataclass(frozen=True)
class Found:
    """What was found in the rules folder.

    Attributes:
        digest: of its bundle; None if that one is refused.
        refused: why it is, as a sentence.
        opens: the edits that can open the gate and for which the bundle waits to be activated.
        waits: whether it does wait, for those edits or because it was live before and another one is now.
    """

    digest: str | None
    refused: str | None = None
    opens: tuple[Difference, ...] = ()
    waits: bool = False

    @property
    def problem(self) -> str | None:
        """Why this bundle does not judge, and what to do, as a sentence; None if it went live."""
        if not self.waits:
            return self.refused
        why = "; ".join(edit.text for edit in self.opens) or "it was live before, and another one is now"
        return (
            f"The bundle in the rules folder waits ({why}): look at `portout rules status`, then run "
            f"`portout rules activate {self.digest} --by NAME`."
        )


class PolicyShelf:
    """Hands out bundles: the one in force for new orders, and any stored one by digest for running orders.

    A folder that does not load, or whose tests fail, never reaches a decision: what is live goes on deciding, and with
    nothing live every order goes to review.
    """

    def __init__(self, rules: Path, records: Records, *, asks: bool = True) -> None:
        """Make a shelf. What was found in the rules folder last is `found`; None before the first look.

        Args:
            rules: the rules folder.
            asks: whether a bundle whose edits can open the gate waits for `portout rules activate`.
        """
        self._rules = rules
        self._records = records
        self._asks = asks
        self._lock = threading.Lock()
        self._by_digest: dict[str, Bundle] = {}
        self.found: Found | None = None
        self._last_valid: str | None = None

    def in_force(self) -> InForce:
        """The bundle for new orders.

        Raises:
            DatabaseUnavailable: it cannot be found out now which one it is.
        """
        if self.found is None:
            self.look()
        live = self._live()
        try:
            if live is not None:
                return InForce(live, self.by_digest(live))
            problem = None
        except (DatabaseDamaged, UnreadableBundleError) as error:
            problem = str(error)
        self._keep(REVIEW_EVERYTHING)
        return InForce(REVIEW_EVERYTHING.digest, REVIEW_EVERYTHING, problem)

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

    def look(self) -> Found:
        """Read the rules folder, validate and test its bundle, and let it go live if it may.

        What is edited meanwhile is not taken; the caller looks again when the files are quiet.

        Raises:
            RecordsError: the bundle cannot be kept now, so it must not decide yet.
        """
        with self._lock:
            begun = self.fingerprint()
            try:
                bundle, refused = read_and_test(self._rules)
            except Exception as error:
                # A fault of ours in judging them must not keep what is live from deciding.
                log.exception("rules could not be judged")
                bundle, refused = (
                    None,
                    f"The rules are refused: they could not be judged ({type(error).__name__}).",
                )
            if self.found is not None and self.fingerprint() != begun:
                return self.found  # Half of it may be from before an edit and half from after it.
            if bundle is None:
                found = Found(None, refused)
                log.error("rules refused", problem=refused)
            else:
                self._keep(bundle)
                found = self._let_in(bundle)
                self._last_valid = bundle.digest
            self.found = found
            return found

    def fingerprint(self) -> tuple[tuple[str, int, int], ...]:
        """What a change of any file in the rules folder changes: names, sizes and times."""
        marks = []
        # Unlike `Path.rglob` this bears folders that vanish meanwhile.
        for folder, _, names in os.walk(self._rules):
            for path in (Path(folder), *(Path(folder, name) for name in names)):
                with suppress(OSError):
                    status = path.stat()
                    marks.append((str(path), status.st_mtime_ns, status.st_size))
        marks.sort()
        return tuple(marks)

    def _let_in(self, bundle: Bundle) -> Found:
        """Make a bundle live, or say why it waits."""
        digest, policies = bundle.digest, self._records.policies
        while True:
            last = policies.live()
            live = self._live()
            if live is not None and live != digest:
                if digest == self._last_valid:
                    # The folder says nothing new: what people activated since stays.
                    return Found(digest, opens=self._opening(live, bundle), waits=True)
                # Files that lag behind must not bring back what was replaced while this worker was down.
                returns = self._asks and self._last_valid is None and policies.was_live(digest)
                opens = self._opening(live, bundle) if self._asks else ()
                if returns or opens:
                    log.warning(
                        "rules wait to be activated", digest=digest, opens=[edit.text for edit in opens]
                    )
                    return Found(digest, opens=opens, waits=True)
            if policies.activate(
                digest, ENGINE_VERSION, datetime.now(UTC), instead_of=last.digest if last else None
            ):
                if live != digest:
                    log.info("rules live", digest=digest)
                return Found(digest)

    def _opening(self, live: str, bundle: Bundle) -> tuple[Difference, ...]:
        try:
            return tuple(edit for edit in differences(self.by_digest(live), bundle) if edit.opens_gate)
        except (DatabaseDamaged, UnreadableBundleError) as error:
            return (Difference(f"cannot be compared with what is live: {error}", True, None),)

    def _live(self) -> str | None:
        """The digest that people or files made live."""
        live = self._records.policies.live()
        return None if live is None or live.digest == REVIEW_EVERYTHING.digest else live.digest

    def _keep(self, bundle: Bundle) -> None:
        if bundle.digest not in self._by_digest:
            self._records.policies.keep(bundle.digest, bundle.canonical(), datetime.now(UTC))
            self._by_digest[bundle.digest] = bundle


def read_and_test(rules: Path) -> tuple[Bundle | None, str | None]:
    """Read a rules folder and run its tests.

    Returns:
        The bundle, or why it must not decide anything, as a sentence.
    """
    try:
        bundle = load_bundle(rules)
    except PolicyErrors as error:
        faults = [fault for fault in error.diagnostics if fault.severity is Severity.ERROR]
        first = faults[0]
        return None, (
            f"The rules are refused: {first.file}:{first.line}: {first.message} "
            f"({len(faults)} in all; see `portout rules check`)."
        )
    report = run_tests(bundle, places=places_of(rules))
    if report.ok:
        return bundle, None
    if not report.failed:
        return None, f"The rules are refused: {report.sentence}"
    case = report.failed[0]
    where = f"{case.place}: " if case.place else ""
    return None, (
        f"The rules are refused: {where}the test '{case.title}' fails: {'; '.join(case.why)} "
        f"({len(report.failed)} in all; see `portout rules test`)."
    )
