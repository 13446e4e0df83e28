"""Replacing PORTOUT_PIN_KEY: carrying PINs on file over to the new key, as far as that can be: `customers rekey`."""

import asyncio
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import SecretStr

from commands.acting import whoever
from commands.customers_files import AsJson, By, customers, progress_bars
from commands.output import print_fields, print_json, print_lines
from commands.session import Place, find_place
from commands.times import now

if TYPE_CHECKING:
    from records.customers import OldPin
    from records.store import Records
    from telnyx_api import TelnyxClient

FOUND = 5
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Rekeyed:
    """What became of the PINs on file.

    Args:
        first, second, neither: PINs by the key that they are hashed under now.
        carried_over: those of `first` that this run hashed anew.
        not_asked: customers whose numbers the carrier could not be asked for.
        customers: those whose PIN the first key alone cannot compare.
    """

    first: int
    second: int
    neither: int
    carried_over: int
    not_asked: int
    customers: list[str]


def rekey(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only count; ask the carrier nothing and change nothing.")
    ] = False,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Carry PINs on file over to the first PORTOUT_PIN_KEY, and say which cannot be.

    A hash is made anew only where the PIN itself is known: the carrier has it in clear as the number's external_pin,
    and it is the same. Exits 5 while there is a PIN that the first key alone cannot compare.
    """
    place, at = find_place(), now()
    with place.records() as records:
        who = whoever(place.settings, records, by, at)
        old = [] if dry_run else [one for one in records.customers.old_pins() if one.comparable]
        carried, not_asked = asyncio.run(_carry_over(place, records, old, who)) if old else (0, 0)
        keys = records.customers.pin_keys()
        left = [one.customer_id for one in records.customers.old_pins()]
    found = Rekeyed(**asdict(keys), carried_over=carried, not_asked=not_asked, customers=left)
    if as_json:
        print_json(found)
    else:
        _print(found)
    if left:
        raise typer.Exit(FOUND)


async def _carry_over(place: Place, records: "Records", old: "list[OldPin]", who: str) -> tuple[int, int]:
    """Ask the carrier for the PINs of these customers; how many were carried over, and how many could not be asked for."""
    from telnyx_api import CarrierError

    slots = asyncio.Semaphore(AT_ONCE)
    with progress_bars() as progress:
        done = 0

        async def one(customer: "OldPin") -> bool | None:
            nonlocal done
            async with slots:
                try:
                    pins = await _known_pins(carrier, customer.numbers)
                except CarrierError:
                    return None
                finally:
                    done += 1
                    progress("asking the carrier", done, len(old))
                return await asyncio.to_thread(
                    records.customers.carry_over_pin, customer.customer_id, pins, now(), by=who
                )

        async with place.carrier() as carrier:
            results = await asyncio.gather(*(one(customer) for customer in old))
    return results.count(True), results.count(None)


async def _known_pins(carrier: "TelnyxClient", numbers: list[str]) -> list[SecretStr]:
    found = [await carrier.phone_number(number) for number in numbers]
    return [record.external_pin for record in found if record and record.external_pin]


def _print(found: Rekeyed) -> None:
    rows = [
        ["under the first key", f"{found.first:,}", "fine"],
        ["of these carried over now", f"{found.carried_over:,}", "the carrier has the same PIN in clear"],
        ["under the second key", f"{found.second:,}", "compared as long as that key stays set"],
        ["under neither", f"{found.neither:,}", "cannot be compared: their orders go to review"],
    ]
    print_fields("PINs on file", rows)
    if found.not_asked:
        print_lines(
            f"The carrier could not be asked about {customers(found.not_asked)}: run this again later."
        )
    if found.customers:
        print_lines(
            "A PIN that is known only by its hash cannot be carried over: import a file with the PINs, or ask for "
            "them anew with `portout customers set-pin`. --json names the customers."
        )
    else:
        print_lines("The first key alone can compare every PIN: an older one need not stay set.")
