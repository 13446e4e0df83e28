"""Looking for secrets where none may be: everything that an installation writes, as bytes, by the name of its place."""

import json
import re
import subprocess
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.client import Client

from tests.records.behind import behind_its_back
from tests.scenarios.receiver import Receiver
from tests.service import Service


def places_of(secrets: Iterable[str], haystacks: Mapping[str, bytes]) -> list[str]:
    """Where any of the secrets stands, as `place: secret`."""
    found = []
    for secret in secrets:
        # Not within a longer number: times are written with nine digits after the point.
        pattern = re.compile(rb"(?<![0-9])" + re.escape(secret.encode()) + rb"(?![0-9])")
        for place, text in haystacks.items():
            raw = not place.startswith("history")
            if (secret.encode() in text) if raw else pattern.search(text):
                found.append(f"{place}: {secret}")
    return found


async def histories(service: Service, client: Client | None = None) -> dict[str, bytes]:
    """Every run of the installation: its history as JSON, each payload in it decoded, and how Temporal lists it.

    Args:
        client: one without the installation's payload codec sees what Temporal's own database holds.
    """
    client = client or service.client
    found: dict[str, bytes] = {}
    query = f"TaskQueue = '{service.settings.task_queue}'"
    async for listed in client.list_workflows(query):
        handle = client.get_workflow_handle(listed.id, run_id=listed.run_id)
        history = await handle.fetch_history()
        described = await handle.describe()
        place = f"history of {listed.id} {listed.run_id}"
        messages: list[Message] = [*history.events, described.raw_description, listed.raw_info]
        payloads = [payload for message in messages for payload in payloads_of(message)]
        codec = client.data_converter.payload_codec
        opened = await codec.decode(payloads) if codec else payloads
        listing = f"{described.raw_description}\n{listed.raw_info}".encode()
        found[place] = b"\n".join(
            [history.to_json().encode(), listing, *(payload.data for payload in opened)]
        )
    assert found, "there is nothing to search"
    return found


def payloads_of(message: Message) -> Iterator[Payload]:
    """Every payload anywhere in a message: arguments, results, failures, summaries, details, memo, attributes."""
    if isinstance(message, Payload):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            values = [item for item in value.values() if isinstance(item, Message)]
        else:
            values = [value] if isinstance(value, Message) else list(value)
        for inner in values:
            yield from payloads_of(inner)


def files(service: Service) -> dict[str, bytes]:
    """Every file below the installation's home: the records as they lie on disk, and the worker's log."""
    home = service.settings.home
    return {f"file {path.name}": _bytes_of(path) for path in home.rglob("*") if path.is_file()}


def _bytes_of(path: Path) -> bytes:
    # Read by another process: had this one closed a file of the database, it would have lost SQLite's locks on it.
    return subprocess.run(["cat", path], check=True, capture_output=True).stdout


def tables(service: Service, *, but: Collection[str]) -> dict[str, bytes]:
    """The rows of every table of the records but these, as a stranger with the file reads them."""
    url = service.settings.records_url
    names = {row[0] for row in behind_its_back(url, "SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert names > set(but)
    return {
        f"table {name}": str(behind_its_back(url, f"SELECT * FROM {name}")).encode()
        for name in names - set(but)
    }


def requests(service: Service) -> dict[str, bytes]:
    """What the sandbox remembers of the requests that it was sent."""
    return {"requests": json.dumps(service.carrier.carrier.log.since()).encode()}


def notices(receiver: Receiver) -> dict[str, bytes]:
    return {"notices": b"\n".join(body for _, body in receiver.received)}
