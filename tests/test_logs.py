"""The second look at each line of the log: what must not stand there is hidden, and nothing else is."""

import json
import logging
from collections.abc import Iterator
from io import StringIO
from uuid import uuid4

import pytest
import structlog
from pydantic import SecretStr
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker

from environment import settings_without_environment
from logs import HIDDEN, configure_logs, hide_secrets, redacted
from tests.waiting import eventually

SECRETS = {
    "telnyx_api_key": "rosebud-of-the-account",
    "payload_keys": "new:rosebud-new,old:rosebud-old",
    "notify": "review=json://user:rosebud@pager/x",
    "database_url": "postgresql://svc:rosebud-db@db/records",
}


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Tests share the process's log."""
    root, handlers, level = logging.getLogger(), list(logging.getLogger().handlers), logging.getLogger().level
    configured = structlog.get_config()
    yield
    root.handlers[:], root.level = handlers, level
    structlog.configure(**configured)
    hide_secrets(settings_without_environment())


@pytest.mark.parametrize(
    "said",
    [
        "number +12125550123 ported",
        "GET /v2/phone_numbers?filter[phone_number]=%2B12125550123",
        "called (212) 555-0123.",
        "called 212-555-0123, twice",
        "12125550123",
        "attempted_pin=4821",
        "{'attempted_pin': '4821', 'id': 'x'}",
        '{"external_pin": "48 21"}',
        "PIN: 4821",
        "authorized_name='Maria Lopez'",
        "Event(subscriber_name='Maria Lopez', status='pending')",
        '"authorized_names": ["Maria Lopez", "Jo Lopez"]',
        "Authorization: Bearer abc.def.ghi",
        "token portout_" + "aB3-_" * 9,
        "KEY0123456789ABCDEF0123456789ABCDEF_secretpart",
    ],
)
def test_what_looks_personal_or_secret_is_hidden(said: str) -> None:
    shown = redacted(said)
    assert HIDDEN in shown
    secrets = ("555", "4821", "48 21", "Lopez", "abc.def", "aB3-_", "secretpart")
    assert not any(secret in shown for secret in secrets)


@pytest.mark.parametrize(
    "said",
    [
        "portout-9471c873-e3eb-4ca1-957d-f9a451334d52",
        "digest 915246324a926ec8b1dad48e1b6c57865be518a4e150c05ca96d17b6d595ec6e",
        "2026-11-22T08:36:14.926400Z",
        "PO_700013 of 073H waits, 23 h 59 min left",
        "127.0.0.1:7233",
        "check_pin found mismatch",
        "answered in 1234567890 ns",
        "http://127.0.0.1:43991/v2",
    ],
)
def test_what_a_log_is_read_for_stays(said: str) -> None:
    assert redacted(said) == said


def test_a_field_that_holds_a_person_is_hidden_wherever_it_stands() -> None:
    event = {
        "order": {"id": "x", "authorized_name": "Maria Lopez"},
        "pin": 4821,
        "tries": 3,
        "why": [None, True],
    }
    shown = redacted(event)
    assert shown == {
        "order": {"id": "x", "authorized_name": HIDDEN},
        "pin": HIDDEN,
        "tries": 3,
        "why": [None, True],
    }
    assert "Lopez" not in str(redacted(ValueError("authorized_name='Maria Lopez'")))


def test_no_secret_of_the_settings_gets_into_the_log_whoever_writes_it() -> None:
    stream = StringIO()
    configure_logs(stream)
    hide_secrets(settings_without_environment(**SECRETS))
    for secret in SECRETS.values():
        structlog.get_logger("ours").warning("said", text=f"It is {secret}.", thing=[SecretStr("x"), secret])
        logging.getLogger("theirs").error("It is %s.", secret)
    try:
        raise RuntimeError("old:rosebud-old for +12125550123")
    except RuntimeError:
        logging.getLogger("temporalio.activity").exception("Completing activity as failed")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert "rosebud" not in stream.getvalue()
    assert "5550123" not in stream.getvalue()
    assert len(lines) == 2 * len(SECRETS) + 1
    assert (lines[-1]["event"], lines[-1]["level"]) == ("Completing activity as failed", "error")
    assert lines[-1]["error"].startswith("RuntimeError: ")


@pytest.mark.parametrize("said", ["rosebud@db/1", "rosebud%40db%2F1"])
def test_a_password_of_the_database_is_hidden_as_it_is_and_as_it_stands_in_the_url(said: str) -> None:
    url = "postgresql://svc:rosebud%40db%2F1@db/records?application_name=me@here"
    hide_secrets(settings_without_environment(database_url=url))
    assert redacted(f"It is {said}.") == f"It is {HIDDEN}."


def test_a_password_of_the_database_is_hidden_when_the_role_has_an_at_sign_or_libpq_is_told_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PGPASSWORD", "rosebud-of-libpq")
    hide_secrets(
        settings_without_environment(database_url="postgresql://svc@corp:rosebud-of-corp@db/records")
    )
    assert redacted("rosebud-of-corp, rosebud-of-libpq") == f"{HIDDEN}, {HIDDEN}"


@workflow.defn(sandboxed=False)
class Telling:
    """Fails with what must not be told; Temporal's core, which is not written in Python, reports it as well."""

    @workflow.run
    async def run(self) -> None:
        raise ValueError("attempted_pin='4821' for +12125550123")


async def test_temporals_own_reports_go_through_the_same_log(
    temporal: str, capfd: pytest.CaptureFixture[str]
) -> None:
    stream, queue = StringIO(), f"telling-{uuid4()}"
    configure_logs(stream)
    client = await Client.connect(temporal)
    async with Worker(client, task_queue=queue, workflows=[Telling]):
        handle = await client.start_workflow(Telling.run, id=queue, task_queue=queue)
        await eventually(lambda: "sdk_core" in stream.getvalue())
        await handle.terminate()
    said = stream.getvalue() + "".join(capfd.readouterr())
    assert "Failed activation on workflow Telling" in said
    assert not any(secret in said for secret in ("4821", "5550123"))
