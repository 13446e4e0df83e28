"""What an operator asks the carrier directly: the commands under `carrier`."""

import typer

from commands import carrier_comments, carrier_documents, carrier_events, carrier_orders, carrier_reports


def add_to(app: typer.Typer) -> None:
    carrier = typer.Typer(no_args_is_help=True)
    carrier.callback()(_keep_commands)
    carrier_orders.add_to(carrier)
    carrier_events.add_to(carrier)
    carrier_comments.add_to(carrier)
    carrier_documents.add_to(carrier)
    carrier_reports.add_to(carrier)
    app.add_typer(
        carrier, name="carrier", help="Ask the carrier directly, and send it comments and documents."
    )


def _keep_commands() -> None:
    """Ask the carrier directly, and send it comments and documents.

    What it answers is shown as it is, personal facts included, except PINs; nothing of it is kept here. Times are ISO
    8601 and UTC unless they say otherwise: 2026-01-31T09:30:00Z, or 2026-01-31 for its midnight.
    """
