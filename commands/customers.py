"""The customers whose numbers these are: `customers import`, `show`, `set-pin`."""

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import SecretStr

from commands.output import Failed, print_fields, print_json, print_lines
from commands.session import find_place
from commands.times import moment, now

if TYPE_CHECKING:
    from records.customers import CustomerDetails

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Who = Annotated[
    str,
    typer.Argument(
        metavar="NUMBER_OR_ID", help="A phone number with its country code, or the customer's id."
    ),
]
_CHANGES = {
    "pin_changed_at": "PIN changed",
    "email_changed_at": "E-mail changed",
    "contact_changed_at": "Contacts changed",
    "sim_changed_at": "SIM changed",
}


def add_to(app: typer.Typer) -> None:
    customers = typer.Typer(no_args_is_help=True)
    customers.command("import")(import_file)
    customers.command()(show)
    customers.command()(set_pin)
    app.add_typer(customers, name="customers", help="The customers whose numbers these are.")


def import_file(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE.csv", help="UTF-8, with a header; customer_id and numbers are needed."),
    ],
    as_json: AsJson = False,
) -> None:
    """Add and change customers from a CSV file, all of it or nothing."""
    from records.errors import CsvRefused

    with find_place().records() as records:
        try:
            report = records.customers.import_csv(file, now())
        except CsvRefused as refused:
            if as_json:
                print_json({"imported": False, "errors": refused.errors})
                raise typer.Exit(1) from None
            lines = [f"{file.name}: {error}" for error in refused.errors]
            raise Failed(
                "\n".join([*lines, "Nothing was imported: mend the file and import it again."])
            ) from None
    if as_json:
        print_json(
            {
                "imported": True,
                "rows": report.rows,
                "added": report.added,
                "updated": report.updated,
                "errors": [],
            }
        )
    else:
        print_lines(f"{report.rows} rows imported: {report.added} customers added, {report.updated} updated.")


def show(who: Who, as_json: AsJson = False) -> None:
    """Show what is on file about a customer. The PIN itself is shown nowhere."""
    with find_place().records_as_they_are() as records:
        details = records.customers.show(who)
    if as_json:
        print_json(_as_json(details))
    else:
        print_fields(f"Customer {details.customer.id}", _fields(details))


def set_pin(who: Who) -> None:
    """Put a PIN on file. It is asked for twice, or read as one line from standard input; it is never an argument."""
    place = find_place()
    with place.records() as records:
        details = records.customers.show(who)
        records.customers.set_pin(details.customer.id, _ask_for_pin(), now())
    print_lines(f"The PIN of customer {details.customer.id} is set.")


def _ask_for_pin() -> SecretStr:
    if not sys.stdin.isatty():
        return SecretStr(sys.stdin.readline().rstrip("\r\n"))
    first, second = getpass.getpass("New PIN: "), getpass.getpass("Once more: ")
    if first != second:
        raise Failed("The two PINs differ; nothing was changed.")
    return SecretStr(first)


def _as_json(details: "CustomerDetails") -> dict[str, Any]:
    customer = details.customer
    lock = customer.lock
    return {
        "id": customer.id,
        "name": customer.name,
        "business_name": customer.business_name,
        "authorized_names": customer.authorized_names,
        "tags": customer.tags,
        "country": customer.country,
        "numbers": details.numbers,
        "pin": "set" if customer.has_pin else "not set",
        "lock": {"since": lock.since, "by": lock.by, "why": lock.why} if lock else None,
        **{name: getattr(customer, name) for name in _CHANGES},
    }


def _fields(details: "CustomerDetails") -> list[list[str]]:
    customer, lock = details.customer, details.customer.lock
    dates = [[label, at] for name, label in _CHANGES.items() if (at := getattr(customer, name))]
    rows = [
        ["Name", customer.name or "—"],
        ["Business", customer.business_name or "—"],
        ["Authorized", ", ".join(customer.authorized_names) or "—"],
        ["Tags", ", ".join(customer.tags) or "—"],
        ["Country", customer.country or "—"],
        ["Numbers", ", ".join(details.numbers) or "—"],
        ["PIN", "set" if customer.has_pin else "not set; the carrier's counts, if it has one"],
        *([label, moment(at)] for label, at in dates),
    ]
    if lock:
        rows.append(
            [
                "Locked",
                " ".join(
                    filter(None, [f"since {moment(lock.since)}", lock.by and f"by {lock.by}", lock.why])
                ),
            ]
        )
    return rows
