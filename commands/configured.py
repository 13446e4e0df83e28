"""Every setting: its name in the environment, its value unless it is a secret, where that came from, what it is for."""

import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from commands.output import print_lines, print_table
from commands.session import running_in
from settings import Settings, SettingsError, Timing, load_settings, settings_without_environment
from temporal_client import LOCAL_ADDRESS

HELP = {
    "telnyx_api_key": "The key of a real account. Without it the service speaks to the sandbox.",
    "telnyx_base_url": "Where the carrier's API is, if not at its usual place.",
    "telnyx_public_key": "The carrier's public key for webhooks; two between commas while it is replaced.",
    "telnyx_public_key_file": "A file with the same, read again whenever it changes.",
    "send": "`yes` lets answers reach a real carrier; until then every order is only watched.",
    "home": "Folder of what the service makes for itself: databases and key files.",
    "database_url": "SQLAlchemy URL of the records; a SQLite file in the home folder by default.",
    "rules": "Folder with the policies, lists and fixtures.",
    "activate": "`ask`: an edit of the rules that can open the gate waits for `portout rules activate`; `auto`: none does.",
    "reviewers": "Who may decide, between commas; empty: only the user who runs the worker.",
    "token": "Who runs a command, proved: a token that `portout token add` showed.",
    "token_file": "A file that holds it, instead.",
    "lease": "Seconds that a claim lasts.",
    "pin_key": "Key of the PIN hashes, base64 of 32 bytes; with SQLite a key file is made by itself.",
    "records_key": "Key that seals personal facts in the ledger, as above.",
    "payload_keys": "Keys that encrypt workflow history: name:base64 between commas, the first one encrypts.",
    "notify": "Apprise addresses as tag=URL with the tags review, escalation, incident, between spaces.",
    "pin_wait": "Seconds that a PIN which has not come yet is waited for.",
    "heartbeat_url": "Called after each complete intake, so that an outside service notices a dead worker.",
    "intake_every": "Seconds between two intakes.",
    "task_queue": "Temporal's task queue, and the beginning of the schedule's name.",
}
"""One line for each setting; `PORTOUT_TIMING__*` have one of their own."""
TIMING_HELP = "A wait in seconds; made for tests."
_TEMPORAL = {
    "TEMPORAL_ADDRESS": (LOCAL_ADDRESS, "The Temporal server."),
    "TEMPORAL_NAMESPACE": ("default", "The namespace there."),
    "TEMPORAL_API_KEY": (None, "Key of a Temporal Cloud account."),
    "TEMPORAL_TLS": (None, "Whether to speak TLS; further TEMPORAL_TLS_* names as Temporal documents them."),
}
_SECRET = ("TEMPORAL_API_KEY",)


class Row(BaseModel):
    """One setting."""

    name: str
    value: str
    """As it is used; of a secret only `set` or `not set`."""
    source: str
    help: str


class Configured(BaseModel):
    """What `portout settings --json` prints."""

    settings: list[Row]
    fault: str | None
    """Why these settings cannot be used."""


def read_settings() -> Configured:
    """Every setting, also when one of them cannot be used: that is when people look."""
    fault = None
    try:
        settings = load_settings()
    except SettingsError as error:
        settings, fault = settings_without_environment(), str(error)
    return Configured(
        settings=[*_rows(settings), *_timing_rows(settings), *_temporal_rows(settings)], fault=fault
    )


def print_settings(configured: Configured) -> None:
    """Print them for people."""
    print_table(
        "Settings",
        ["Name", "Value", "From", "What for"],
        [[row.name, row.value, row.source, row.help] for row in configured.settings],
    )
    if configured.fault:
        print_lines(f"These settings cannot be used: {configured.fault}")


def _rows(settings: Settings) -> list[Row]:
    running = running_in(settings.home)
    announced: dict[str, Any] = {}
    if running.carrier_url and not settings.real_carrier and not settings.telnyx_base_url:
        announced = {"telnyx_base_url": running.carrier_url, "home": running.home or settings.home}
    rows = []
    for name, field in Settings.model_fields.items():
        if name == "timing":
            continue
        variable = str(field.validation_alias or f"PORTOUT_{name.upper()}")
        value, source = getattr(settings, name), "default"
        if name in announced:
            value, source = announced[name], "portout up"
        elif _given(variable):
            source = "environment"
        rows.append(Row(name=variable, value=_shown(name, value), source=source, help=HELP[name]))
    return rows


def _timing_rows(settings: Settings) -> list[Row]:
    return [
        Row(
            name=(variable := f"PORTOUT_TIMING__{name.upper()}"),
            value=f"{getattr(settings.timing, name):g}",
            source="environment" if _given(variable) or _given("PORTOUT_TIMING") else "default",
            help=TIMING_HELP,
        )
        for name in Timing.model_fields
    ]


def _temporal_rows(settings: Settings) -> list[Row]:
    running = running_in(settings.home).temporal_address
    rows = []
    for variable, (default, what) in _TEMPORAL.items():
        value, source = os.environ.get(variable) or default, "environment"
        if not _given(variable):
            source = "default"
            if variable == "TEMPORAL_ADDRESS" and running:
                value, source = running, "portout up"
        if variable in _SECRET:
            value = "set" if value else "not set"
        rows.append(Row(name=variable, value=value or "not set", source=source, help=what))
    return rows


def _given(variable: str) -> bool:
    return bool(os.environ.get(variable))


def _shown(name: str, value: Any) -> str:
    if isinstance(value, SecretStr):
        return "set"
    if value is None or value == ():
        return "not set"
    if name == "database_url":
        # A password may stand in it.
        scheme, _, rest = str(value).partition("://")
        return f"{scheme}://{rest.rpartition('@')[2]}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, float):
        return f"{value:g}"
    return str(value.resolve()) if isinstance(value, Path) else str(value)
