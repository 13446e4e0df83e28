"""What `rules replay` prints: each order that changes as soon as it is found, the sums at the end."""

import csv
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

from commands.output import Failed, print_lines, print_table
from commands.replaying import Part
from commands.times import moment
from screening.authoring.replay import Cause, Replayed, Tally
from screening.results import Outcome

_SHOWN_DAYS = 14
_SHOWN_CAUSES = 20
_OUTCOMES = (Outcome.APPROVE, Outcome.REVIEW, Outcome.ASK, Outcome.DENY)
_COLUMNS = (
    "portout_id",
    "order",
    "screened_on",
    "policy_before",
    "policy_after",
    "before",
    "after",
    "score_before",
    "score_after",
    "causes",
    "people_decided",
    "outside_decided",
    "denial_refused",
    "not_replayed_because",
)


class TextReport:
    """For people."""

    def __init__(self) -> None:
        self._begun = False

    def changed(self, row: Replayed) -> None:
        """Say what becomes of one order."""
        if not self._begun:
            print_lines("Decided otherwise:")
            self._begun = True
        policy = f" under {row.policy_after}" if row.policy_after != row.policy_before else ""
        causes = "; ".join(_with_facts(cause) for cause in row.causes)
        print_lines(f"  {row.refers_to}  {row.before} → {row.after}{policy}  {causes}")

    def end(
        self, tally: Tally, digest: str, since: datetime, *, interrupted: bool, missed: Sequence[str]
    ) -> None:
        """Print the sums."""
        if self._begun:
            print_lines("")
        if interrupted:
            print_lines("Stopped: the sums are of the orders replayed until then.")
        print_lines(
            f"Rules {digest[:12]}: orders screened since {moment(since)} and replayed: {tally.replayed}; "
            f"decided otherwise: {tally.changed}{_share(tally.changed, tally.replayed)}."
        )
        if tally.replayed:
            _print_matrix(tally)
            _print_causes(tally)
            _print_queue(tally)
            for title, counted in (("People", tally.people), ("The outside", tally.outside)):
                _print_agreement(title, counted)
        if refused := tally.denials_refused.total():
            again = tally.denials_refused[Outcome.DENY]
            print_lines(
                "",
                f"Orders whose denial the carrier did not accept: {refused}; denied again now: {again}.",
            )
        if tally.not_replayed:
            print_lines("")
            print_table(
                f"Orders that cannot be replayed: {tally.not_replayed.total()}",
                ["Orders", "Why", "For example"],
                [
                    [str(count), why, ", ".join(tally.examples.get(why, []))]
                    for why, count in tally.not_replayed.most_common()
                ],
            )
        print_lines(*(f"Limit missed: {sentence}" for sentence in missed))


class JsonReport:
    """For programs: one document, written while the orders are replayed."""

    def __init__(self) -> None:
        self._written = 0
        print('{"changed": [', end="")

    def changed(self, row: Replayed) -> None:
        """Write one order."""
        print(",\n" if self._written else "\n", _json(row.model_dump(mode="json")), sep="", end="")
        self._written += 1

    def end(
        self, tally: Tally, digest: str, since: datetime, *, interrupted: bool, missed: Sequence[str]
    ) -> None:
        """Write the sums and close the document."""
        sums = {
            "policy_digest": digest,
            "since": since.isoformat(),
            "interrupted": interrupted,
            "limits_missed": list(missed),
            "replayed": tally.replayed,
            "changed_orders": tally.changed,
            "matrix": _counted(("before", "after"), tally.matrix),
            "causes": [{"cause": cause, "orders": count} for cause, count in tally.causes.most_common()],
            "queue_per_day": [
                {"day": day.isoformat(), "before": before, "after": after}
                for day, before, after in _days(tally)
            ],
            "people_decided": _counted(("decided", "before", "after"), tally.people),
            "outside_decided": _counted(("decided", "before", "after"), tally.outside),
            "denials_not_accepted": {
                outcome.value: count for outcome, count in tally.denials_refused.items()
            },
            "not_replayed": [
                {"why": why, "orders": count, "examples": tally.examples.get(why, [])}
                for why, count in tally.not_replayed.most_common()
            ],
        }
        print("\n],", _json(sums)[1:])


class Csv:
    """A table of every order, for a spreadsheet. It holds no facts."""

    def __init__(self, file: IO[str] | None) -> None:
        self._writer = None if file is None else csv.writer(file)
        if self._writer is not None:
            self._writer.writerow(_COLUMNS)

    @classmethod
    @contextmanager
    def opened(cls, path: Path | None) -> "Iterator[Csv]":
        """A table in that file; without one nothing is written.

        Raises:
            Failed: the file cannot be written.
        """
        if path is None:
            yield cls(None)
            return
        try:
            file = path.open("w", newline="", encoding="utf-8")
        except OSError as error:
            raise Failed(f"{path} cannot be written ({error.strerror}).") from None
        with file:
            yield cls(file)

    def add(self, part: Part) -> None:
        """Write the orders of a page."""
        if self._writer is None:
            return
        for row in part.rows:
            cells = [row.portout_id, row.refers_to, row.day, row.policy_before, row.policy_after, row.before]
            cells += [row.after, row.score_before, row.score_after, "; ".join(map(str, row.causes))]
            cells += [row.ended.people, row.ended.outside, "yes" if row.ended.denial_refused else ""]
            self._writer.writerow([_cell(cell) for cell in (*cells, "")])
        for order in part.not_replayed:
            empty = [""] * (len(_COLUMNS) - 3)
            self._writer.writerow([_cell(order.portout_id), _cell(order.refers_to), *empty, order.why])


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    # A spreadsheet would run a text from the carrier that looks like a formula.
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


def _with_facts(cause: Cause) -> str:
    facts = ", ".join(
        f"{name} {', '.join(value) if isinstance(value, list) else value}"
        for name, value in cause.facts.items()
        if value not in (None, [])
    )
    return f"{cause} [{facts}]" if facts else str(cause)


def _print_matrix(tally: Tally) -> None:
    seen = [outcome for outcome in _OUTCOMES if tally.before(outcome) + tally.after(outcome)]
    rows = [
        [before, *(str(tally.matrix[before, after] or "·") for after in seen), str(tally.before(before))]
        for before in seen
    ]
    rows.append(["in all", *(str(tally.after(after)) for after in seen), str(tally.replayed)])
    print_lines("")
    print_table("Orders by what came out then (rows) and would now (columns)", ["", *seen, "in all"], rows)


def _print_causes(tally: Tally) -> None:
    if tally.causes:
        print_table(
            "What makes the difference",
            ["Orders", "Rule: then → now"],
            [[str(count), cause] for cause, count in tally.causes.most_common(_SHOWN_CAUSES)],
        )


def _print_queue(tally: Tally) -> None:
    days = list(_days(tally))
    then = [before for _, before, _ in days]
    now = [after for _, _, after in days]
    print_lines(
        f"For people to decide, per day: {sum(then) / len(days):.1f} then, {sum(now) / len(days):.1f} now; "
        f"on the busiest day {max(then)} then, {max(now)} now."
    )
    different = sorted((day for day in days if day[1] != day[2]), key=lambda day: -abs(day[2] - day[1]))
    shown = sorted(different[:_SHOWN_DAYS])
    if shown:
        more = f"; {_SHOWN_DAYS} of {len(different)}" if len(different) > _SHOWN_DAYS else ""
        print_table(
            f"Days that change most{more}",
            ["Day (UTC)", "Then", "Now"],
            [[day.isoformat(), str(before), str(after)] for day, before, after in shown],
        )


def _print_agreement(title: str, counted: Counter[tuple[Outcome, Outcome, Outcome]]) -> None:
    for decided in (Outcome.APPROVE, Outcome.DENY):
        then, now = Counter[Outcome](), Counter[Outcome]()
        for (ended, before, after), count in counted.items():
            if ended is decided:
                then[before] += count
                now[after] += count
        if then:
            word = "approved" if decided is Outcome.APPROVE else "denied"
            print_lines(
                f"{title} {word} {then.total()}: of these the rules said {_listed(then)} then, {_listed(now)} now."
            )


def _listed(counted: Counter[Outcome]) -> str:
    return ", ".join(f"{outcome} {counted[outcome]}" for outcome in _OUTCOMES if counted[outcome])


def _days(tally: Tally) -> Iterator[tuple[date, int, int]]:
    for day in sorted(tally.queue_before.keys() | tally.queue_after.keys()):
        yield day, tally.queue_before[day], tally.queue_after[day]


def _share(part: int, whole: int) -> str:
    return f" ({100 * part / whole:.2g} %)" if whole else ""


def _counted(names: Sequence[str], counted: "Counter[Any]") -> list[dict[str, Any]]:
    return [{**dict(zip(names, key, strict=True)), "orders": count} for key, count in sorted(counted.items())]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
