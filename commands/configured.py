"""Every setting: its name in the environment, its value unless it is a secret, where that came from, what it is for."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from commands.output import Failed, plain, print_fields, print_lines, print_table
from commands.session import running_in
from commands.times import USAGE
from environment import IN_FILES, Found, find_settings, in_environment, no_setting, variable_of
from records.errors import BadKey
from records.keys import MOST_KEYS, parse_keys
from settings import Settings, SettingsError, Timing
from temporal_client import LOCAL_ADDRESS, keys_of, temporal_config

HELP = {
    "telnyx_api_key": "The key of a real account. Without it the service speaks to the sandbox.",
    "telnyx_base_url": "Where the carrier's API is, if not at its usual place.",
    "telnyx_public_key": "The carrier's public key for webhooks; two between commas while it is replaced.",
    "telnyx_public_key_file": "A file with the same, read again whenever it changes.",
    "send": "`yes` lets answers reach a real carrier; until then every order is only watched.",
    "home": "Folder of what the service makes for itself: databases and key files.",
    "database_url": "SQLAlchemy URL of the records; by default a SQLite file in the home folder. PGPASSWORD etc. count.",
    "rules": "Folder with the policies, lists and fixtures.",
    "activate": "`ask`: an edit of the rules that can open the gate waits for `portout rules activate`; `auto`: none does.",
    "reviewers": "Who may decide, between commas; empty: only the user who runs the worker.",
    "token": "Who runs a command, proved: a token that `portout token add` showed.",
    "lease": "Seconds that a claim lasts.",
    "pin_key": "Key of the PIN hashes, base64 of 32 bytes; two between commas while one is replaced. SQLite makes its own.",
    "records_key": "Key that seals personal facts in the ledger, as above.",
    "ledger_key": "Key that signs checkpoints of the ledger (Ed25519 seed), as above.",
    "ledger_checkpoints": "File of these checkpoints, best out of reach of the database; in the home folder by default.",
    "directory_url": "Your own directory of customers: asked for <address>/<number>, as docs/customers.md says.",
    "directory_token": "Sent to it as bearer token.",
    "customer_sources": "Who is asked for customers and PINs, the first one first: tables, telnyx, directory.",
    "payload_keys": "Keys that encrypt workflow history: name:base64 between commas, the first one encrypts.",
    "codec_origins": "Addresses of Temporal's web UI, between commas, whose pages the console opens payloads for.",
    "notify": "Apprise addresses as tag=URL with the tags review, escalation, incident, between spaces.",
    "pin_wait": "Seconds that a PIN which has not come yet is waited for.",
    "heartbeat_url": "Called after each complete intake, so that an outside service notices a dead worker.",
    "intake_every": "Seconds between two intakes.",
    "task_queue": "Temporal's task queue, and the beginning of the schedule's name.",
}
"""One line for each setting; `PORTOUT_TIMING__*` have one of their own."""
KEY_FILES = {"pin_key": "pin.key", "records_key": "records.key", "ledger_key": "ledger.key"}
"""What SQLite makes for itself in the home folder."""
TIMING_HELP = "A wait in seconds; made for tests."
_TEMPORAL = {
    "TEMPORAL_ADDRESS": (LOCAL_ADDRESS, "The Temporal server."),
    "TEMPORAL_NAMESPACE": ("default", "The namespace there."),
    "TEMPORAL_API_KEY": (None, "Key of a Temporal Cloud account."),
    "TEMPORAL_TLS": (None, "Whether to speak TLS; further TEMPORAL_TLS_* names as Temporal documents them."),
}


class Row(BaseModel):
    """One setting."""

    name: str
    value: str
    """As it is used; of a secret only `set` or `not set`."""
    source: str
    help: str
    fault: str | None = None
    """Why it cannot be used."""


class Configured(BaseModel):
    """What `portout settings --json` prints."""

    settings: list[Row]
    faults: list[str]
    """Why these settings cannot be used, a sentence each."""


def read_settings() -> Configured:
    """Every setting, also when one of them cannot be used: that is when people look."""
    found = find_settings()
    faults = {**found.faults, **dict(_key_faults(found.settings))}
    rows = [*_rows(found), *_timing_rows(found.settings), *_temporal_rows(found.settings)]
    for row in rows:
        # The waits of PORTOUT_TIMING__* are one setting, whose sentence begins with the name of the wait.
        row.fault = faults.get(row.name) or next(
            (fault for fault in faults.values() if fault.startswith(f"{row.name}: ")), None
        )
        if row.fault:
            row.value = "cannot be used"
    return Configured(settings=rows, faults=list(faults.values()))


def setting_of(configured: Configured, name: str) -> Row:
    """One of them, also by the name of the file that it may stand in.

    Raises:
        Failed: there is no such setting.
    """
    rows = {row.name: row for row in configured.settings}
    wanted = name.upper()
    found = rows.get(wanted) or rows.get(wanted.removesuffix("_FILE"))
    if found is None:
        raise Failed(no_setting(plain(name), rows), USAGE)
    return found


def print_setting(row: Row) -> None:
    """Print one for people."""
    told = [["Value", row.value], ["From", row.source], ["What for", row.help]]
    if row.name in IN_FILES:
        told.append(["File", f"it may stand in one, which {row.name}_FILE names"])
    print_fields(row.name, told)
    if row.fault:
        print_lines(f"Cannot be used: {row.fault}")


def print_settings(configured: Configured) -> None:
    """Print them for people."""
    print_table(
        "Settings",
        ["Name", "Value", "From", "What for"],
        [[row.name, row.value, row.source, row.help] for row in configured.settings],
        whole=("Name",),
    )
    print_lines(
        f"{', '.join(IN_FILES)}: each may stand in a file, which the same name with _FILE behind it names."
    )
    print_lines(*(f"Cannot be used: {fault}" for fault in configured.faults))


def _key_faults(settings: Settings) -> Iterator[tuple[str, str]]:
    for name in ("pin_key", "records_key", "ledger_key"):
        key = getattr(settings, name)
        try:
            if key is not None:
                parse_keys(key, variable_of(name), most=1 if name == "ledger_key" else MOST_KEYS)
        except BadKey as error:
            yield variable_of(name), str(error)
    try:
        _names_of(settings.payload_keys)
    except SettingsError as error:
        yield variable_of("payload_keys"), str(error)
    try:
        temporal_config()
    except SettingsError as error:
        yield "TEMPORAL_CONFIG_FILE", str(error)


def _rows(found: Found) -> list[Row]:
    settings = found.settings
    running = running_in(settings.home)
    announced: dict[str, Any] = {}
    if running.carrier_url and not settings.real_carrier and not settings.telnyx_base_url:
        announced = {"telnyx_base_url": running.carrier_url, "home": running.home or settings.home}
    rows = []
    for name in Settings.model_fields:
        if name == "timing":
            continue
        variable = variable_of(name)
        value, source = getattr(settings, name), "default"
        if name in announced:
            value, source = announced[name], "portout up"
        elif _given(variable):
            source = "environment"
        elif variable in IN_FILES and _given(f"{variable}_FILE"):
            source = f"file {in_environment(f'{variable}_FILE')}"
        elif (
            name in KEY_FILES
            and (file := Path(announced.get("home", settings.home), KEY_FILES[name])).exists()
        ):
            value, source = SecretStr(""), f"file {file.resolve()}"
        rows.append(Row(name=variable, value=_shown(name, value, settings), source=source, help=HELP[name]))
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
    announced = running_in(settings.home).temporal_address
    try:
        config = temporal_config()
    except SettingsError:
        config = {}
    meant: dict[str, Any] = {
        "TEMPORAL_ADDRESS": config.get("target_host"),
        "TEMPORAL_NAMESPACE": config.get("namespace"),
        "TEMPORAL_API_KEY": "set" if config.get("api_key") else None,
        "TEMPORAL_TLS": "yes" if config.get("tls") else None,
    }
    rows = []
    for variable, (default, what) in _TEMPORAL.items():
        value, source = meant[variable], "Temporal's file"
        if os.environ.get(variable):
            source = "environment"
        elif variable == "TEMPORAL_ADDRESS" and announced:
            value, source = announced, "portout up"
        elif value is None:
            value, source = default, "default"
        rows.append(Row(name=variable, value=value or "not set", source=source, help=what))
    return rows


def _given(variable: str) -> bool:
    return bool(in_environment(variable))


def _names_of(payload_keys: SecretStr | None) -> list[str]:
    return list(keys_of(payload_keys)) if payload_keys else []


def _shown(name: str, value: Any, settings: Settings) -> str:
    if name == "payload_keys" and value is not None:
        try:
            first, *others = _names_of(value)
        except SettingsError:
            return "set"
        return f"set: {first} encrypts" + (f", {', '.join(others)} only decrypts" if others else "")
    if isinstance(value, SecretStr):
        return "set"
    if name == "customer_sources":
        return ", ".join(settings.sources)
    if value is None or value == ():
        return "not set"
    if name == "database_url":
        return settings.records_place
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, float):
        return f"{value:g}"
    return str(value.resolve()) if isinstance(value, Path) else str(value)
