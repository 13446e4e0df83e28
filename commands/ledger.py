"""The ledger: `ledger show`, `verify`, `checkpoint`, `key`, `export`, `prune`, `erase`."""

import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from commands.output import Failed, print_json, print_lines
from commands.progress import progress_bar
from commands.session import Place, find_place
from commands.times import USAGE, begin_of, now

if TYPE_CHECKING:
    from records.ledger_verify import Verified
    from records.store import Records

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
By = Annotated[str | None, typer.Option(help="Who you are; the user of this machine when left out.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask whether it is meant.")]
Which = Annotated[str, typer.Argument(metavar="ID", help="Port-out id or support key.")]
File = Annotated[
    Path | None,
    typer.Option(help="The checkpoints outside the database; PORTOUT_LEDGER_CHECKPOINTS by default."),
]
Keys = Annotated[
    list[str] | None,
    typer.Option("--public-key", help="A public key to trust besides our own, again for more."),
]
WRONG = 5
"""The exit code when something was found."""
_FORMATS = ("jsonl", "csv")


def add_to(app: typer.Typer) -> None:
    ledger = typer.Typer(no_args_is_help=True)
    for command in (show, verify, checkpoint, key, export, prune, erase):
        ledger.command()(command)
    app.add_typer(
        ledger, name="ledger", help="What was seen, decided and sent, in a chain that shows every change."
    )


def show(which: Which, public_key: Keys = None, as_json: AsJson = False) -> None:
    """Tell what happened to one order, from its first entry to its last. Exits with 5 if it is not what was sealed."""
    from commands.ledger_page import print_page, read_page

    with find_place().records_as_they_are() as records:
        page = read_page(records, which, _trusted(public_key))
    if as_json:
        print_json(page)
    else:
        print_page(page)
    raise typer.Exit(WRONG if page.faults else 0)


def verify(file: File = None, public_key: Keys = None, as_json: AsJson = False) -> None:
    """Recompute every chain and hold it against the checkpoints. Exits with 5 if the ledger is not what it was."""
    place = find_place()
    with place.records_as_they_are() as records:
        found = _verify(records, file or place.settings.checkpoint_file, public_key)
    if as_json:
        print_json(found)
    else:
        _print_verified(found)
    raise typer.Exit(WRONG if found.fault_count else 0)


def checkpoint(public_key: Keys = None) -> None:
    """Seal what was written since the last checkpoint, and write it to the file outside. The worker does so hourly.

    Once after PORTOUT_LEDGER_KEY was replaced, give the old public key.
    """
    place = find_place()
    with place.records() as records:
        written = _seal(place, records, public_key)
        last = records.checkpoints.last()
    if last is None:
        print_lines("The ledger is empty, so there is nothing to seal.")
        return
    made, at = last
    new = f"{_count(written, 'checkpoint')} written" if written else "Nothing new"
    print_lines(
        f"{new}: the ledger is sealed up to checkpoint {made.number} of {at:%Y-%m-%d %H:%M:%S} UTC, in "
        f"{place.settings.checkpoint_file}."
    )


def key(as_json: AsJson = False) -> None:
    """Print the public key that proves our checkpoints. Keep it where nobody can change it, and give it to auditors."""
    from records.signing import as_pem

    with find_place().records_as_they_are() as records:
        public = records.checkpoints.signer().public_key
    if as_json:
        print_json({"public_key": public, "pem": as_pem(public)})
    else:
        print(public)


def export(
    since: Annotated[str, typer.Option(help="Entries written within this time: 90d, 12h.")] = "366d",
    format: Annotated[str, typer.Option(help="jsonl or csv.")] = "jsonl",
    order: Annotated[str | None, typer.Option(help="One order only, with --bundle.", metavar="ID")] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="All that is known of that order, in one file.", metavar="FILE.zip")
    ] = None,
    public_key: Keys = None,
) -> None:
    """Print the entries, personal facts still sealed; or write the whole story of one order, with those that can be read."""
    if (order is None) != (bundle is None):
        raise Failed(
            "--order and --bundle belong together: `portout ledger export --order ID --bundle FILE.zip`.",
            USAGE,
        )
    if format not in _FORMATS:
        raise Failed(f"'{format}' is no format: write jsonl or csv.", USAGE)
    begin = begin_of(since, now())
    place = find_place()
    if order is not None and bundle is not None:
        _export_order(place, order, bundle, public_key)
        return
    from commands.ledger_export import print_csv, print_jsonl

    with place.records_as_they_are() as records:
        (print_csv if format == "csv" else print_jsonl)(records, begin)


def prune(
    older_than: Annotated[
        str, typer.Option(help="Closed orders whose last entry is older: 3y, 1095d.")
    ] = "3y",
    by: By = None,
    yes: Yes = False,
    public_key: Keys = None,
) -> None:
    """Replace closed orders past their retention by signed stubs, which keep the hashes, and forget the rest of them.

    The ledger is sealed and verified first; while something is wrong with it, nothing is pruned. Exits with 5 then, and if
    what was deleted may still stand in the database's log, because others read on and on or its disk is full: run it again.
    """
    from commands.acting import operator

    at = now()
    before = at - _retention(older_than)
    place = find_place()
    with place.records() as records:
        who = operator(place.settings, records, by, at).name
        _seal(place, records, public_key)
        found = _verify(records, place.settings.checkpoint_file, public_key)
        if found.fault_count:
            _print_verified(found)
            print_lines("Nothing was pruned.")
            raise typer.Exit(WRONG)
        _ask(yes, f"Orders closed before {before:%Y-%m-%d} lose everything but their hashes, for ever.")
        with progress_bar("Pruning", found.port_outs) as advance:
            done = records.pruning.prune(before, at=at, by=who, on_chains=advance)
    if not done.port_outs and not done.refused:
        print_lines(f"No order was closed before {before:%Y-%m-%d}: nothing was pruned.")
    else:
        pruned = f"{_count(done.port_outs, 'order')} pruned, {_count(done.entries, 'entry', 'entries')}"
        print_lines(*done.refused, f"{pruned}. Backups that were made before still hold them.")
    if done.stands_in_log:
        _still_in_log(done.stands_in_log)
    raise typer.Exit(WRONG if done.refused else 0)


def erase(which: Which, by: By = None, yes: Yes = False) -> None:
    """Destroy the key of one order's personal facts, people's words included, for a customer who is gone. The chain
    stays whole.

    Its numbers stay in the history while rules may look back on them: run it again then. Exits with 5 if what was
    deleted may still stand in the database's log, because others read on and on or its disk is full: run it again.
    """
    from commands.acting import operator
    from commands.ledger_page import portout_of
    from commands.timeline import words_in_clear
    from records.ledger_actor import LedgerActor

    at = now()
    place = find_place()
    with place.records() as records:
        actor = operator(place.settings, records, by, at)
        portout_id, _ = portout_of(records, which)
        _ask(yes, f"Names, numbers, notes and reasons in the ledger of {which} will be unreadable for ever.")
        token = actor.token
        who = LedgerActor.person(
            actor.name, token=token.token_id if token else None, role=token.role if token else None
        )
        erased = records.pruning.erase(portout_id, by=who, at=at)
        words = words_in_clear(records.ledger.entries(portout_id))
    if erased.anything:
        print_lines(
            f"The personal facts of {which} are erased, by {actor.name}. Backups that were made before, and Temporal's "
            "history until its retention is over, still hold them. So does the carrier. In the ledger stays what was done, "
            "when and by whom, what the rules found, and the codes and statuses that were sent."
        )
        if words:
            said = ", ".join(f"“{text}”" for text in words)
            print_lines(
                f"In clear stay these words, of the rules or written before such words were sealed: {said}."
            )
    elif not erased.numbers_until:
        print_lines(f"{which} has no personal facts any more.")
    if erased.numbers_until:
        print_lines(
            f"Its numbers stay in the history until {erased.numbers_until:%Y-%m-%d}, because they bar and count other "
            "orders: run this again after that day."
        )
    if erased.stands_in_log:
        _still_in_log(erased.stands_in_log)


def _still_in_log(why: str) -> NoReturn:
    print_lines(
        "No table of the database holds what was deleted, keys included, but it may still stand in its log (the file that "
        f"ends in -wal) or in unused parts of its file, because {why}"
    )
    raise typer.Exit(WRONG)


def _export_order(place: Place, order: str, bundle: Path, public_key: list[str] | None) -> None:
    from commands.ledger_bundle import facts_sentence, write_bundle

    with place.records_as_they_are() as records:
        page = write_bundle(records, order, bundle, _trusted(public_key))
    name = page.support_key or page.portout_id
    print_lines(
        f"{bundle} holds all that is known of {name}; README.txt in it tells how to check it. {facts_sentence(page)}"
    )
    print_lines(*page.faults)
    if not page.sealed_by and not page.faults:
        print_lines(
            "Its newest entry is not sealed yet: run `portout ledger checkpoint` first, and export it again."
        )
    raise typer.Exit(WRONG if page.faults else 0)


def _trusted(public_key: list[str] | None) -> list[str]:
    from records.signing import parse_public_key

    return [parse_public_key(text) for text in public_key or []]


def _verify(records: "Records", file: Path, public_key: list[str] | None) -> "Verified":
    verifier = records.verifier(_trusted(public_key))
    with progress_bar("Verifying", verifier.entries()) as advance:
        return verifier.verify(file, on_entries=advance)


def _print_verified(found: "Verified") -> None:
    print_lines(*found.faults)
    if found.fault_count > len(found.faults):
        print_lines(f"… and {found.fault_count - len(found.faults)} more.")
    pruned = f", {found.pruned} pruned" if found.pruned else ""
    counted = (
        f"{_count(found.entries, 'entry', 'entries')} of {_count(found.port_outs, 'port-out')}{pruned}, "
        f"{_count(found.checkpoints, 'checkpoint')}"
    )
    if found.fault_count:
        print_lines(f"{counted}: {_count(found.fault_count, 'FAULT', 'FAULTS')}.")
    else:
        print_lines(f"{counted}: nothing was edited, removed, inserted or put in another order.")
    print_lines(*found.notes)
    if found.promised_until is None:
        print_lines(
            "There is no checkpoint yet, so nobody would notice that the newest entries, or whole orders, are gone."
        )
        return
    until = datetime.fromisoformat(found.promised_until).astimezone(UTC)
    after = (
        f"the {_count(found.not_promised, 'entry', 'entries')} that came"
        if found.not_promised
        else "what comes"
    )
    print_lines(
        f"The last checkpoint is of {until:%Y-%m-%d %H:%M:%S} UTC. Of {after} after it nothing is promised: the "
        "newest could be gone unnoticed."
    )


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def _seal(place: Place, records: "Records", public_key: list[str] | None) -> int:
    from records.checkpoint_file import seal

    return seal(records.checkpoints, place.settings.checkpoint_file, now(), _trusted(public_key))


def _retention(given: str) -> timedelta:
    from screening.policy_values import LONGEST_DURATION

    found = re.fullmatch(r"(\d{1,5})([yd])", given.strip())
    if found is None:
        raise Failed(f"'{given}' is no retention: write 3y or 1095d.", USAGE)
    span = timedelta(days=int(found[1]) * (365 if found[2] == "y" else 1))
    if span < LONGEST_DURATION:
        days = LONGEST_DURATION.days
        raise Failed(
            f"{given} is too short: rules may look back {days} days, and what is pruned bars and counts no more: write "
            f"{days}d or longer.",
            USAGE,
        )
    return span


def _ask(yes: bool, what: str) -> None:
    """Make sure that it is meant.

    Raises:
        Failed: it is not, or nobody can be asked.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise Failed(f"{what} If that is meant, say --yes; nothing was changed.", USAGE)
    if not typer.confirm(f"{what} Go on?"):
        raise Failed("Nothing was changed.")
