"""What a reviewer does: `queue`, `show`, `next`, `claim`, `release`, `approve`, `deny`, `ask`, `note`."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from commands.output import Failed, print_json, print_lines
from commands.session import find_place

if TYPE_CHECKING:
    from screening.effects import DocumentType

Order = Annotated[str, typer.Argument(metavar="ID", help="The port-out id or its support key.")]
By = Annotated[str | None, typer.Option(help="Who you are, without a token: one of PORTOUT_REVIEWERS.")]
Reason = Annotated[str, typer.Option(help="Why. Of a denial it is sent to the carrier.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def add_to(app: typer.Typer) -> None:
    for command in (queue, show, claim, release, approve, deny, ask, note):
        app.command()(command)
    app.command("next")(take_next)


def queue(as_json: AsJson = False) -> None:
    """List the orders that wait for a person, soonest deadline first."""
    from commands.queueing import SHOWN, print_queue, read_queue
    from commands.times import now

    place = find_place()
    with place.records_as_they_are() as records:
        waiting = read_queue(records, place.settings, now(), first=None if as_json else SHOWN)
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


def take_next(by: By = None, as_json: AsJson = False) -> None:
    """Claim the most urgent order that nobody has claimed. Until the claim ends nobody else can decide it."""
    from commands.claiming import take_next

    taken = take_next(find_place(), by)
    if as_json:
        print_json(taken)
    elif taken is not None:
        print_lines(taken.sentence())
    if taken is None:
        raise Failed("No unclaimed order waits for you.")


def claim(order: Order, by: By = None) -> None:
    """Claim an order that waits, so that nobody else decides it for a while. Claiming again lengthens it."""
    from commands.claiming import claim

    print_lines(claim(find_place(), order, by).sentence())


def release(order: Order, by: By = None) -> None:
    """Give your claim back, so that others can decide the order."""
    from commands.claiming import release

    print_lines(release(find_place(), order, by))


def approve(
    order: Order,
    reason: Reason = "",
    override: Annotated[
        str, typer.Option(help="Why, although a rule says deny. It stays in our ledger.")
    ] = "",
    by: By = None,
) -> None:
    """Approve an order. The reason stays in our ledger; the carrier gets the policy's own."""
    _send("approve", order, reason, by, override=override)


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


def ask(
    order: Order,
    types: Annotated[str, typer.Option(help="What is wanted: loa, invoice, or both between a comma.")] = "",
    message: Annotated[str, typer.Option(help="What to ask. The carrier reads it, and perhaps others.")] = "",
    by: By = None,
) -> None:
    """Ask for documents by a comment at the carrier. The order stays in the queue, and anybody can decide it."""
    from screening.effects import DocumentType

    words = [kind.strip().lower() for kind in types.split(",") if kind.strip()]
    if not words or not set(words) <= set(DocumentType):
        raise Failed("Say which documents with --types: loa, invoice or loa,invoice; nothing was sent.")
    wanted = [DocumentType(word) for word in dict.fromkeys(words)]
    _send("ask", order, message, by, types=wanted)


def note(
    order: Order, text: Annotated[str, typer.Argument(help="What others should know.")] = "", by: By = None
) -> None:
    """Leave a note on an order. It stays in our ledger."""
    _send("note", order, text, by)


def _send(
    action: Literal["approve", "deny", "ask", "note"],
    order: str,
    text: str,
    by: str | None,
    *,
    override: str = "",
    code: int | None = None,
    reject_as: str | None = None,
    types: "Sequence[DocumentType]" = (),
) -> None:
    if not text.strip():
        needed = {"note": "A note needs a text", "ask": "A message is needed: give it with --message"}
        raise Failed(f"{needed.get(action, 'A reason is needed: give it with --reason')}; nothing was sent.")
    from commands.deciding import Wish, send

    wish = Wish(
        action=action,
        text=text.strip(),
        override=override.strip(),
        code=code,
        reject_as=reject_as,
        types=tuple(types),
    )
    print_lines(asyncio.run(send(find_place(), order, by, wish)))
