"""What a policy author does about tests: `rules test`, `rules coverage`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from commands.output import Failed, plain, print_json
from environment import load_settings

if TYPE_CHECKING:
    from screening.authoring.rule_coverage import Coverage
    from screening.authoring.verdicts import Case, TestReport
    from screening.bundle import Bundle
    from screening.reading.diagnostics import PolicyErrors
    from screening.reading.places import Places

USAGE = 2
INVALID = 3
TESTS_FAILED = 4
THRESHOLD_MISSED = 5

RulesPath = Annotated[
    Path | None,
    typer.Argument(help="A rules folder, or one policy file of it; PORTOUT_RULES when left out."),
]


def add_to(rules: typer.Typer) -> None:
    rules.command("test")(run)
    rules.command()(coverage)


def run(
    path: RulesPath = None,
    name_filter: Annotated[
        str | None, typer.Option("--filter", help="Run only tests with this text in `policy / rule / name`.")
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(help="Also write the results to this file, as JUnit XML.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Run the tests that rule files hold. Exits with 4 if one fails or none was run, with 3 if the files are invalid."""
    from screening.authoring.rule_tests import run_tests
    from screening.reading.diagnostics import PolicyErrors

    try:
        bundle, places, policies = _loaded(path or load_settings().rules)
    except PolicyErrors as refused:
        if junit is not None:
            _write_junit(junit, None, str(refused))
        _refuse(refused, as_json=as_json)
    report = run_tests(bundle, name_filter, places=places, policies=policies)
    if junit is not None:
        _write_junit(junit, report, report.sentence)
    if as_json:
        print_json(_as_json(report))
    else:
        for case in (*report.known_gaps, *report.failed):
            print(*_as_text(case), sep="\n", end="\n\n")
        print(report.sentence)
    raise typer.Exit(0 if report.ok else TESTS_FAILED)


def coverage(
    path: RulesPath = None,
    fail_under: Annotated[
        float | None, typer.Option(min=0, max=100, metavar="PERCENT", help="Exit with 5 below this.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List what no passing test has reached: results, score bands, ways to decide, lines of at_deadline."""
    from screening.authoring.rule_coverage import coverage_of
    from screening.authoring.rule_tests import run_tests
    from screening.reading.diagnostics import PolicyErrors

    try:
        bundle, places, policies = _loaded(path or load_settings().rules)
    except PolicyErrors as refused:
        _refuse(refused, as_json=as_json)
    report = run_tests(bundle, places=places, policies=policies)
    found = coverage_of(bundle, report, places=places, policies=policies)
    by_policy = {policy: found.of(policy) for policy in dict.fromkeys(point.policy for point in found.points)}
    if as_json:
        print_json(
            {
                "percent": found.percent,
                "fail_under": fail_under,
                "tests": {"ok": report.ok, "sentence": report.sentence},
                "policies": {policy: part.percent for policy, part in by_policy.items()},
                "points": found.points,
            }
        )
    else:
        for point in found.missed:
            print(plain(f"{point.place}  not reached  {point.policy}  {point.text}".strip()))
        for policy, part in by_policy.items():
            print(plain(f"{policy}: {_share(part)}"))
        if len(by_policy) > 1:
            print(f"All policies: {_share(found)}")
        if not report.ok:
            print(f"{report.sentence} What fails has reached nothing: see `portout rules test`.")
    if not report.ok:
        raise typer.Exit(TESTS_FAILED)
    raise typer.Exit(THRESHOLD_MISSED if fail_under is not None and found.percent < fail_under else 0)


def _share(found: "Coverage") -> str:
    count = len(found.points)
    return f"{count - len(found.missed)} of {count} reached ({found.percent:g} %)."


def _loaded(path: Path) -> "tuple[Bundle, Places, list[str] | None]":
    """The bundle in a folder, its places, and the policies that are asked for: None for all.

    Raises:
        PolicyErrors: the rule files cannot be used.
    """
    from screening.reading.loading import load_bundle, part_with, places_of

    part = part_with(path)
    if part in (path, path.parent):
        what = f"is in the folder of {part.name}" if path.is_file() else f"is for {part.name}"
        raise Failed(f"{path} {what}: name the rules folder, {part.parent}, or a policy in it.", USAGE)
    directory = path.parent if path.is_file() else path
    bundle = load_bundle(directory)
    places = places_of(directory)
    if directory == path:
        return bundle, places, None
    policy = places.policy_in(str(path))
    if policy is None:
        raise Failed(f"{path} is no policy file: name one, or the folder it is in.", USAGE)
    return bundle, places, [policy]


def _refuse(refused: "PolicyErrors", *, as_json: bool) -> NoReturn:
    """Print the faults of rule files that cannot be used, and leave."""
    if as_json:
        print_json({"ok": False, "diagnostics": refused.diagnostics})
    else:
        for diagnostic in refused.diagnostics:
            print(diagnostic.render(), end="\n\n")
        print("The rule files cannot be used: nothing was run.")
    raise typer.Exit(INVALID)


def _as_text(case: "Case") -> list[str]:
    from screening.authoring.verdicts import Verdict

    word = "known gap" if case.verdict is Verdict.KNOWN_GAP else "FAILED"
    lines = [f"{word}  {case.title}  {case.place}".rstrip(), *(f"  {sentence}" for sentence in case.why)]
    for line in case.lines:
        lines.append(f"  {line.place}  {line.text}" if line.place else f"  {line.text}")
        lines += [f"      {name} = {value}" for name, value in line.facts.items()]
    return [plain(line) for line in lines]


def _as_json(report: "TestReport") -> dict[str, object]:
    return {
        "ok": report.ok,
        "sentence": report.sentence,
        "passed": len(report.passed),
        "failed": len(report.failed),
        "known_gaps": len(report.known_gaps),
        "tests": [
            {
                "policy": case.policy,
                "rule": case.rule,
                "name": case.name,
                "place": case.place,
                "verdict": case.verdict,
                "why": case.why,
                "lines": case.lines,
            }
            for case in report.cases
        ],
    }


def _write_junit(path: Path, report: "TestReport | None", sentence: str) -> None:
    from commands.junit import junit_xml

    try:
        path.write_bytes(junit_xml(report.cases if report else (), sentence))
    except OSError as error:
        raise Failed(f"{path} cannot be written: {error.strerror}.", USAGE) from None
