"""The customers whose numbers these are: what is on file about each, their PINs, their locks, their history."""

import getpass
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import SecretStr

from commands.acting import actor, whoever
from commands.customers_files import AsJson, By, export, import_file
from commands.customers_rekey import rekey
from commands.output import Failed, print_fields, print_json, print_lines, print_table
from commands.session import find_place
from commands.times import moment, now

if TYPE_CHECKING:
    from records.customers import CustomerDetails
    from records.customers_changes import Change, CustomerChange

Why = Annotated[str, typer.Option(help="The reason, for the history; of a lock also for reviewers.")]
Who = Annotated[
    str,
    typer.Argument(
        metavar="NUMBER_OR_ID", help="A phone number with its country code, or the customer's id."
    ),
]
ByReviewer = Annotated[
    str | None, typer.Option(help="Who you are, without a token: one of PORTOUT_REVIEWERS.")
]
_BY_REVIEWERS = ("locked", "unlocked")
_CHANGES = {
    "pin_changed_at": "PIN changed",
    "email_changed_at": "E-mail changed",
    "contact_changed_at": "Contacts changed",
    "sim_changed_at": "SIM changed",
}


def add_to(app: typer.Typer) -> None:
    customers = typer.Typer(no_args_is_help=True)
    customers.command("import")(import_file)
    customers.command()(export)
    customers.command()(show)
    customers.command()(set_pin)
    customers.command()(lock)
    customers.command()(unlock)
    customers.command()(history)
    customers.command()(rekey)
    app.add_typer(customers, name="customers", help="The customers whose numbers these are.")


def show(who: Who, as_json: AsJson = False) -> None:
    """Show what is on file about a customer. The PIN itself is shown nowhere."""
    with find_place().records_as_they_are() as records:
        details = records.customers.show(who)
    if as_json:
        print_json(_as_json(details))
    else:
        print_fields(f"Customer {details.customer.id}", _fields(details))


def set_pin(who: Who, by: By = None) -> None:
    """Put a PIN on file. It is asked for twice, or read as one line from standard input; it is never an argument."""
    place, at = find_place(), now()
    with place.records() as records:
        name = whoever(place.settings, records, by, at)
        details = records.customers.show(who)
        records.customers.set_pin(details.customer.id, _ask_for_pin(), at, by=name)
    print_lines(f"The PIN of customer {details.customer.id} is set.")


def lock(who: Who, why: Why, by: ByReviewer = None) -> None:
    """Lock a customer: the holder wants no number to leave. What the rules make of it is the policy's affair."""
    place, at = find_place(), now()
    with place.records() as records:
        acting = actor(place.settings, records, by, at)
        customer = records.customers.show(who).customer
        records.customers.lock(customer.id, at, by=acting.name, why=_reason(why), token=acting.token_id)
    print_lines(
        f"Customer {customer.id} is locked by {_proved(acting.name, acting.token_id)}. "
        "Orders that wait see it after `portout rescreen`."
    )


def unlock(who: Who, why: Why, by: ByReviewer = None) -> None:
    """End a customer's lock."""
    place, at = find_place(), now()
    with place.records() as records:
        acting = actor(place.settings, records, by, at)
        customer = records.customers.show(who).customer
        records.customers.unlock(customer.id, at, by=acting.name, why=_reason(why), token=acting.token_id)
    print_lines(f"Customer {customer.id} is unlocked by {_proved(acting.name, acting.token_id)}.")


def history(who: Who, as_json: AsJson = False) -> None:
    """Show what was changed about a customer, when, by whom and how. Of PINs only that there is another one."""
    with find_place().records_as_they_are() as records:
        changes = records.customers.history(who)
    if as_json:
        print_json(changes)
    elif not changes:
        print_lines("Nothing was changed since changes are written down.")
    else:
        rows = [[moment(change.at), _by(change), change.action.value, _told(change)] for change in changes]
        print_table("History", ["When", "By", "What", "How"], rows, whole=("When",))


def _by(change: "CustomerChange") -> str:
    return _proved(change.by, change.token) if change.action.value in _BY_REVIEWERS else change.by


def _proved(name: str, token: str | None) -> str:
    return f"{name} ({'verified' if token else 'unverified'})"


def _reason(why: str) -> str:
    text = " ".join(why.split())
    if not text:
        raise typer.BadParameter("must say something", param_hint="--why")
    return text


def _told(change: "CustomerChange") -> str:
    told = [f"from {change.file}"] if change.file else []
    told += [change.why] if change.why else []
    told += [
        f"{one.field}: {_words(one, one.before)} → {_words(one, one.after)}"
        if one.field != "pin"
        else "another PIN"
        for one in change.changes
    ]
    return "; ".join(told)


def _words(change: "Change", value: "str | list[str] | None") -> str:
    if isinstance(value, str) and change.field.endswith("_at"):
        return moment(datetime.fromisoformat(value))
    return (", ".join(value) if isinstance(value, list) else value) or "—"


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
        "emails": details.emails,
        "contact_phones": details.contact_phones,
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
        ["E-mail", ", ".join(details.emails) or "—"],
        ["Phone", ", ".join(details.contact_phones) or "—"],
        ["Tags", ", ".join(customer.tags) or "—"],
        ["Country", customer.country or "—"],
        ["Numbers", ", ".join(details.numbers) or "—"],
        ["PIN", "set" if customer.has_pin else "not set; the carrier's counts, if it has one"],
        *([label, moment(at)] for label, at in dates),
    ]
    if lock:
        told = [f"since {moment(lock.since)}"] if lock.since else []
        told += [f"by {lock.by}"] if lock.by else []
        rows.append(["Locked", " ".join([*told, lock.why or ""]).strip()])
    return rows
