"""Reports: asked for, completed a while later, downloaded through the document service."""

import csv
import io
from typing import Any

import pytest

from tests.sandbox.conftest import Client, Hands

UNKNOWN = "0ccc7b54-4df3-4bca-a65a-3da1ecc777f0"


async def ask(client: Client, **filters: Any) -> Any:
    content = {"report_type": "export_portouts_csv", "params": {"filters": filters}}
    answer = await client.http.post("/portouts/reports", json=content)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


async def rows(client: Client, hands: Hands, **filters: Any) -> list[dict[str, str]]:
    report = await ask(client, **filters)
    hands.turn(5)
    report = await client.data(f"/portouts/reports/{report['id']}")
    download = await client.get(f"/documents/{report['document_id']}/download")
    assert download.headers["content-type"] == "text/csv"
    return list(csv.DictReader(io.StringIO(download.text)))


async def test_a_report_is_pending_and_then_completed_with_a_document(client: Client, hands: Hands) -> None:
    report = await ask(client, status__in=["pending"])
    assert report == {
        "created_at": "2026-03-02T14:00:00.000000Z",
        "document_id": None,
        "id": report["id"],
        "params": {"filters": {"status__in": ["pending"]}},
        "record_type": "portout_report",
        "report_type": "export_portouts_csv",
        "status": "pending",
        "updated_at": "2026-03-02T14:00:00.000000Z",
    }
    hands.turn(4.9)
    assert await client.data(f"/portouts/reports/{report['id']}") == report
    hands.turn(1)
    completed = await client.data(f"/portouts/reports/{report['id']}")
    assert (completed["status"], completed["updated_at"]) == ("completed", "2026-03-02T14:00:05.000000Z")
    document = await client.data(f"/documents/{completed['document_id']}")
    assert (document["content_type"], document["av_scan_status"]) == ("text/csv", "scanned")
    hands.turn(3600)
    assert (await client.get(f"/documents/{document['id']}/download")).status_code == 200


async def test_a_report_shows_its_orders_as_they_stood_when_it_was_asked_for(
    client: Client, hands: Hands
) -> None:
    order_id = await client.place(
        phone_numbers=["+12125550123", "+12125550124"], spid="0123", carrier_name='Onvoy, "the" one'
    )
    report = await ask(client)
    await client.patch(order_id, "authorized", reason="Verified.")
    hands.turn(5)
    document_id = (await client.data(f"/portouts/reports/{report['id']}"))["document_id"]
    download = await client.get(f"/documents/{document_id}/download")
    (row,) = csv.DictReader(io.StringIO(download.text))
    assert (row["id"], row["status"], row["spid"]) == (order_id, "pending", "0123")
    assert row["phone_numbers"] == "+12125550123;+12125550124"
    assert row["carrier_name"] == 'Onvoy, "the" one'
    assert row["rejection_code"] == ""


async def test_each_filter_picks_its_orders(client: Client, hands: Hands) -> None:
    await client.told("POST", "/numbers", {"phone_number": "+12125550101", "customer_reference": "C-1"})
    await client.place(support_key="A", phone_numbers=["+12125550101"], age_seconds=7200)
    await client.place(support_key="B", end_user_name="Harbor Coffee LLC", age_seconds=3600)
    canceled = await client.place(support_key="C", phone_numbers=None)
    await client.told("POST", f"/orders/{canceled}/cancel")
    for filters, expected in (
        ({}, "ABC"),
        ({"created_at__gt": "2026-03-02T12:00:00Z"}, "BC"),
        ({"created_at__lt": "2026-03-02T13:00:00Z"}, "A"),
        ({"customer_reference__in": ["C-1", "C-2"]}, "A"),
        ({"end_user_name": "Harbor Coffee LLC"}, "B"),
        ({"phone_numbers__overlaps": ["+12125550101", "+12125550199"]}, "A"),
        ({"status__in": ["canceled", "ported"]}, "C"),
        ({"status__in": ["pending"], "end_user_name": "Harbor Coffee LLC"}, "B"),
    ):
        found = await rows(client, hands, **filters)
        assert "".join(sorted(row["support_key"] for row in found)) == expected, filters


async def test_reports_are_listed_newest_first_and_by_status(client: Client, hands: Hands) -> None:
    first = await ask(client)
    hands.turn(60)
    second = await ask(client)
    listed = (await client.get("/portouts/reports")).json()
    assert [report["id"] for report in listed["data"]] == [second["id"], first["id"]]
    assert listed["meta"]["total_results"] == 2
    for status, expected in (("pending", second), ("completed", first)):
        query = {"filter[status]": status, "filter[report_type]": "export_portouts_csv"}
        assert [report["id"] for report in await client.data("/portouts/reports", query)] == [expected["id"]]
    page = await client.data("/portouts/reports", {"page[size]": 1, "page[number]": 2})
    assert [report["id"] for report in page] == [first["id"]]


async def test_how_long_a_report_takes_can_be_set(client: Client) -> None:
    assert (await client.told("POST", "/clock", {"report_takes": 0}))["report_takes"] == 0
    report = await ask(client)
    assert (await client.data(f"/portouts/reports/{report['id']}"))["status"] == "completed"


@pytest.mark.parametrize(
    ("content", "pointer"),
    [
        ([], "/"),
        ({"params": {"filters": {}}}, "/report_type"),
        ({"report_type": "export_portouts_csv"}, "/params/filters"),
        ({"report_type": "export_portouts_csv", "params": {}}, "/params/filters"),
    ],
)
async def test_a_bad_report_is_refused_with_its_place(client: Client, content: Any, pointer: str) -> None:
    answer = await client.http.post("/portouts/reports", json=content)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["source"] == {"pointer": pointer}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("spid", "073H"),
        ("status__in", "pending"),
        ("status__in", ["lost"]),
        ("end_user_name", ["Harbor"]),
        ("created_at__gt", "yesterday"),
        ("created_at__lt", 5),
    ],
)
async def test_a_bad_filter_of_a_report_is_refused_with_its_place(
    client: Client, name: str, value: Any
) -> None:
    content = {"report_type": "export_portouts_csv", "params": {"filters": {name: value}}}
    answer = await client.http.post("/portouts/reports", json=content)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["source"] == {"pointer": f"/params/filters/{name}"}
    assert await client.data("/portouts/reports") == []


async def test_bad_questions_about_reports_are_refused(client: Client) -> None:
    for query in ({"filter[status]": "lost"}, {"filter[report_type]": "pdf"}, {"filter[id]": UNKNOWN}):
        assert (await client.get("/portouts/reports", query=query)).status_code == 422
    assert (await client.get(f"/portouts/reports/{UNKNOWN}")).status_code == 404
