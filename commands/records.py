"""The records database as a whole: `records upgrade`, `backup`, `restore`, `rekey`."""

from pathlib import Path
from typing import Annotated

import typer

from commands.output import print_json, print_lines
from commands.session import find_place
from settings import Settings

FOUND = 5
AFTERWARDS = "Then `portout ledger verify` says whether it is whole, and `portout reconcile` what it lacks."


def add_to(app: typer.Typer) -> None:
    records = typer.Typer(no_args_is_help=True)
    records.command()(upgrade)
    records.command()(backup)
    records.command()(restore)
    records.command()(rekey)
    app.add_typer(records, name="records", help="The records database as a whole.")


def upgrade() -> None:
    """Make or change the tables as this version needs them; what is stored stays."""
    from records import upgrade as migrations

    settings = find_place().settings
    _make_home(settings)
    done = migrations.upgrade(settings.records_url)
    if done.before == done.after:
        told = f"was at version {done.after} already"
    else:
        told = f"is at version {done.after} now; before, it {'was at ' + done.before if done.before else 'had no tables'}"
    print_lines(f"The records database {settings.records_place} {told}.")


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file, for its owner only.")],
) -> None:
    """Write all records into one file, as they are at one moment. Workers may go on meanwhile."""
    from records.backup import back_up

    settings = find_place().settings
    version = back_up(settings.records_url, file)
    size = file.stat().st_size / 1_000_000
    print_lines(
        f"{settings.records_place} is backed up in {file}: version {version}, {size:.1f} MB. "
        "Keep the keys of PINs and of personal facts as well, in another place: without them these cannot be read."
    )


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `backup` wrote.")],
) -> None:
    """Fill an empty database from a backup, all of it or nothing."""
    from records import backup as backups
    from records.opening import keys_to_put_back
    from records.schema import REVISION

    settings = find_place().settings
    _make_home(settings)
    version = backups.restore(settings.records_url, file)
    older = "" if version == REVISION else "It is of an older version: run `portout records upgrade`. "
    missing = keys_to_put_back(settings)
    keys = f"Its keys are not here: put back {', '.join(missing)} first. " if missing else ""
    print_lines(
        f"{settings.records_place} is restored from {file}: version {version}. {keys}{older}{AFTERWARDS}"
    )


def rekey(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Carry the keys of personal facts over to the first PORTOUT_RECORDS_KEY. Workers may go on meanwhile, if they have
    both keys. Exits with 5 while the old key is needed.
    """
    from records.ledger_keys import Rewrapped

    with find_place().records_as_they_are() as records:
        pages = list(records.fact_keys.rewrap())
    done = Rewrapped(sum(page.carried_over for page in pages), sum(page.left for page in pages))
    if as_json:
        print_json(done)
    else:
        left = (
            f"{done.left} are sealed under a key that is not set: set it behind the new one, after a comma."
            if done.left
            else "None needs another key than the first one."
        )
        print_lines(
            f"Carried over to the first PORTOUT_RECORDS_KEY: {done.carried_over} keys of personal facts. {left}"
        )
    if done.left:
        raise typer.Exit(FOUND)


def _make_home(settings: Settings) -> None:
    if settings.database_url is None:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
