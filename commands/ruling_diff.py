"""`rules diff`: what differs between two bundles, in words, and which edits can open the gate."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.output import Failed, plain, print_json
from commands.session import find_place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from screening.authoring.gate import Difference
    from screening.bundle import Bundle

OPENS = "opens the gate"

_HELP = "A rules folder, the digest of a stored bundle or at least six digits of its beginning, or `live`."


def add_to(rules: typer.Typer) -> None:
    rules.command()(diff)


def diff(
    before: Annotated[str, typer.Argument(metavar="A", help=_HELP)],
    after: Annotated[str, typer.Argument(metavar="B", help="The same.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what differs between two bundles, and mark each edit that can turn a review or denial into an approval."""
    from commands.bundle_names import SHOWN
    from screening.authoring.gate import differences

    old, new = _bundle(before), _bundle(after)
    found = differences(old, new)
    opening = sum(difference.opens_gate for difference in found)
    if as_json:
        print_json(
            {
                "before": old.digest,
                "after": new.digest,
                "opens_gate": opening > 0,
                "differences": found,
            }
        )
        return
    print_differences(found)
    digests = f"{old.digest[:SHOWN]} -> {new.digest[:SHOWN]}"
    if not found:
        print(f"No difference: both have the digest {new.digest[:SHOWN]}.")
    else:
        count = "1 difference" if len(found) == 1 else f"{len(found)} differences"
        print(f"{digests}: {count}, {opening or 'none'} of which can open the gate.")


def print_differences(found: "Sequence[Difference]", indent: str = "") -> None:
    """Print differences below the policy that they belong to, those that can open the gate with their mark."""
    width = len(OPENS) if any(difference.opens_gate for difference in found) else 0
    for policy in dict.fromkeys(difference.policy for difference in found):
        print(plain(f"{indent}{policy or 'lists and fixtures'}"))
        for difference in found:
            if difference.policy == policy:
                mark = OPENS if difference.opens_gate else ""
                print(
                    plain(
                        f"{indent}  {mark:{width}}  {difference.text}"
                        if width
                        else f"{indent}  {difference.text}"
                    )
                )


def _bundle(name: str) -> "Bundle":
    from commands.bundle_names import (
        LIVE,
        bundle_in,
        live_of,
        looks_like_digest,
        stored_bundle,
        stored_digest,
    )

    folder = Path(name)
    if name != LIVE and (folder.is_dir() or not looks_like_digest(name)):
        return bundle_in(folder)
    with find_place().records_as_they_are() as records:
        if name == LIVE:
            live = live_of(records)
            if live is None:
                raise Failed(
                    "No bundle is live yet: the first start of a worker makes the rules folder live."
                )
            return stored_bundle(records, live.digest)
        digest = stored_digest(records, name)
        if digest is None:
            raise Failed(
                f"No stored bundle has a digest that begins with {name}, and there is no such folder."
            )
        return stored_bundle(records, digest)
