"""`portout preflight`: a real set-up looked at before it is switched on. It reads only, here and at the carrier."""

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, SecretStr

from activities.pins import STATUS_CHANGED
from activities.policies import InForce
from commands.hearing import plan_webhooks
from commands.outlook import Forecaster, Outlook, Unjudged, sending_since
from commands.output import print_lines, print_table
from commands.probing import (
    Part,
    doubtful,
    failed,
    print_parts,
    probe_carrier,
    probe_records,
    probe_rules,
    probe_temporal,
    well,
    works,
)
from commands.queueing import odd_results
from commands.session import Place
from commands.times import now, time_left
from records.errors import BadKey, RecordsError
from records.keys import MOST_KEYS, parse_keys
from records.opening import directory_of
from records.store import Records
from records.upgrade import upgrade
from screening.authoring.gate import differences
from screening.bundle import REVIEW_EVERYTHING, Bundle
from settings import Settings, SettingsError
from telnyx_api import CarrierError, PortOut, TelnyxClient
from temporal_client import data_converter, readable_history
from temporal_set_up import attributes_work

FICTIONAL = "+12025550100"
"""A number that is kept free for stories: no customer has it."""


class Preflight(BaseModel):
    """What `portout preflight --json` prints."""

    ready: bool
    sends: bool
    parts: list[Part]
    pending: list[Outlook | Unjudged]


async def read_preflight(place: Place) -> Preflight:
    """Look at every part and judge every pending order. A worker need not run."""
    settings = place.settings
    at = now()
    temporal, client = await probe_temporal(place)
    parts = [temporal]
    if client is not None:
        attributes = await attributes_work(client)
        parts.append(_search_attributes(attributes))
    async with place.carrier() as carrier:
        of_carrier = await probe_carrier(carrier, settings, at)
        orders: Sequence[PortOut] = []
        if works([of_carrier]):
            of_carrier, orders = await _probe_rights(carrier, of_carrier)
        parts.append(of_carrier)
        rules, bundle = probe_rules(settings)
        of_records, current = probe_records(settings)
        parts += [_planned(of_records) if current is False else of_records, rules]
        parts += [
            *_probe_people(settings),
            _probe_keys(place),
            _sending(settings),
            plan_webhooks(settings),
        ]
        pending: list[Outlook | Unjudged] = []
        try:
            with _records(place, ready=bool(current)) as records:
                parts += [doubtful("Records", warning) for warning in records.warnings()]
                parts += await asyncio.to_thread(_probe_directory, records)
                forecaster = Forecaster(
                    carrier,
                    records,
                    _in_force(bundle, records, asks=place.settings.activate == "ask"),
                    settings.sends,
                    sending_since(records, real_carrier=settings.real_carrier, sends=settings.sends, now=at),
                    at,
                )
                pending = sorted(await forecaster.forecast(orders), key=_urgency)
        except RecordsError as error:
            parts.append(failed("Records", f"The pending orders were not judged: {error}"))
    parts.append(_pins(pending))
    return Preflight(ready=works(parts), sends=settings.sends, parts=parts, pending=pending)


def print_preflight(preflight: Preflight) -> None:
    """Print it for people."""
    print_lines("Nothing is sent or changed by this check.")
    print_parts("Set-up", preflight.parts)
    print_lines("")
    if not preflight.pending:
        print_lines("No order is pending.")
    else:
        condition = "" if preflight.sends else ", if it were allowed to (it is in shadow now)"
        print_table(
            f"{len(preflight.pending)} pending, and what the policy would do now{condition}",
            ["Order", "Gaining carrier", "PINs", "Would", "Score", "Time left", "Why"],
            [_row(order) for order in preflight.pending],
        )
    print_lines("Ready." if preflight.ready else "Not ready: see what FAILED.")


def _row(order: Outlook | Unjudged) -> list[str]:
    name = order.support_key or order.portout_id
    if isinstance(order, Unjudged):
        return [name, "", "", "not judged", "", "", order.why]
    return [
        name,
        " ".join(filter(None, [order.carrier_name, order.spid])) or "—",
        f"{order.numbers_with_pin} of {order.number_count}",
        _would(order),
        str(order.score),
        time_left(order.respond_by, order.limit, now()),
        " ".join(filter(None, [odd_results(order.rules), *order.notes])),
    ]


def _urgency(order: Outlook | Unjudged) -> tuple[bool, str]:
    if isinstance(order, Unjudged):
        return False, order.portout_id
    return True, order.respond_by.isoformat()


def _would(order: Outlook) -> str:
    if order.answer is None:
        return str(order.outcome)
    code = f" {order.answer.rejection_code}" if order.answer.rejection_code is not None else ""
    return f"{order.outcome}{code}"


def _search_attributes(work: bool) -> Part:
    if work:
        return well("Search attributes", "registered")
    return doubtful(
        "Search attributes",
        "not registered yet; the worker does it at start, or says which commands to run where it may not",
    )


async def _probe_rights(carrier: TelnyxClient, part: Part) -> tuple[Part, Sequence[PortOut]]:
    """Whether the key may read all that screening reads. Whether it may answer cannot be tried without an answer."""
    try:
        orders = await carrier.portouts(status="pending")
        await carrier.events(event_type=STATUS_CHANGED, created_gte=now())
        if orders:
            await carrier.rejection_codes(orders[0].id)
            if orders[0].phone_numbers:
                await carrier.phone_number(orders[0].phone_numbers[0])
    except CarrierError as error:
        return failed("Carrier", f"{part.says}, but screening could not read everything: {error}"), []
    read = "orders and events" if not orders else "orders, events, codes and numbers"
    says = f"{part.says} and lets it read {read}; that it may answer shows only when it does"
    return well("Carrier", says), orders


def _planned(part: Part) -> Part:
    """Before the first start there are no records: that is no fault, but no customer is known either."""
    return doubtful("Records", f"{part.says}; here the orders are judged as if no customer had been imported")


def _probe_people(settings: Settings) -> Iterator[Part]:
    names = ", ".join(sorted(settings.who_decides))
    if settings.reviewers:
        yield well("Reviewers", names)
    else:
        yield doubtful("Reviewers", f"PORTOUT_REVIEWERS is not set, so only the user {names} may decide")
    addresses = settings.notice_urls()
    untold = [tag for tag in ("review", "escalation", "incident") if tag not in dict(addresses)]
    unknown = sum(not _understood(url) for _, url in addresses)
    if unknown:
        yield failed("Notices", f"{unknown} of {len(addresses)} addresses in PORTOUT_NOTIFY cannot be used")
    elif untold:
        yield doubtful("Notices", f"PORTOUT_NOTIFY tells nobody of: {', '.join(untold)}")
    else:
        yield well("Notices", f"{len(addresses)} addresses for review, escalation and incident")


def _understood(url: SecretStr) -> bool:
    import logging

    import apprise

    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its messages carry addresses with keys in them
    return bool(apprise.Apprise().add(url.get_secret_value()))


def _probe_keys(place: Place) -> Part:
    settings = place.settings
    embedded = settings.records_url.startswith("sqlite")
    says: list[str] = []
    missing: list[str] = []
    for name, key in (
        ("PORTOUT_PIN_KEY", settings.pin_key),
        ("PORTOUT_RECORDS_KEY", settings.records_key),
        ("PORTOUT_LEDGER_KEY", settings.ledger_key),
    ):
        if key is None:
            (says if embedded else missing).append(
                f"{name} is not set" + (", a key file beside the records is used" if embedded else "")
            )
            continue
        try:
            parse_keys(key, name, most=1 if name == "PORTOUT_LEDGER_KEY" else MOST_KEYS)
        except BadKey as error:
            return failed("Keys", str(error))
        says.append(f"{name} is set")
    try:
        data_converter(settings.payload_keys)
    except SettingsError as error:
        return failed("Keys", str(error))
    missing += [warning.rstrip(".") for warning in readable_history(settings, place.temporal_address)]
    return doubtful("Keys", "; ".join(says + missing)) if missing else well("Keys", "; ".join(says))


def _sending(settings: Settings) -> Part:
    if not settings.real_carrier:
        return doubtful("Sending", "TELNYX_API_KEY is not set: this is the sandbox, not a real account")
    if settings.sends:
        return well("Sending", "PORTOUT_SEND is yes: the worker sends answers to the carrier")
    return doubtful("Sending", "PORTOUT_SEND is not yes: every order is only watched")


def _probe_directory(records: Records) -> list[Part]:
    """Whether the operator's directory says that it does not know a number that nobody has."""
    directory = records.customers.directory
    if directory is None:
        return []
    try:
        found = directory.find([FICTIONAL])
    except RecordsError as error:
        return [failed("Directory", str(error))]
    if found:
        return [doubtful("Directory", f"it says that {FICTIONAL}, which nobody can have, is a customer's")]
    return [
        well("Directory", f"answers; asked for customers and PINs as: {', '.join(records.customers.sources)}")
    ]


def _pins(pending: Sequence[Outlook | Unjudged]) -> Part:
    judged = [order for order in pending if isinstance(order, Outlook)]
    numbers = sum(order.number_count for order in judged)
    known = sum(order.numbers_with_pin for order in judged)
    says = f"{known} of the {numbers} numbers of the pending orders have a PIN on file"
    if len(judged) < len(pending):
        return failed("PINs", f"{says}; {len(pending) - len(judged)} orders could not be judged")
    return well("PINs", says) if known or not numbers else doubtful("PINs", says)


def _in_force(bundle: Bundle | None, records: Records, *, asks: bool) -> InForce:
    """What a worker that starts now would judge by: the files, unless they are refused or wait to be activated."""
    live = records.policies.live()
    stored = records.policies.load(live.digest) if live else None
    current = Bundle.from_canonical(stored) if stored else REVIEW_EVERYTHING
    nothing_live = current.digest == REVIEW_EVERYTHING.digest
    waits = (
        asks
        and not nothing_live
        and bundle
        and any(found.opens_gate for found in differences(current, bundle))
    )
    judging = current if bundle is None or waits else bundle
    return InForce(judging.digest, judging)


@contextmanager
def _records(place: Place, *, ready: bool) -> Iterator[Records]:
    """The records as they are, or empty ones that are gone afterwards."""
    if ready:
        with place.records_as_they_are() as records:
            yield records
        return
    with tempfile.TemporaryDirectory(prefix="portout-preflight-") as folder:
        url = f"sqlite:///{Path(folder) / 'records.db'}"
        upgrade(url)
        settings = place.settings
        records = Records.open(
            url,
            pin_key=None,
            records_key=None,
            sources=settings.sources,
            directory=directory_of(settings),
        )
        try:
            yield records
        finally:
            records.close()
