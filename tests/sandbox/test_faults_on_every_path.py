"""Every fault strikes every operation, and whatever changes something may change it without an answer."""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from sandbox.carrier import Carrier
from sandbox.uploads import Upload
from tests.sandbox.conftest import Client

LOA = Upload("loa.pdf", b"A letter of authorization.", "application/pdf")
REPORT = {"report_type": "export_portouts_csv", "params": {"filters": {}}}


@dataclass(frozen=True)
class Operation:
    """A request that goes well, and the fault's path that fits it."""

    method: str
    path: str
    fault_path: str
    status: int
    json: Any = None


OPERATIONS = [
    Operation("GET", "/portouts", "/portouts", 200),
    Operation("GET", "/portouts/events", "/portouts/events", 200),
    Operation("GET", "/portouts/events/{event}", "/portouts/events/", 200),
    Operation("POST", "/portouts/events/{event}/republish", "/portouts/events/*/republish", 204),
    Operation("GET", "/portouts/rejections/{order}", "/portouts/rejections/", 200),
    Operation("GET", "/portouts/reports", "/portouts/reports", 200),
    Operation("POST", "/portouts/reports", "/portouts/reports", 201, REPORT),
    Operation("GET", "/portouts/reports/{report}", "/portouts/reports/", 200),
    Operation("GET", "/portouts/{order}", "/portouts/{order}", 200),
    Operation(
        "PATCH", "/portouts/{order}/authorized", "/portouts/*/authorized", 200, {"reason": "Verified."}
    ),
    Operation("GET", "/portouts/{order}/comments", "/portouts/*/comments", 200),
    Operation("POST", "/portouts/{order}/comments", "/portouts/*/comments", 201, {"body": "Hello."}),
    Operation("GET", "/portouts/{order}/supporting_documents", "/portouts/*/supporting", 201),
    Operation(
        "POST",
        "/portouts/{order}/supporting_documents",
        "/v2/portouts/*/supporting_documents",
        201,
        {"documents": [{"type": "loa", "document_id": "{document}"}]},
    ),
    Operation("GET", "/documents", "/documents", 200),
    Operation("POST", "/documents", "/documents", 200, {"file": "TE9B"}),
    Operation("GET", "/documents/{document}", "/documents/", 200),
    Operation("GET", "/documents/{document}/download", "/documents/*/download", 200),
    Operation("GET", "/phone_numbers", "/phone_numbers", 200),
]
CHANGING = [operation for operation in OPERATIONS if operation.method != "GET" and operation.status != 204]


def name(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


@pytest.fixture
async def known(client: Client, carrier: Carrier) -> dict[str, str]:
    """What there is to ask for, by the names in the paths above."""
    order_id = carrier.create_order()
    return {
        "order": order_id,
        "event": (await client.data("/portouts/events"))[0]["id"],
        "report": carrier.create_report(REPORT)["id"],
        "document": carrier.documents.add(LOA)["id"],
    }


async def say(client: Client, operation: Operation, known: dict[str, str]) -> httpx.Response:
    content = operation.json
    if "documents" in (content or {}):
        content = {"documents": [{"type": "loa", "document_id": known["document"]}]}
    return await client.http.request(operation.method, operation.path.format_map(known), json=content)


async def stand(client: Client, operation: Operation, known: dict[str, str], **fault: Any) -> None:
    prefix = operation.fault_path.format_map(known)
    fault = {"method": operation.method, "path_prefix": prefix, "count": 1, **fault}
    await client.told("POST", "/faults", fault)


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
async def test_an_operation_answers_well_and_with_any_error_and_wait_that_is_asked_for(
    client: Client, operation: Operation, known: dict[str, str]
) -> None:
    await stand(client, operation, known, status=429, retry_after=7)
    refused = await say(client, operation, known)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "7")
    assert refused.headers["x-ratelimit-reset"] == "7"
    await stand(client, operation, known, status=503)
    refused = await say(client, operation, known)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (503, "10007")
    await stand(client, operation, known, drop=True)
    with pytest.raises(httpx.RemoteProtocolError):
        await say(client, operation, known)
    await stand(client, operation, known, delay=0.01)
    assert (await say(client, operation, known)).status_code == operation.status
    assert await client.told("GET", "/faults") == []


@pytest.mark.parametrize("operation", CHANGING, ids=name)
async def test_an_answer_may_be_lost_after_what_was_asked_for_is_done(
    client: Client, carrier: Carrier, operation: Operation, known: dict[str, str]
) -> None:
    before = what_there_is(carrier, known["order"])
    await stand(client, operation, known, drop=True)
    with pytest.raises(httpx.RemoteProtocolError):
        await say(client, operation, known)
    assert what_there_is(carrier, known["order"]) == before
    await stand(client, operation, known, drop_after_apply=True)
    with pytest.raises(httpx.RemoteProtocolError):
        await say(client, operation, known)
    assert sum(what_there_is(carrier, known["order"])) == sum(before) + 1
    assert (await client.told("GET", "/requests"))[-1]["status"] is None


async def test_a_star_stands_for_one_part_of_a_path_only(client: Client, known: dict[str, str]) -> None:
    await client.told("POST", "/faults", {"path_prefix": "/portouts/*/comments", "status": 500})
    await client.told("POST", "/faults", {"path_prefix": "/documents/+", "status": 500})
    assert (await client.get(f"/portouts/{known['order']}/comments")).status_code == 500
    for path in (f"/portouts/{known['order']}", "/portouts//comments", f"/documents/{known['document']}"):
        assert (await client.get(path)).status_code != 500


def what_there_is(carrier: Carrier, order_id: str) -> tuple[int, ...]:
    truth = carrier.truth(order_id)
    return (
        truth["effective_patches"],
        truth["comments"],
        truth["supporting_documents"],
        len(carrier.documents.find({}, [])),
        len(carrier.reports.find({})),
    )
