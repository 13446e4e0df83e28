"""Every other operation by the carrier's own SDK, unchanged, asynchronous and blocking."""

import asyncio
import inspect
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import reduce
from hashlib import sha256
from typing import Any

import httpx
import pytest
import telnyx

from sandbox.carrier import Carrier
from sandbox.serve import SandboxServer
from tests.sandbox.conftest import NO_TLS, START, Hands
from tests.sandbox.test_sdk import UNKNOWN

LOA = b"%PDF-1.7 A letter of authorization."


class Sdk:
    """One way to say things to both of the SDK's clients; the blocking one gets a thread."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def as_usual(self) -> "Sdk":
        """Without strict validation: the published schema forbids the null that its own text announces."""
        return Sdk(self.client.copy(_extra_kwargs={"_strict_response_validation": False}))

    async def do(self, operation: str, *args: Any, **kwargs: Any) -> Any:
        method = reduce(getattr, operation.split("."), self.client)
        if isinstance(self.client, telnyx.AsyncTelnyx):
            return await method(*args, **kwargs)
        return await asyncio.to_thread(method, *args, **kwargs)

    async def all(self, operation: str, **kwargs: Any) -> list[Any]:
        """Every item of every page."""
        method = reduce(getattr, operation.split("."), self.client)
        if isinstance(self.client, telnyx.AsyncTelnyx):
            return [item async for item in method(**kwargs)]
        return await asyncio.to_thread(lambda: list(method(**kwargs)))


@pytest.fixture(params=["async", "blocking"])
async def sdk(request: pytest.FixtureRequest, server: SandboxServer) -> AsyncIterator[Sdk]:
    options: dict[str, Any] = {
        "api_key": server.key,
        "base_url": server.base_url,
        "max_retries": 0,
        "_strict_response_validation": True,
    }
    if request.param == "async":
        http = httpx.AsyncClient(trust_env=False, verify=NO_TLS)
        async with telnyx.AsyncTelnyx(**options, http_client=http) as client:
            yield Sdk(client)
    else:
        with telnyx.Telnyx(**options, http_client=httpx.Client(trust_env=False, verify=NO_TLS)) as blocking:
            yield Sdk(blocking)


async def test_comments(sdk: Sdk, carrier: Carrier) -> None:
    order_id = carrier.create_order()
    made = (await sdk.do("portouts.comments.create", order_id, body="Please send the LOA.")).data
    assert (made.body, made.portout_id) == ("Please send the LOA.", order_id)
    carrier.comment(order_id, "The PIN was right.", by_staff=True)

    listed = await sdk.as_usual().do("portouts.comments.list", order_id)
    assert [(comment.body, comment.user_id) for comment in listed.data] == [
        ("Please send the LOA.", made.user_id),
        ("The PIN was right.", None),
    ]
    assert listed.data[0].to_dict() == made.to_dict()
    assert (listed.meta.total_results, listed.meta.total_pages) == (2, 1)


async def test_documents_and_supporting_documents(sdk: Sdk, carrier: Carrier, hands: Hands) -> None:
    order_id = carrier.create_order()
    file = {"file": b64encode(LOA).decode(), "filename": "loa.pdf", "customer_reference": "C-1001"}
    by_json = (await sdk.do("documents.upload_json", document=file)).data
    also = (await sdk.do("documents.upload", document={**file, "filename": "invoice.pdf"})).data
    assert (by_json.sha256, by_json.av_scan_status) == (sha256(LOA).hexdigest(), "pending_scan")
    assert (by_json.size.amount, by_json.size.unit) == (len(LOA), "bytes")

    wanted = [
        {"document_id": by_json.id, "type": "loa"},
        {"document_id": also.id, "type": "invoice"},
    ]
    linked = (await sdk.do("portouts.supporting_documents.create", order_id, documents=wanted)).data
    assert [(paper.document_id, paper.type, paper.portout_id) for paper in linked] == [
        (by_json.id, "loa", order_id),
        (also.id, "invoice", order_id),
    ]
    assert (await sdk.do("portouts.supporting_documents.list", order_id)).data == linked

    hands.turn(3600)
    assert (await sdk.do("documents.retrieve", by_json.id)).data.av_scan_status == "scanned"
    download = await sdk.do("documents.download", by_json.id)
    assert await _read(download) == LOA
    query = {"filename": {"contains": "loa"}, "customer_reference": {"in": ["C-1001"], "eq": "C-1001"}}
    found = await sdk.all("documents.list", filter=query, sort=["-created_at", "filename"], page_size=1)
    assert [document.id for document in found] == [by_json.id]
    found = await sdk.all("documents.list", filter={"created_at": {"gt": START - timedelta(1)}}, page_size=1)
    assert {document.id for document in found} == {by_json.id, also.id}


async def test_reports(sdk: Sdk, carrier: Carrier, hands: Hands) -> None:
    order_id = carrier.create_order(phone_numbers=["+12125550123"], end_user_name="Harbor Coffee LLC")
    filters = {
        "created_at_gt": START - timedelta(days=1),
        "created_at_lt": START + timedelta(days=1),
        "end_user_name": "Harbor Coffee LLC",
        "phone_numbers_overlaps": ["+12125550123"],
        "status_in": ["pending", "authorized"],
    }
    report = await sdk.do(
        "portouts.reports.create", params={"filters": filters}, report_type="export_portouts_csv"
    )
    assert (report.data.status, report.data.document_id) == ("pending", None)
    assert report.data.params.filters.status_in == ["pending", "authorized"]

    hands.turn(5)
    completed = (await sdk.do("portouts.reports.retrieve", report.data.id)).data
    text = (await _read(await sdk.do("documents.download", completed.document_id))).decode()
    assert text.splitlines()[1].startswith(f"{order_id},")
    query = {"report_type": "export_portouts_csv", "status": "completed"}
    assert await sdk.all("portouts.reports.list", filter=query, page_size=1) == [completed]


async def test_events(sdk: Sdk, carrier: Carrier) -> None:
    order_id = carrier.create_order(attempted_pin="0042")
    carrier.comment(order_id, "Hello.", by_staff=True)
    carrier.move_foc(order_id, START + timedelta(days=3))
    events = await sdk.all("portouts.events.list", filter={"portout_id": order_id}, page_size=2)
    assert [event.event_type for event in events] == [
        "portout.foc_date_changed",
        "portout.new_comment",
        "portout.status_changed",
    ]
    for event in events:
        shown = (await sdk.do("portouts.events.retrieve", event.id)).data
        assert (shown.id, shown.portout_id, shown.payload_status) == (event.id, order_id, "completed")
        assert await sdk.do("portouts.events.republish", event.id) is None


async def test_answering_with_host_messaging(sdk: Sdk, carrier: Carrier) -> None:
    order_id = carrier.create_order()
    answered = await sdk.do(
        "portouts.update_status", "authorized", id=order_id, reason="Verified.", host_messaging=True
    )
    assert (answered.data.status, answered.data.host_messaging) == ("authorized", True)
    assert (await sdk.do("portouts.retrieve", order_id)).data.host_messaging is True


async def test_what_is_unknown_or_refused_raises_the_sdks_errors(sdk: Sdk, carrier: Carrier) -> None:
    order_id = carrier.create_order()
    for operation in (
        "portouts.events.retrieve",
        "portouts.events.republish",
        "portouts.comments.list",
        "portouts.supporting_documents.list",
        "portouts.reports.retrieve",
        "documents.retrieve",
        "documents.download",
    ):
        with pytest.raises(telnyx.NotFoundError):
            await sdk.do(operation, UNKNOWN)
    with pytest.raises(telnyx.UnprocessableEntityError):
        await sdk.do("portouts.comments.create", order_id, body="")
    with pytest.raises(telnyx.UnprocessableEntityError):
        await sdk.do("portouts.supporting_documents.create", order_id, documents=[])
    carrier.rate_limit.set(0)
    with pytest.raises(telnyx.RateLimitError):
        await sdk.do("portouts.comments.list", order_id)


async def _read(download: Any) -> bytes:
    content = download.read()
    return bytes(await content if inspect.isawaitable(content) else content)
