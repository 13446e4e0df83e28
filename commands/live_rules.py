"""What workers and records say of the rules: what is live, what waits, what is refused, who runs what."""

from datetime import datetime, timedelta

from pydantic import BaseModel

from commands.bundle_names import SHOWN, live_of, stored_bundle
from commands.output import Failed, plain, print_fields, print_lines
from commands.probing import Part, doubtful, failed, well
from commands.ruling_diff import print_differences
from commands.times import moment
from records.errors import RecordsError
from records.policies import RuleReport
from records.store import Records
from screening.authoring.gate import Difference, differences

SILENT_AFTER = timedelta(minutes=1)
"""A worker that runs says something four times a minute."""


class Live(BaseModel):
    """The bundle that judges new orders."""

    digest: str
    since: datetime
    activated_by: str | None
    """None: it went live by itself."""


class Waiting(BaseModel):
    """A bundle in the rules folder of a worker that does not judge."""

    digest: str
    was_live: bool
    differences: list[Difference]
    """From what is live to this bundle."""
    workers: list[str]
    activate: str
    """The command that makes it live."""


class Refused(BaseModel):
    """Files in the rules folder of a worker that cannot judge."""

    problem: str
    workers: list[str]


class Runs(BaseModel):
    """A worker and the bundle by which it judges new orders."""

    worker: str
    host: str
    pid: int
    running: str
    said_at: datetime
    silent: bool
    """Whether it should have said something since: it may have died."""


class LiveRules(BaseModel):
    """What `portout rules status --json` prints."""

    live: Live | None
    waiting: list[Waiting]
    refused: list[Refused]
    workers: list[Runs]


def read_live_rules(records: Records, at: datetime) -> LiveRules:
    """Read what the records know."""
    live, reports = live_of(records), records.policies.reports()
    current = live.digest if live else None
    waiting: dict[str, list[str]] = {}
    refused: dict[str, list[str]] = {}
    for report in reports:
        if report.refused is not None:
            refused.setdefault(report.refused, []).append(_name(report))
        elif report.found is not None and report.found != current:
            waiting.setdefault(report.found, []).append(_name(report))
    return LiveRules(
        live=Live(digest=live.digest, since=live.at, activated_by=live.by) if live else None,
        waiting=[_waiting(records, current, digest, workers) for digest, workers in waiting.items()],
        refused=[Refused(problem=problem, workers=workers) for problem, workers in refused.items()],
        workers=[
            Runs(
                worker=_name(report),
                host=report.host,
                pid=report.pid,
                running=report.running,
                said_at=report.at,
                silent=at - report.at > SILENT_AFTER,
            )
            for report in reports
        ],
    )


def print_live_rules(found: LiveRules) -> None:
    """Print it for people."""
    print_lines(_live_sentence(found.live))
    for refused in found.refused:
        print_lines(f"Refused by {', '.join(refused.workers)}. {refused.problem}")
    for waiting in found.waiting:
        where = f"in the rules folder of {', '.join(waiting.workers)}"
        if waiting.was_live:
            print_lines(f"{waiting.digest[:SHOWN]}, {where}, was live before; to return to it:")
        else:
            print_lines(f"{waiting.digest[:SHOWN]}, {where}, waits to be activated:")
        print_differences(waiting.differences, indent="  ")
        print(plain(f"  {waiting.activate}"))
    if not found.workers:
        print_lines("No worker runs, or none has said yet what it runs.")
    print_fields("Workers", [_row(runs) for runs in found.workers])


def probe_live_rules(records: Records, at: datetime) -> Part:
    """The line of `portout status` about going live."""
    try:
        found = read_live_rules(records, at)
    except (Failed, RecordsError) as error:
        return failed("Live rules", str(error))
    says = _live_sentence(found.live)
    if found.refused:
        return doubtful("Live rules", f"{says} {found.refused[0].problem}")
    news = [waiting for waiting in found.waiting if not waiting.was_live]
    if news:
        more = f"{news[0].digest[:SHOWN]} waits to be activated: see `portout rules status`."
        return doubtful("Live rules", f"{says} {more}")
    return well("Live rules", says)


def _live_sentence(live: Live | None) -> str:
    if live is None:
        return "No rules are live: every order goes to review."
    by = f", activated by {live.activated_by}" if live.activated_by else ""
    return f"{live.digest[:SHOWN]} is live since {moment(live.since)}{by}."


def _waiting(records: Records, live: str | None, digest: str, workers: list[str]) -> Waiting:
    found: list[Difference] = []
    if live is not None:
        found = differences(stored_bundle(records, live), stored_bundle(records, digest))
    return Waiting(
        digest=digest,
        was_live=records.policies.was_live(digest),
        differences=found,
        workers=workers,
        activate=f"portout rules activate {digest[:SHOWN]} --by NAME",
    )


def _row(runs: Runs) -> list[str]:
    silent = f"silent since {moment(runs.said_at)}: it may have died" if runs.silent else ""
    return [runs.worker, f"runs {runs.running[:SHOWN]}", silent]


def _name(report: RuleReport) -> str:
    return f"{report.host}:{report.pid}"
