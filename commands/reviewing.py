"""What a reviewer does: `queue`, `show`, `approve`, `deny`, `note`."""

import asyncio
from typing import Annotated, Literal

import typer

from commands.output import Failed, print_json, print_lines
from commands.session import find_place

Order = Annotated[str, typer.Argument(metavar="ID", help="The port-out id or its support key.")]
By = Annotated[str | None, typer.Option(help="Who you are: one of PORTOUT_REVIEWERS.")]
Reason = Annotated[str, typer.Option(help="Why. Of a denial it is sent to the carrier.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def add_to(app: typer.Typer) -> None:
    for command in (queue, show, approve, deny, note):
        app.command()(command)


def queue(as_json: AsJson = False) -> None:
    """List the orders that wait for a person, soonest deadline first."""
    from commands.queueing import print_queue, read_queue
    from commands.times import now

    place = find_place()
    with place.records_as_they_are() as records:
        waiting = read_queue(records, place.settings, now())
    if as_json:
        print_json(waiting)
    else:
        print_queue(waiting)


def show(order: Order, as_json: AsJson = False) -> None:
    """Show an order: the request, what the rules found, what can be done, what happened."""
    from commands.showing import read_order

    shown = asyncio.run(read_order(find_place(), order))
    if as_json:
        print_json(shown)
        return
    from commands.order_page import print_order
    from commands.times import now

    print_order(shown, now())


def approve(order: Order, reason: Reason = "", by: By = None) -> None:
    """Approve an order. The reason stays in our ledger; the carrier gets the policy's own."""
    _send("approve", order, reason, by)


def deny(
    order: Order,
    reason: Reason = "",
    by: By = None,
    code: Annotated[int | None, typer.Option(help="A code that the carrier lists for this order.")] = None,
    reject_as: Annotated[str | None, typer.Option(help="A name of the policy's rejections instead.")] = None,
) -> None:
    """Deny an order. The reason goes to the carrier, and perhaps to the gaining carrier."""
    if code is not None and reject_as is not None:
        raise typer.BadParameter("give --code or --reject-as, not both")
    _send("deny", order, reason, by, code=code, reject_as=reject_as)


def note(
    order: Order, text: Annotated[str, typer.Argument(help="What others should know.")] = "", by: By = None
) -> None:
    """Leave a note on an order. It stays in our ledger."""
    _send("note", order, text, by)


def _send(
    action: Literal["approve", "deny", "note"],
    order: str,
    text: str,
    by: str | None,
    *,
    code: int | None = None,
    reject_as: str | None = None,
) -> None:
    if not text.strip():
        needed = "A note needs a text" if action == "note" else "A reason is needed: give it with --reason"
        raise Failed(f"{needed}; nothing was sent.")
    from pydantic import ValidationError

    from commands.deciding import reviewer, send
    from workflows.messages import TEXT_LENGTH, ReviewRequest

    place = find_place()
    who = reviewer(place.settings, by)
    try:
        request = ReviewRequest(
            action=action, reviewer=who, reason=text.strip(), rejection_code=code, reject_as=reject_as
        )
    except ValidationError:
        raise Failed(f"The text is longer than {TEXT_LENGTH} characters; nothing was sent.") from None
    print_lines(asyncio.run(send(place, order, request)))
