"""`rules record`: a fixture from a real order, without anything personal in it."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from commands.output import Failed
from commands.session import find_place

if TYPE_CHECKING:
    from screening.authoring.anonymous import Invented


def add_to(rules: typer.Typer) -> None:
    rules.command()(record)


def record(
    order: Annotated[str, typer.Argument(metavar="ID", help="The port-out id or its support key.")],
) -> None:
    """Print a fixture like a screened order: invented names, numbers and PINs that give the same results.

    Carrier, SPID, tags and dates stay as they were. Where the results are not the same, that is said.
    """
    from commands.replaying import stored_bundle
    from commands.ruling_explain import recorded_of
    from screening.authoring.anonymous import invent
    from screening.authoring.recorded import NotReplayable, ReadyBundle

    with find_place().records_as_they_are() as records:
        recorded = recorded_of(records, order)
        try:
            deciding = ReadyBundle(stored_bundle(records, recorded.policy_digest))
            invented = invent(recorded, deciding)
        except NotReplayable as why:
            raise Failed(f"The order {order} cannot be made a fixture: {why}") from None
    title = f"Like an order that policy {recorded.policy} took to {recorded.outcome}"
    print(_as_yaml(title, invented), end="")
    for sentence in invented.differences:
        print(f"Not the same: {sentence}", file=sys.stderr)


def _as_yaml(title: str, invented: "Invented") -> str:
    import yaml

    content = {"title": title, "now": invented.now.isoformat(), "facts": invented.facts}
    found = ", ".join(f"{rule} {result}" for rule, result in invented.results.items())
    text: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=500)
    return f"# Gives: {found}.\n{text}"
