"""`rules status` and `rules activate`: which bundle judges new orders, which ones wait, and letting one in."""

from typing import TYPE_CHECKING, Annotated

import typer

from commands.output import Failed, print_json, print_lines
from commands.session import find_place

if TYPE_CHECKING:
    from records.store import Records
    from settings import Settings


def add_to(rules: typer.Typer) -> None:
    rules.command()(status)
    rules.command()(activate)


def status(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show the bundle that is live, those that wait or are refused, and which worker runs which."""
    from commands.live_rules import print_live_rules, read_live_rules
    from commands.times import now

    place = find_place()
    with place.records_as_they_are() as records:
        found = read_live_rules(records, now())
    if as_json:
        print_json(found)
    else:
        print_live_rules(found)


def activate(
    digest: Annotated[
        str,
        typer.Argument(help="The digest of a bundle that waits or was live, or at least six digits of it."),
    ],
    by: Annotated[str | None, typer.Option(help="Who you are: one of PORTOUT_REVIEWERS.")] = None,
) -> None:
    """Make a bundle live: from now on it judges new orders, on every worker. Orders that wait keep theirs."""
    from commands.acting import actor
    from commands.bundle_names import SHOWN, live_of, stored_bundle
    from commands.ruling_diff import print_differences
    from commands.times import now
    from screening.authoring.gate import differences
    from screening.bundle import ENGINE_VERSION

    place = find_place()
    with place.records_as_they_are() as records:
        who = actor(place.settings, records, by, now()).name
        wanted = _stored(records, place.settings, digest)
        bundle = stored_bundle(records, wanted)
        last = records.policies.live()
        live = live_of(records)
        if live is not None and live.digest == wanted:
            print_lines(f"{wanted[:SHOWN]} is live already.")
            return
        if not records.policies.activate(
            wanted, ENGINE_VERSION, now(), instead_of=last.digest if last else None, by=who
        ):
            raise Failed("Another bundle was made live meanwhile: look at `portout rules status` again.")
        if live is not None:
            print_differences(differences(stored_bundle(records, live.digest), bundle))
    instead = f" instead of {live.digest[:SHOWN]}" if live else ""
    print_lines(
        f"{wanted[:SHOWN]} is live{instead}, activated by {who}. "
        "Orders that wait keep the rules they began with; `portout rescreen --waiting` runs them through these."
    )


def _stored(records: "Records", settings: "Settings", beginning: str) -> str:
    """The digest of the bundle to activate. One that no worker has seen yet is taken from the rules folder.

    Raises:
        Failed: there is no such bundle, several begin so, or the one in the folder is refused.
    """
    from activities.policies import read_and_test
    from commands.bundle_names import USAGE, looks_like_digest, stored_digest
    from commands.times import now
    from screening.bundle import REVIEW_EVERYTHING

    if not looks_like_digest(beginning):
        raise Failed(f"{beginning} is no digest: `portout rules status` shows those that wait.", USAGE)
    found = stored_digest(records, beginning)
    if found is not None and found != REVIEW_EVERYTHING.digest:
        return found
    bundle, refused = read_and_test(settings.rules)
    if bundle is not None and bundle.digest.startswith(beginning.lower()):
        records.policies.keep(bundle.digest, bundle.canonical(), now())
        return bundle.digest
    why = f" {refused}" if refused else ""
    raise Failed(
        f"No bundle with a digest that begins with {beginning} is stored, nor is it the one in {settings.rules}: "
        f"`portout rules status` shows those that wait.{why}"
    )
