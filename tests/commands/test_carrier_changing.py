"""`portout carrier comment`, `attach`, `republish`: what a person adds at the carrier, once, and with their name."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from environment import settings_without_environment
from records.opening import open_records
from records.store import Records
from records.tokens import Role
from sandbox.models import NewFault, NewOrder
from sandbox.serve import SandboxServer
from tests.commands.conftest import shell_of
from tests.commands.desk import waiting_order
from tests.commands.inside import Inside
from tests.commands.shell import Ran
from tests.service import Service

PIN, ON_FILE = "48213957", "60917324"
NOWHERE = "127.0.0.1:1"
LETTER = b"%PDF-1.7 a letter of authorization"


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    """The records that a worker has made."""
    records = open_records(settings_without_environment(home=tmp_path))
    yield records
    records.close()


@pytest.fixture
def order(sandbox: SandboxServer) -> str:
    """An order with a PIN attempted and another one on file."""
    sandbox.carrier.add_number(phone_number="+12125550101", external_pin=ON_FILE)
    sandbox.carrier.documents.scan_takes = 0.0
    return sandbox.carrier.create_order(
        NewOrder.model_validate(
            {"phone_numbers": ["+12125550101"], "attempted_pin": PIN, "support_key": "PO_1"}
        )
    )


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    return written(tmp_path)


def written(folder: Path) -> Path:
    file = folder / "letter.pdf"
    file.write_bytes(LETTER)
    return file


@pytest.fixture
def dana(operator: Inside, records: Records) -> "Person":
    assert records  # without them nothing can be checked for PINs
    return Person(operator)


class Person:
    """Somebody who may decide, at the command line."""

    def __init__(self, operator: Inside) -> None:
        self._operator = operator

    async def __call__(self, *arguments: str, by: str = "dana", **environment: str) -> Ran:
        environment = {"PORTOUT_REVIEWERS": "dana,robin", "TEMPORAL_ADDRESS": NOWHERE, **environment}
        return await self._operator("carrier", *arguments, "--by", by, **environment)


def lost(sandbox: SandboxServer, path: str = "/portouts", **fault: Any) -> None:
    """Something goes wrong with the next POST below that path."""
    sandbox.carrier.faults.add(
        NewFault.model_validate({"method": "POST", "path_prefix": path, "count": 1, **fault})
    )


def renamed(file: Path, name: str) -> Path:
    return file.rename(file.with_name(name))


def posts(sandbox: SandboxServer) -> list[str]:
    return [entry["path"] for entry in sandbox.carrier.log.since() if entry["method"] == "POST"]


async def test_a_comment_reaches_the_carrier_and_the_ledger_knows_who_wrote_it(
    sandbox: SandboxServer, records: Records, order: str, dana: Person, operator: Inside
) -> None:
    ran = await dana("comment", "PO_1", " Please send the LOA. ")
    assert (ran.code, ran.out) == (0, "The comment on PO_1 by dana is with the carrier.\n")
    [comment] = sandbox.carrier.comments(order)
    assert comment["body"] == "Please send the LOA."
    [entry] = records.ledger.entries(order)
    assert entry.body | {"comment_id": comment["id"]} == entry.body
    assert (entry.body["action"], entry.body["reviewer"]) == ("comment", "dana")
    assert entry.body["verified"] is False
    assert entry.personal == {"reason": "Please send the LOA."}
    sandbox.carrier.comment(order, f"The PIN {PIN} is wrong.", by_staff=True)
    table, listed = (
        await operator("carrier", "comments", "PO_1"),
        await operator("carrier", "comments", order, "--json"),
    )
    assert re.search(r"our account +Please send the LOA\.", table.out)
    assert re.search(r"the carrier +The PIN \[PIN\] is wrong\.", table.out)
    assert [one["body"] for one in listed.json] == ["Please send the LOA.", "The PIN [PIN] is wrong."]
    events = await operator("carrier", "events", "--event-type", "portout.new_comment", "--json")
    assert PIN not in table.out + listed.out + events.out


async def test_nothing_is_sent_that_the_ledger_could_not_keep(
    sandbox: SandboxServer, records: Records, order: str, dana: Person, tmp_path: Path
) -> None:
    (tmp_path / "records.key").unlink()
    ran = await dana("comment", order, "Please send the LOA.")
    assert ran.code == 1
    assert ran.sentence.startswith(
        "Nothing was sent, because our ledger could not keep it: set PORTOUT_RECORDS_KEY"
    )
    assert sandbox.carrier.comments(order) == []
    assert records.ledger.entries(order) == []


async def test_a_comment_whose_answer_was_lost_is_found_and_not_written_again(
    sandbox: SandboxServer, records: Records, order: str, dana: Person
) -> None:
    sandbox.carrier.comment(order, "Please send the LOA.")  # the same, said before
    lost(sandbox, drop_after_apply=True)
    ran = await dana("comment", order, "Please send the LOA.")
    assert (ran.code, ran.err) == (0, "")
    assert len(sandbox.carrier.comments(order)) == 2
    [entry] = records.ledger.entries(order)
    assert entry.body["comment_id"] == sandbox.carrier.comments(order)[1]["id"]


async def test_a_comment_that_did_not_arrive_is_said_to_be_missing(
    sandbox: SandboxServer, records: Records, order: str, dana: Person
) -> None:
    lost(sandbox, status=500)
    ran = await dana("comment", order, "Please send the LOA.")
    assert ran.code == 1
    assert ran.sentence.startswith("The carrier failed: try again (writing a comment, HTTP 500). It says: ")
    assert sandbox.carrier.comments(order) == []
    assert records.ledger.entries(order) == []


async def test_a_comment_of_which_nobody_knows_says_where_to_look(
    sandbox: SandboxServer, order: str, dana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = sandbox.carrier.comment

    def said_and_then_silent(*given: Any) -> dict[str, Any]:
        sandbox.carrier.faults.add(NewFault(method="GET", drop=True))
        return said(*given)

    monkeypatch.setattr(sandbox.carrier, "comment", said_and_then_silent)
    lost(sandbox, drop_after_apply=True)
    ran = await dana("comment", order, "Please send the LOA.")
    assert ran.code == 1
    assert ran.sentence.startswith("It is not known whether it arrived (No answer came from the carrier: ")
    assert ran.sentence.endswith(": look at `portout carrier comments PO_1` before you send it again.")


async def test_an_attached_file_is_linked_scanned_and_kept_in_the_ledger(
    sandbox: SandboxServer, records: Records, order: str, dana: Person, letter: Path, operator: Inside
) -> None:
    sandbox.carrier.documents.scan_takes = 0.3
    ran = await dana("attach", "PO_1", str(letter), "--type", "loa")
    assert ran.code == 0
    assert ran.out.startswith("letter.pdf is attached to PO_1 as loa by dana (document ")
    assert ran.out.endswith(", virus scan: scanned).\n")
    [link] = sandbox.carrier.supporting_documents(order)
    assert link["type"] == "loa"
    [entry] = records.ledger.entries(order)
    assert entry.body["document_id"] == link["document_id"]
    assert entry.body["sha256"] == sha256(LETTER).hexdigest()
    sandbox.carrier.documents.set_scan(link["document_id"], "infected")
    table = await operator("carrier", "documents", "PO_1")
    listed = await operator("carrier", "documents", order, "--json")
    assert re.search(r"loa +letter\.pdf +34 bytes +infected +pending +20", table.out)
    assert listed.json[0]["document"]["sha256"] == sha256(LETTER).hexdigest()


async def test_an_infected_file_is_told_at_once(
    sandbox: SandboxServer, order: str, dana: Person, letter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.carrier.documents.scan_takes = 3600.0
    link = sandbox.carrier.documents.link

    def linked_and_scanned(document_id: str) -> None:
        link(document_id)
        sandbox.carrier.documents.set_scan(document_id, "infected")

    monkeypatch.setattr(sandbox.carrier.documents, "link", linked_and_scanned)
    ran = await dana("attach", order, str(letter), "--type", "loa")
    assert ran.code == 0
    assert ran.out.endswith(", virus scan: infected). Ask the customer for another file.\n")


async def test_a_screening_is_told_that_a_document_came(standing: Service, tmp_path: Path) -> None:
    order = await waiting_order(standing)
    standing.carrier.carrier.documents.scan_takes = 0.0
    file = renamed(written(tmp_path), "for-a-screening.pdf")
    ran = await shell_of(standing)("carrier", "attach", order, str(file), "--type", "loa", "--by", "dana")
    assert (ran.code, ran.err) == (0, "")
    history = await standing.screening(order).fetch_history()
    signals = [event.workflow_execution_signaled_event_attributes.signal_name for event in history.events]
    assert "documents_received" in signals


async def test_a_file_that_was_uploaded_and_not_linked_is_linked_by_the_same_command(
    sandbox: SandboxServer, records: Records, order: str, dana: Person, letter: Path
) -> None:
    lost(sandbox, f"/portouts/{order}", status=422)
    failed = await dana("attach", "PO_1", str(letter), "--type", "loa")
    assert failed.code == 1
    assert re.match(
        r"letter\.pdf was uploaded \(document [0-9a-f-]{36}\) and is not linked to PO_1: The carrier calls the request "
        r"invalid: .* Run the same command again before 20\d\d-\d\d-\d\d \d\d:\d\d UTC: it links this upload;",
        failed.sentence,
    )
    assert records.ledger.entries(order) == []
    again = await dana("attach", "PO_1", str(letter), "--type", "loa")
    assert again.code == 0
    assert posts(sandbox).count("/v2/documents") == 1
    assert len(sandbox.carrier.supporting_documents(order)) == 1
    assert len(records.ledger.entries(order)) == 1


async def test_after_half_an_hour_the_file_is_uploaded_anew(
    sandbox: SandboxServer, order: str, dana: Person, letter: Path
) -> None:
    lost(sandbox, f"/portouts/{order}", status=500)
    assert (await dana("attach", order, str(letter), "--type", "invoice")).code == 1
    sandbox.carrier.clock.advance(31 * 60)
    assert (await dana("attach", order, str(letter), "--type", "invoice")).code == 0
    assert posts(sandbox).count("/v2/documents") == 2
    assert [link["type"] for link in sandbox.carrier.supporting_documents(order)] == ["invoice"]


@pytest.mark.parametrize("times", [1, 2])
async def test_a_link_whose_answer_was_lost_is_found_and_not_made_again(
    sandbox: SandboxServer, records: Records, order: str, dana: Person, letter: Path, times: int
) -> None:
    lost(sandbox, f"/portouts/{order}", drop_after_apply=True)
    for _ in range(times):
        ran = await dana("attach", order, str(letter), "--type", "loa")
        assert (ran.code, ran.err) == (0, "")
    assert posts(sandbox).count("/v2/documents") == 1
    assert len(sandbox.carrier.supporting_documents(order)) == 1
    assert len(records.ledger.entries(order)) == 1


async def test_a_lost_upload_is_said_to_be_unknown_and_attaches_nothing(
    sandbox: SandboxServer, order: str, dana: Person, letter: Path
) -> None:
    lost(sandbox, "/documents", drop_after_apply=True)
    ran = await dana("attach", order, str(letter), "--type", "loa")
    assert ran.sentence.startswith(
        "It is not known whether letter.pdf arrived (No answer came from the carrier"
    )
    assert "run the same command again" in ran.sentence
    assert sandbox.carrier.supporting_documents(order) == []


@pytest.mark.parametrize("pin", [PIN, ON_FILE])
async def test_neither_a_text_nor_the_name_of_a_file_takes_a_pin_along(
    sandbox: SandboxServer, order: str, dana: Person, letter: Path, pin: str
) -> None:
    named = renamed(letter, f"{pin}.pdf")
    commented = await dana("comment", order, f"Their PIN is {pin}.")
    attached = await dana("attach", order, str(named), "--type", "loa")
    assert commented.sentence.startswith("The text contains a PIN of this order; nothing was sent.")
    assert attached.sentence.startswith(
        "The name of the file contains a PIN of this order; nothing was sent."
    )
    assert pin not in commented.err + attached.err
    assert posts(sandbox) == []


async def test_at_a_real_carrier_nothing_is_changed_before_sending_is_on(
    sandbox: SandboxServer, order: str, dana: Person, letter: Path
) -> None:
    real = {"TELNYX_API_KEY": sandbox.key}
    for command in (("comment", order, "Hello."), ("attach", order, str(letter), "--type", "loa")):
        held = await dana(*command, **real)
        assert held.code == 1
        assert held.sentence.startswith(
            "Nothing was sent: without PORTOUT_SEND=yes nothing is changed at a real carrier"
        )
        assert posts(sandbox) == []
    sent = await dana("comment", order, "Hello.", **real, PORTOUT_SEND="yes")
    assert sent.code == 0
    assert len(posts(sandbox)) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("comment", "{order}", " "), "A comment needs a text; nothing was sent."),
        (("comment", "PO_0", "Hello."), "The carrier knows no order PO_0: "),
        (
            ("attach", "{order}", "/nowhere.pdf", "--type", "loa"),
            "/nowhere.pdf cannot be read (No such file or directory)",
        ),
        (("attach", "{order}", "/", "--type", "loa"), "/ cannot be read (Is a directory); nothing was sent."),
        (("attach", "{order}", "/dev/null", "--type", "loa"), "/dev/null is empty; nothing was sent."),
        (
            ("attach", "{order}", "/dev/null", "--type", "passport"),
            "--type: 'passport' is not one of loa, invoice.",
        ),
    ],
)
async def test_what_cannot_be_sent_is_one_sentence(
    sandbox: SandboxServer, order: str, dana: Person, arguments: tuple[str, ...], sentence: str
) -> None:
    ran = await dana(*(argument.format(order=order) for argument in arguments))
    assert ran.code in (1, 2)
    assert ran.sentence.startswith(sentence)
    assert posts(sandbox) == []


async def test_only_those_who_may_decide_speak_for_us(
    sandbox: SandboxServer, order: str, dana: Person, operator: Inside
) -> None:
    stranger = await dana("comment", order, "Hello.", by="eve")
    unnamed = await operator("carrier", "comment", order, "Hello.", PORTOUT_REVIEWERS="dana,robin")
    assert stranger.sentence == "eve is not a reviewer; these may decide (PORTOUT_REVIEWERS): dana, robin."
    assert unnamed.sentence.startswith("Say who you are with --by")
    assert posts(sandbox) == []


async def test_who_has_a_token_is_verified_and_need_not_say_who_they_are(
    sandbox: SandboxServer, order: str, operator: Inside, records: Records
) -> None:
    token, secret = records.tokens.add("robin", Role.REVIEWER, at=datetime.now(UTC))
    environment = {"PORTOUT_REVIEWERS": "dana,robin", "PORTOUT_TOKEN": secret.get_secret_value()}
    ran = await operator("carrier", "comment", order, "Hello.", **environment)
    assert ran.out == "The comment on PO_1 by robin is with the carrier.\n"
    [entry] = records.ledger.entries(order)
    assert (entry.body["verified"], entry.body["token"]) == (True, token.token_id)
    records.tokens.revoke(token.token_id, at=datetime.now(UTC))
    revoked = await operator("carrier", "comment", order, "Hello again.", **environment)
    assert revoked.sentence.startswith(f"The token {token.token_id} of robin was revoked")
    assert len(sandbox.carrier.comments(order)) == 1


async def test_before_the_first_start_nothing_can_be_checked_for_pins_and_nothing_is_sent(
    sandbox: SandboxServer, order: str, operator: Inside
) -> None:
    ran = await operator("carrier", "comment", order, "Hello.")
    assert "`portout up` and `portout worker` bring it up to date when they start." in ran.sentence
    assert posts(sandbox) == []


async def test_an_event_is_told_again_at_wish(sandbox: SandboxServer, order: str, operator: Inside) -> None:
    [event] = (await operator("carrier", "events", "--portout-id", order, "--json")).json
    ran = await operator("carrier", "republish", event["id"])
    assert ran.code == 0
    assert ran.out.startswith(f"The carrier took it: the webhook of event {event['id']} is sent again")
    assert posts(sandbox) == [f"/v2/portouts/events/{event['id']}/republish"]
    unknown = await operator("carrier", "republish", order)
    assert unknown.sentence.startswith(f"The carrier knows no event {order}: ")
