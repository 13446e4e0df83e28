"""Our client and the carrier's own SDK, asynchronous and blocking, read the same from the sandbox, field by field."""

import asyncio
import inspect
from collections.abc import AsyncIterator
from dataclasses import asdict, is_dataclass
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

import httpx
import pytest
import telnyx
from pydantic import BaseModel, SecretStr
from telnyx.types import DocServiceDocument, PortoutDetails
from telnyx.types.doc_service_document import DocServiceDocumentSize
from telnyx.types.portouts import (
    ExportPortoutsCsvReport,
    PortoutComment,
    PortoutReport,
    PortOutSupportingDocument,
    WebhookPortoutFocDateChanged,
    WebhookPortoutNewComment,
    WebhookPortoutStatusChanged,
)

from sandbox.carrier import Carrier
from sandbox.serve import SandboxServer
from telnyx_api import DocumentToAttach, PortOut, ReportFilters, TelnyxClient, read_timestamp
from tests.sandbox.conftest import NO_TLS, START, Hands

CONTENT = b"%PDF-1.7 A letter of authorization. " + bytes(range(256))


class Sdk:
    """One way to say things to both of the SDK's clients; the blocking one gets a thread."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def data(self, operation: str, *args: Any, **kwargs: Any) -> Any:
        """What the operation answers."""
        answer = await self._call(operation, *args, **kwargs)
        return answer.data

    async def all(self, operation: str, **kwargs: Any) -> list[Any]:
        """Every item of every page."""
        method = reduce(getattr, operation.split("."), self._client)
        if isinstance(self._client, telnyx.AsyncTelnyx):
            return [item async for item in method(**kwargs)]
        return await asyncio.to_thread(lambda: list(method(**kwargs)))

    async def content(self, document_id: str) -> bytes:
        content = (await self._call("documents.download", document_id)).read()
        return bytes(await content if inspect.isawaitable(content) else content)

    async def _call(self, operation: str, *args: Any, **kwargs: Any) -> Any:
        method = reduce(getattr, operation.split("."), self._client)
        if isinstance(self._client, telnyx.AsyncTelnyx):
            return await method(*args, **kwargs)
        return await asyncio.to_thread(method, *args, **kwargs)


@pytest.fixture(params=["async", "blocking"])
async def sdk(
    request: pytest.FixtureRequest, server: SandboxServer, http: httpx.AsyncClient
) -> AsyncIterator[Sdk]:
    options: dict[str, Any] = {"api_key": server.key, "base_url": server.base_url, "max_retries": 0}
    if request.param == "async":
        yield Sdk(telnyx.AsyncTelnyx(**options, http_client=http))
    else:
        with telnyx.Telnyx(**options, http_client=httpx.Client(trust_env=False, verify=NO_TLS)) as blocking:
            yield Sdk(blocking)


def fields_of(model: BaseModel) -> dict[str, Any]:
    """What the SDK read, by the API's names; fields that it has no name for are an error of this test's."""
    assert not model.model_extra, "the sandbox sends what the SDK does not know"
    return {info.alias or name: getattr(model, name) for name, info in type(model).model_fields.items()}


def assert_agree(ours: Any, theirs: Any, place: str = "") -> None:
    """Every field that either of the two knows has the same value in both, or is nothing in both."""
    if isinstance(theirs, BaseModel):
        by_name = fields_of(theirs)
        assert set(by_name) <= set(names(ours)), place
        for name in names(ours):
            assert_agree(getattr(ours, name), by_name.get(name), f"{place}.{name}")
    elif isinstance(ours, datetime):
        assert read_timestamp(theirs) == ours, place
    elif isinstance(ours, SecretStr):
        assert ours.get_secret_value() == theirs, place
    elif isinstance(ours, list):
        assert ours == (theirs or []), place
    elif isinstance(ours, BaseModel) or is_dataclass(ours):
        assert theirs is None, place
        empty: Any = type(ours)
        assert ours == empty(), place
    else:
        assert ours == theirs, place


def names(model: Any) -> list[str]:
    return list(asdict(model) if is_dataclass(model) else type(model).model_fields)  # type: ignore[arg-type]


def assert_all_agree(ours: list[Any], theirs: list[Any]) -> None:
    by_id = {str(item.id): item for item in theirs}
    assert {item.id for item in ours} == set(by_id)
    for item in ours:
        assert_agree(item, by_id[item.id], type(item).__name__)


def assert_seen(kind: type[BaseModel], items: list[Any], *, but: set[str] = frozenset()) -> None:  # type: ignore[assignment]
    """Each field of the kind had a value in some of the items, so that agreeing on it means something."""
    seen = {name for item in items for name, value in fields_of(item).items() if value not in (None, [])}
    assert {info.alias or name for name, info in kind.model_fields.items()} - seen == but


async def test_on_orders(ours: TelnyxClient, sdk: Sdk, sandbox: Carrier) -> None:
    full = sandbox.create_order(
        phone_numbers=["+12125550123", "+12125550124"],
        carrier_name="Onvoy",
        spid="073H",
        authorized_name="Ann McPort",
        end_user_name="Harbor Coffee LLC",
        pon="00042",
        foc_date=START + timedelta(days=3),
        requested_foc_date=START + timedelta(days=2),
        service_address="1 Example Street",
        city="Chicago",
        state="IL",
        zip="02134",
        vendor="0e66ed3b-37e6-4fed-93d6-a30ce2493661",
        lsr=["https://example.com/files/lsr.pdf"],
    )
    sandbox.create_order(phone_numbers=None)
    answered = await ours.update_status(full, "rejected-pending", reason="Wrong PIN.", rejection_code=1002)
    approved = sandbox.create_order()
    await sdk.data(
        "portouts.update_status", "authorized", id=approved, reason="Verified.", host_messaging=True
    )

    mine, theirs = await ours.portouts(), await sdk.all("portouts.list", page_size=2)
    assert len(mine) == 3
    assert_all_agree(mine, theirs)
    assert_seen(PortoutDetails, theirs)
    for order in mine:
        assert_agree(await ours.portout(order.id), await sdk.data("portouts.retrieve", order.id))
    assert_agree(answered, await sdk.data("portouts.retrieve", full))
    codes = await sdk.data("portouts.list_rejection_codes", full, filter={"code": [1002]})
    for code, other in zip(await ours.rejection_codes(full, code_in=[1002]), codes, strict=True):
        assert_agree(code, other)


FILTERS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"status": "pending"}, {"status": "pending"}),
    ({"status_in": ["canceled", "authorized"]}, {"status_in": ["canceled", "authorized"]}),
    ({"carrier_name": "Onvoy"}, {"carrier_name": "Onvoy"}),
    ({"country_code": "CA"}, {"country_code": "CA"}),
    ({"country_code_in": ["CA", "GB"]}, {"country_code_in": ["CA", "GB"]}),
    ({"foc_date": START + timedelta(days=3)}, {"foc_date": START + timedelta(days=3)}),
    (
        {"inserted_gte": START - timedelta(hours=3), "inserted_lte": START - timedelta(hours=1)},
        {"inserted_at": {"gte": START - timedelta(hours=3), "lte": START - timedelta(hours=1)}},
    ),
    ({"phone_number": "+12125550123"}, {"phone_number": "+12125550123"}),
    ({"pon": "P 1"}, {"pon": "P 1"}),
    (
        {"ported_out_gte": START - timedelta(hours=1), "ported_out_lte": START + timedelta(hours=1)},
        {"ported_out_at": {"gte": START - timedelta(hours=1), "lte": START + timedelta(hours=1)}},
    ),
    ({"spid": "073H"}, {"spid": "073H"}),
    ({"support_key": "PO_7"}, {"support_key": "PO_7"}),
]


async def test_on_which_orders_fit_a_filter(ours: TelnyxClient, sdk: Sdk, sandbox: Carrier) -> None:
    sandbox.create_order(phone_numbers=["+12125550123"], carrier_name="Onvoy", pon="P 1", age_seconds=7200)
    sandbox.create_order(phone_numbers=["+14165550123"], spid="073H", foc_date=START + timedelta(days=3))
    sandbox.cancel(sandbox.create_order(support_key="PO_7"))
    ported = sandbox.create_order()
    await ours.update_status(ported, "rejected-pending", reason="Not ours.")
    sandbox.rule(ported, "port")
    for filters, theirs in FILTERS:
        found = {order.id for order in await ours.portouts(**filters)}
        assert found == {order.id for order in await sdk.all("portouts.list", filter=theirs)}, filters
        assert 0 < len(found) < 4, filters


async def test_on_events(ours: TelnyxClient, sdk: Sdk, sandbox: Carrier) -> None:
    order = sandbox.create_order(
        phone_numbers=["+12125550123"],
        carrier_name="Onvoy",
        spid="073H",
        end_user_name="Harbor Coffee LLC",
        attempted_pin="0042",
    )
    sandbox.create_order(attempted_pin="9999", event_payload_status="created")
    sandbox.comment(order, "Please send the LOA.", by_staff=True)
    await ours.create_comment(order, "Here it is.")
    sandbox.move_foc(order, START + timedelta(days=3))
    await ours.update_status(order, "rejected-pending", reason="Wrong PIN.")

    mine, theirs = await ours.events(), await sdk.all("portouts.events.list", page_size=2)
    assert len(mine) == 6
    assert_all_agree(mine, theirs)
    for kind in (WebhookPortoutStatusChanged, WebhookPortoutNewComment, WebhookPortoutFocDateChanged):
        of_kind = [event for event in theirs if isinstance(event, kind)]
        assert_seen(kind, of_kind)
        payload: Any = type(of_kind[0].payload)
        assert_seen(payload, [event.payload for event in of_kind])
    for event in mine:
        assert_agree(await ours.event(event.id), await sdk.data("portouts.events.retrieve", event.id))
    filters: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"portout_id": order}, {"portout_id": order}),
        ({"event_type": "portout.new_comment"}, {"event_type": "portout.new_comment"}),
        ({"created_gte": START}, {"created_at": {"gte": START}}),
        ({"created_lte": START}, {"created_at": {"lte": START}}),
    ]
    for mine_only, theirs_only in filters:
        found = await sdk.all("portouts.events.list", filter=theirs_only)
        assert_all_agree(await ours.events(**mine_only), found)
        assert found
    await ours.republish_event(mine[0].id)


async def test_on_comments(ours: TelnyxClient, sdk: Sdk, sandbox: Carrier) -> None:
    order = sandbox.create_order()
    written = await ours.create_comment(order, "Bitte das Formular, Müller 🙂.")
    sandbox.comment(order, "The PIN was right.", by_staff=True)
    theirs = await sdk.data("portouts.comments.list", order)
    assert_all_agree(await ours.comments(order), theirs)
    assert_agree(written, theirs[0])
    assert_seen(PortoutComment, theirs)


async def test_on_documents(ours: TelnyxClient, sdk: Sdk, sandbox: Carrier, hands: Hands) -> None:
    order = sandbox.create_order()
    loa = await ours.upload_document("Vollmacht Müller.pdf", CONTENT)
    their_file = {"file": "eHl6", "filename": "bill.txt", "customer_reference": "C-1"}
    bill = await sdk.data("documents.upload_json", document=their_file)
    made = await ours.attach_documents(
        order, [DocumentToAttach(loa.id, "loa"), DocumentToAttach(bill.id, "invoice")]
    )
    hands.turn(3600)  # linked in time, so they are still there

    links = await sdk.data("portouts.supporting_documents.list", order)
    assert_all_agree(await ours.supporting_documents(order), links)
    assert_all_agree(made, links)
    assert_seen(PortOutSupportingDocument, links)
    theirs = [await sdk.data("documents.retrieve", link.document_id) for link in links]
    assert_all_agree([await ours.document(document.id) for document in theirs], theirs)
    assert_seen(DocServiceDocument, theirs)
    assert_seen(DocServiceDocumentSize, [document.size for document in theirs])
    assert theirs[0].filename == "Vollmacht Müller.pdf"
    for document in theirs:
        assert await ours.download_document(document.id) == await sdk.content(document.id)
    assert await ours.download_document(loa.id) == CONTENT


async def test_on_reports(ours: TelnyxClient, sdk: Sdk, sandbox: Carrier, hands: Hands) -> None:
    sandbox.create_order(phone_numbers=["+12125550123"], end_user_name="Harbor Coffee LLC")
    made = await ours.create_report(
        ReportFilters(
            created_at__gt=START - timedelta(days=1),
            created_at__lt=START + timedelta(days=1),
            customer_reference__in=["C-1", "C-2"],
            end_user_name="Harbor Coffee LLC",
            phone_numbers__overlaps=["+12125550123"],
            status__in=["pending", "authorized"],
        )
    )
    assert_agree(made, await sdk.data("portouts.reports.retrieve", made.id))
    everything = await ours.create_report(ReportFilters())
    hands.turn(60)

    mine, theirs = await ours.reports(), await sdk.all("portouts.reports.list", page_size=1)
    assert_all_agree(mine, theirs)
    assert_seen(PortoutReport, theirs)
    assert_seen(ExportPortoutsCsvReport, [report.params for report in theirs])
    asked = next(report.params.filters for report in theirs if report.id == made.id)
    assert_seen(type(asked), [asked])
    for status, count in (("completed", 2), ("pending", 0)):
        query = {"report_type": "export_portouts_csv", "status": status}
        found = await ours.reports(**query)  # type: ignore[arg-type]
        assert_all_agree(found, await sdk.all("portouts.reports.list", filter=query))
        assert len(found) == count
    document_id = (await ours.report(everything.id)).document_id
    assert document_id is not None
    csv = await ours.download_document(document_id)
    assert csv == await sdk.content(document_id)
    assert b"Harbor Coffee LLC" in csv


def test_disagreeing_is_noticed() -> None:
    ours = PortOut(id="o-1", status="pending", city="Chicago")
    with pytest.raises(AssertionError, match=r"\.city"):
        assert_agree(ours, PortoutDetails(id="o-1", status="pending", city="Boston"))
    with pytest.raises(AssertionError, match="the sandbox sends"):
        assert_agree(ours, PortoutDetails.construct(id="o-1", city="Chicago", new_field=1))
    assert_agree(ours, PortoutDetails(id="o-1", status="pending", city="Chicago"))
