"""`portout carrier documents` and `attach`: what was handed in about an order."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import typer

from commands.output import print_json, print_lines, print_table
from commands.session import find_place

if TYPE_CHECKING:
    from telnyx_api import SupportingDocument, TelnyxClient

Order = Annotated[str, typer.Argument(metavar="ID", help="The port-out id or its support key.")]
By = Annotated[str | None, typer.Option(help="Who you are: one of PORTOUT_REVIEWERS.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def add_to(carrier: typer.Typer) -> None:
    for command in (documents, attach):
        carrier.command()(command)


def documents(order: Order, as_json: AsJson = False) -> None:
    """List the documents linked to an order, with what the virus scan says of them."""
    from commands import carrier_asking as asking

    async def read() -> list[dict[str, Any]]:
        async with asking.carrier_of(find_place()) as carrier:
            portout_id = await asking.order_id(carrier, order)
            with asking.known_as(asking.about_order(order)):
                links = await carrier.supporting_documents(portout_id)
            asking.warn_of_gaps(links)
            return [await _with_document(carrier, link) for link in links]

    found = asyncio.run(read())
    if as_json:
        print_json(found)
    elif not found:
        print_lines("No document is linked to this order.")
    else:
        _print_documents(order, found)


def attach(
    order: Order,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What the customer sent.")],
    kind: Annotated[str, typer.Option("--type", help="What it is: loa or invoice.")],
    by: By = None,
) -> None:
    """Upload a file and link it to an order. Run again after a failure, it goes on where it stopped."""
    from commands import carrier_asking as asking
    from commands.carrier_attaching import attach as attach_file
    from telnyx_api import DocumentType

    asking.one_of("--type", kind, get_args(DocumentType))
    print_lines(asyncio.run(attach_file(find_place(), order, file, cast("DocumentType", kind), by)))


async def _with_document(carrier: "TelnyxClient", link: "SupportingDocument") -> dict[str, Any]:
    """The link and, under `document`, what the carrier knows of the file; None when it has none any more."""
    from telnyx_api import NotFound, Unprocessable

    shown = link.model_dump(mode="json")
    try:
        document = await carrier.document(link.document_id) if link.document_id else None
    except (NotFound, Unprocessable):
        document = None
    return shown | {"document": document.model_dump(mode="json") if document else None}


def _print_documents(order: str, found: list[dict[str, Any]]) -> None:
    from commands import carrier_asking as asking

    def row(link: dict[str, Any]) -> list[str]:
        document = link["document"] or {}
        size = document.get("size") or {}
        return [
            asking.readable(link["type"]),
            asking.readable(document.get("filename"))
            if link["document"]
            else "(the carrier has no such file)",
            " ".join(asking.readable(size[name]) for name in ("amount", "unit") if size.get(name) is not None)
            or asking.NOTHING,
            asking.readable(document.get("av_scan_status")),
            asking.readable(document.get("status")),
            asking.short(link["created_at"]),
        ]

    print_table(
        f"Documents of {order}, times in UTC",
        ["Type", "File", "Size", "Virus scan", "Review", "Linked"],
        [row(link) for link in found],
        whole=("Type", "Virus scan", "Linked"),
    )
