"""What a run of rule tests found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from screening.decision import DeadlineAction
from screening.reading.diagnostics import one_line
from screening.results import Decision


class Verdict(StrEnum):
    """How a test came out."""

    PASSED = "passed"
    FAILED = "failed"
    KNOWN_GAP = "known_gap"  # fails, as it says that it does


@dataclass(frozen=True)
class Line:
    """A line of the policy that had a part in the answer.

    Attributes:
        place: `file:line`; empty if the files are not at hand.
        text: what it did.
        facts: the facts on it as text; secrets as `[PIN]`.
    """

    place: str
    text: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """One test that was run.

    Attributes:
        policy: id of the policy.
        rule: id of the rule; None for a scenario.
        name: as the author wrote it.
        place: where it stands, as `file:line`; empty if the files are not at hand.
        verdict: how it came out.
        why: what was not as expected, in sentences without full stop.
        lines: the lines of the policy that decided; none when the test passed.
        results: the results of the rules that were asked, by their id.
        decision: what a scenario decided.
        review_because: why that is for a person whatever the rules say.
        deadline: what a scenario that asks for it found at the deadline.
    """

    policy: str
    rule: str | None
    name: str
    place: str
    verdict: Verdict
    why: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    results: Mapping[str, str] = field(default_factory=dict)
    decision: Decision | None = None
    review_because: tuple[str, ...] = ()
    deadline: DeadlineAction | None = None

    @property
    def title(self) -> str:
        """How reports call it: `us-standard / pin / leading zeros count`."""
        return one_line(f"{self.policy} / {self.rule or 'scenarios'} / {self.name}")


@dataclass(frozen=True)
class TestReport:
    """What a run of tests found. Only tests that ran are in it."""

    cases: tuple[Case, ...]
    name_filter: str | None = None

    @property
    def passed(self) -> tuple[Case, ...]:
        """The tests that found what they expect."""
        return self._with(Verdict.PASSED)

    @property
    def failed(self) -> tuple[Case, ...]:
        """The tests that did not, and known gaps that are none any more."""
        return self._with(Verdict.FAILED)

    @property
    def known_gaps(self) -> tuple[Case, ...]:
        """The tests that fail as they say."""
        return self._with(Verdict.KNOWN_GAP)

    @property
    def ok(self) -> bool:
        """Whether tests ran and none failed. No test at all proves nothing."""
        return bool(self.cases) and not self.failed

    @property
    def sentence(self) -> str:
        """The count of what ran, in one sentence; or that nothing did."""
        if not self.cases:
            if self.name_filter is None:
                return "There is no test: nothing was run."
            return f"No test has {one_line(self.name_filter)!r} in its name: nothing was run."
        tests = "1 test" if len(self.cases) == 1 else f"{len(self.cases)} tests"
        counts = [f"{len(self.passed)} passed", f"{len(self.failed)} failed"]
        if self.known_gaps:
            counts.append(
                "1 known gap" if len(self.known_gaps) == 1 else f"{len(self.known_gaps)} known gaps"
            )
        return f"{tests}: {', '.join(counts)}."

    def _with(self, verdict: Verdict) -> tuple[Case, ...]:
        return tuple(case for case in self.cases if case.verdict is verdict)
