"""Looking at the parts of the service, one sentence each. Nothing here changes anything."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import BaseModel

from commands.output import print_fields
from commands.session import Place
from records.errors import RecordsError
from records.upgrade import is_current
from screening.bundle import Bundle
from screening.reading.diagnostics import PolicyErrors
from screening.reading.loading import load_bundle
from settings import Settings, SettingsError
from telnyx_api import CarrierError, Forbidden, TelnyxClient, Unauthorized
from temporal_client import TemporalUnreachable

if TYPE_CHECKING:
    from temporalio.client import Client


class Health(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "FAILED"


class Part(BaseModel):
    """A part of the service and how it is."""

    name: str
    health: Health
    says: str


def well(name: str, says: str) -> Part:
    return Part(name=name, health=Health.OK, says=says)


def doubtful(name: str, says: str) -> Part:
    """It works, and somebody should know this."""
    return Part(name=name, health=Health.WARNING, says=says)


def failed(name: str, says: str) -> Part:
    return Part(name=name, health=Health.FAILED, says=says)


def works(parts: list[Part]) -> bool:
    return not any(part.health is Health.FAILED for part in parts)


def print_parts(title: str, parts: list[Part]) -> None:
    print_fields(title, [[part.name, part.health, part.says] for part in parts])


async def probe_temporal(place: Place) -> "tuple[Part, Client | None]":
    """Whether the Temporal server and the namespace are there."""
    from temporalio.service import RPCError

    try:
        client = await place.temporal()
        await client.count_workflows("WorkflowId = 'portout-status'")
    except (TemporalUnreachable, SettingsError) as error:
        return failed("Temporal", str(error)), None
    except RPCError as error:
        return failed("Temporal", f"The server answers, but not for us: {error.message}."), None
    return well(
        "Temporal", f"{client.service_client.config.target_host}, namespace {client.namespace}"
    ), client


async def probe_carrier(carrier: TelnyxClient, settings: Settings, now: datetime) -> Part:
    """Whether the carrier answers and takes the key."""
    try:
        await carrier.portouts(status="pending", inserted_gte=now)
    except (Unauthorized, Forbidden) as error:
        return failed("Carrier", f"{settings.carrier_url}: {error}")
    except CarrierError as error:
        return failed("Carrier", f"{settings.carrier_url} cannot be used now: {error}")
    whose = "" if settings.real_carrier else " (the sandbox)"
    return well("Carrier", f"{settings.carrier_url}{whose} takes the key")


def probe_rules(settings: Settings) -> tuple[Part, Bundle | None]:
    """Whether the rule files load, and what is in them."""
    try:
        bundle = load_bundle(settings.rules)
    except PolicyErrors as error:
        first = error.diagnostics[0]
        more = f" and {len(error.diagnostics) - 1} more" if len(error.diagnostics) > 1 else ""
        says = f"{first.file}:{first.line}: {first.message}{more}; see `portout rules check`"
        return failed("Rules", says), None
    policies = ", ".join(f"{policy.policy} ({policy.mode})" for policy in bundle.policies.values())
    return well("Rules", f"{policies}, digest {bundle.digest[:12]}"), bundle


def probe_records(settings: Settings) -> tuple[Part, bool | None]:
    """Whether the database is there and at this program's version; None when that cannot be found out."""
    shown = settings.records_place
    try:
        current = is_current(settings.records_url)
    except RecordsError as error:
        return failed("Records", str(error)), None
    if not current:
        remedy = (
            "a start of the worker"
            if settings.records_url.startswith("sqlite")
            else "`portout records upgrade`"
        )
        says = f"{shown} is not there or not up to date; {remedy} brings it so"
        return failed("Records", says), False
    return well("Records", shown), True
