"""Uploads, their scan and their end, and the supporting documents of an order."""

from base64 import b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.carrier import Carrier
from sandbox.uploads import read_upload
from tests.sandbox.conftest import Client, Hands

UNKNOWN = "0ccc7b54-4df3-4bca-a65a-3da1ecc777f0"
LOA = b"%PDF-1.7\r\n--not a boundary\r\n\x00\xff"


async def upload(client: Client, content: bytes = LOA, name: str = "loa.pdf", **form: str) -> Any:
    answer = await client.http.post("/documents", files={"file": (name, content)}, data=form)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def attach(client: Client, order_id: str, *documents: Any) -> Any:
    return await client.http.post(
        f"/portouts/{order_id}/supporting_documents", json={"documents": list(documents)}
    )


async def test_an_upload_is_described_and_downloads_as_it_came(client: Client) -> None:
    document = await upload(client, customer_reference="C-1001")
    assert document == {
        "av_scan_status": "pending_scan",
        "content_type": "application/pdf",
        "created_at": "2026-03-02T14:00:00.000Z",
        "customer_reference": "C-1001",
        "filename": "loa.pdf",
        "id": document["id"],
        "record_type": "document",
        "sha256": sha256(LOA).hexdigest(),
        "size": {"amount": len(LOA), "unit": "bytes"},
        "status": "pending",
        "updated_at": "2026-03-02T14:00:00.000Z",
    }
    assert await client.data(f"/documents/{document['id']}") == document
    download = await client.get(f"/documents/{document['id']}/download")
    assert (download.content, download.headers["content-type"]) == (LOA, "application/pdf")
    assert "loa.pdf" in download.headers["content-disposition"]
    assert "x-ratelimit-remaining" in download.headers


async def test_an_upload_may_be_json_with_the_file_in_base64(client: Client) -> None:
    content = {"file": b64encode(LOA).decode(), "filename": "loa.pdf", "customer_reference": "C-1001"}
    document = (await client.http.post("/documents", json=content)).json()["data"]
    assert (document["sha256"], document["filename"]) == (sha256(LOA).hexdigest(), "loa.pdf")
    assert (await client.get(f"/documents/{document['id']}/download")).content == LOA


@given(content=st.binary(min_size=1))
def test_any_file_comes_out_of_a_form_as_it_went_in(content: bytes) -> None:
    request = httpx.Request("POST", "http://carrier", files={"file": ("x", content, "image/png")})
    request.read()
    found = read_upload(request.headers["content-type"], request.content)
    assert (found.content, found.content_type) == (content, "image/png")


@pytest.mark.parametrize("name", ["vollmacht.pdf", "Vollmächtigung für José.pdf", "a;b=c.pdf", "委任状", "x"])
async def test_a_file_keeps_its_name(client: Client, name: str) -> None:
    document = await upload(client, name=name)
    assert document["filename"] == name
    download = await client.get(f"/documents/{document['id']}/download")
    assert unquote(download.headers["content-disposition"]).endswith(name)


@pytest.mark.parametrize(
    ("content", "pointer"),
    [
        ({}, "/file"),
        ({"file": ""}, "/file"),
        ({"file": "not base64!"}, "/file"),
        ({"file": "Zm9v", "filename": 5}, "/filename"),
        ({"file": "Zm9v", "customer_reference": 5}, "/customer_reference"),
        ({"file": 5}, "/file"),
        ({"url": "http://127.0.0.1/loa.pdf"}, "/url"),
        ([], "/"),
    ],
)
async def test_a_bad_upload_is_refused_with_its_place(client: Client, content: Any, pointer: str) -> None:
    answer = await client.http.post("/documents", json=content)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["source"] == {"pointer": pointer}
    assert await client.data("/documents") == []


async def test_a_form_without_a_file_is_refused(client: Client) -> None:
    assert (await client.http.post("/documents", files={"other": LOA})).status_code == 422
    assert (await client.http.post("/documents", files={"file": b""})).status_code == 422
    form = {"content-type": "multipart/form-data; boundary=x"}
    assert (await client.http.post("/documents", content=LOA, headers=form)).status_code == 400
    form = {"content-type": "multipart/form-data"}
    assert (await client.http.post("/documents", content=LOA, headers=form)).status_code == 400
    assert (await client.http.post("/documents", content=LOA)).status_code == 400


async def test_an_upload_is_scanned_after_a_while(client: Client, hands: Hands) -> None:
    document = await upload(client)
    hands.turn(1.9)
    assert (await client.data(f"/documents/{document['id']}"))["av_scan_status"] == "pending_scan"
    hands.turn(0.1)
    scanned = await client.data(f"/documents/{document['id']}")
    assert (scanned["av_scan_status"], scanned["updated_at"]) == ("scanned", "2026-03-02T14:00:02.000Z")


async def test_how_long_a_scan_takes_can_be_set(client: Client, hands: Hands) -> None:
    assert (await client.told("POST", "/clock", {"scan_takes": 0}))["scan_takes"] == 0
    assert (await upload(client))["av_scan_status"] == "scanned"
    await client.told("POST", "/clock", {"scan_takes": 3600})
    document = await upload(client)
    hands.turn(600)
    assert (await client.data(f"/documents/{document['id']}"))["av_scan_status"] == "pending_scan"


@pytest.mark.parametrize("status", ["infected", "not_scanned", "pending_scan", "scanned"])
async def test_a_document_may_become_infected_between_two_reads(
    client: Client, hands: Hands, status: str
) -> None:
    document = await upload(client)
    await client.told("POST", f"/documents/{document['id']}/scan", {"av_scan_status": status})
    hands.turn(60)
    assert (await client.data(f"/documents/{document['id']}"))["av_scan_status"] == status


async def test_an_upload_that_nobody_links_is_deleted_after_thirty_minutes(
    client: Client, hands: Hands
) -> None:
    order_id = await client.place()
    kept, lost = await upload(client), await upload(client)
    await attach(client, order_id, {"type": "loa", "document_id": kept["id"]})
    hands.turn(1799.9)
    assert len(await client.data("/documents")) == 2
    hands.turn(0.1)
    assert [document["id"] for document in await client.data("/documents")] == [kept["id"]]
    for path in (f"/documents/{lost['id']}", f"/documents/{lost['id']}/download"):
        assert (await client.get(path)).status_code == 404
    late = await attach(client, order_id, {"type": "loa", "document_id": lost["id"]})
    assert late.status_code == 422
    hands.turn(10 * 86_400)
    assert (await client.get(f"/documents/{kept['id']}/download")).content == LOA


async def test_a_documents_thirty_minutes_are_the_carriers(client: Client, hands: Hands) -> None:
    await client.told("POST", "/clock", {"scale": 1800})
    await upload(client)
    hands.turn(1)
    assert await client.data("/documents") == []


async def test_supporting_documents_are_listed_with_201_as_documented(client: Client) -> None:
    order_id = await client.place()
    loa, invoice = await upload(client), await upload(client, name="invoice.pdf")
    answer = await attach(
        client,
        order_id,
        {"type": "loa", "document_id": loa["id"]},
        {"type": "invoice", "document_id": invoice["id"]},
    )
    assert answer.status_code == 201
    linked = answer.json()["data"]
    assert linked[0] == {
        "created_at": "2026-03-02T14:00:00.000Z",
        "document_id": loa["id"],
        "id": linked[0]["id"],
        "portout_id": order_id,
        "record_type": "supporting_document",
        "type": "loa",
        "updated_at": "2026-03-02T14:00:00.000Z",
    }
    listed = await client.get(f"/portouts/{order_id}/supporting_documents")
    assert (listed.status_code, listed.json()) == (201, {"data": linked})
    assert (await client.told("GET", f"/orders/{order_id}"))["supporting_documents"] == 2


@pytest.mark.parametrize(
    ("documents", "pointer"),
    [
        ([], "/documents"),
        ([{"type": "loa", "document_id": "OURS"}] * 11, "/documents"),
        ("loa", "/documents"),
        (["loa"], "/documents/0"),
        ([{"type": "bill", "document_id": "OURS"}], "/documents/0/type"),
        ([{"document_id": "OURS"}], "/documents/0/type"),
        ([{"type": "loa"}], "/documents/0/document_id"),
        (
            [{"type": "loa", "document_id": "OURS"}, {"type": "loa", "document_id": UNKNOWN}],
            "/documents/1/document_id",
        ),
    ],
)
async def test_bad_supporting_documents_are_refused_all_together(
    client: Client, documents: Any, pointer: str
) -> None:
    order_id, ours = await client.place(), (await upload(client))["id"]
    if isinstance(documents, list):
        documents = [
            {**item, "document_id": ours}
            if isinstance(item, dict) and item.get("document_id") == "OURS"
            else item
            for item in documents
        ]
    path = f"/portouts/{order_id}/supporting_documents"
    answer = await client.http.post(path, json={"documents": documents})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["source"] == {"pointer": pointer}
    assert (await client.get(path)).json() == {"data": []}


async def test_ten_documents_at_once_are_accepted(client: Client) -> None:
    order_id, ours = await client.place(), (await upload(client))["id"]
    answer = await attach(client, order_id, *[{"type": "invoice", "document_id": ours}] * 10)
    assert len(answer.json()["data"]) == 10


async def test_the_gaining_side_adds_documents_with_any_scan_status(client: Client) -> None:
    order_id = await client.place()
    for content in (
        {"type": "loa", "av_scan_status": "infected"},
        {"type": "invoice", "filename": "bill.txt", "text": "Account 5."},
        {"type": "loa", "file": b64encode(LOA).decode()},
    ):
        await client.told("POST", f"/orders/{order_id}/documents", content)
    linked = (await client.get(f"/portouts/{order_id}/supporting_documents")).json()["data"]
    assert [paper["type"] for paper in linked] == ["loa", "invoice", "loa"]
    documents = [await client.data(f"/documents/{paper['document_id']}") for paper in linked]
    assert [document["av_scan_status"] for document in documents] == ["infected", "scanned", "scanned"]
    contents = [(await client.get(f"/documents/{document['id']}/download")).content for document in documents]
    assert contents[1:] == [b"Account 5.", LOA]


async def test_documents_are_found_by_name_reference_and_time_in_any_order(
    client: Client, hands: Hands
) -> None:
    for name, reference in (("b.pdf", "R1"), ("a.pdf", "R2"), ("c.txt", "R2")):
        await upload(client, name=name, customer_reference=reference)
        hands.turn(60)

    async def names(**query: str) -> list[str]:
        found = await client.data(
            "/documents",
            {key.replace("__", "][").join(("filter[", "]")): value for key, value in query.items()},
        )
        return [document["filename"] for document in found]

    assert await names() == ["c.txt", "a.pdf", "b.pdf"]
    assert await names(filename__contains="pdf") == ["a.pdf", "b.pdf"]
    assert await names(customer_reference__eq="R1") == ["b.pdf"]
    assert await names(customer_reference__in="R1,R2") == ["c.txt", "a.pdf", "b.pdf"]
    assert await names(created_at__gt="2026-03-02T14:00:00Z") == ["c.txt", "a.pdf"]
    assert await names(created_at__lt="2026-03-02T14:02:00Z") == ["a.pdf", "b.pdf"]

    for sort, order in (
        ("filename", "abc"),
        ("-filename", "cba"),
        ("created_at", "bac"),
        ("-created_at", "cab"),
    ):
        found = await client.data("/documents", {"sort[]": sort})
        assert "".join(document["filename"][0] for document in found) == order
    page = (await client.get("/documents", query={"page[size]": 2, "page[number]": 2})).json()
    assert [document["filename"] for document in page["data"]] == ["b.pdf"]
    assert page["meta"] == {"page_number": 2, "page_size": 2, "total_pages": 2, "total_results": 3}


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("sort", "size"), ("filter[created_at][gt]", "yesterday"), ("filter[size]", "5"), ("page[size]", "251")],
)
async def test_bad_questions_about_documents_are_refused(client: Client, parameter: str, value: str) -> None:
    await upload(client)
    answer = await client.get("/documents", query={parameter: value})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["source"] == {"parameter": parameter}


async def test_documents_of_unknown_orders_and_unknown_documents_are_404(
    client: Client, carrier: Carrier
) -> None:
    ours = (await upload(client))["id"]
    assert (await client.get(f"/portouts/{UNKNOWN}/supporting_documents")).status_code == 404
    answer = await attach(client, UNKNOWN, {"type": "loa", "document_id": ours})
    assert answer.status_code == 404
    assert (await client.control("POST", f"/orders/{UNKNOWN}/documents", {"type": "loa"})).status_code == 404
    scan = {"av_scan_status": "infected"}
    assert (await client.control("POST", f"/documents/{UNKNOWN}/scan", scan)).status_code == 404
    assert len(carrier.documents.find({}, [])) == 1
