"""Comments, reports and single events: what goes over the wire, and what comes back typed."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime

import pytest
from pydantic import SecretStr
from starlette.responses import JSONResponse, Response

from telnyx_api import (
    Comment,
    DocumentToAttach,
    InvalidArgument,
    Report,
    ReportFilters,
    ReportParams,
    TelnyxClient,
    UnexpectedAnswer,
)
from tests.telnyx_api.conftest import AT, AT_TEXT, Asked, ScriptedCarrier

COMMENT = {
    "id": "c-1", "portout_id": "o-1", "user_id": "u-1", "body": "Please send the LOA.",
    "created_at": AT_TEXT, "record_type": "portout",
}  # fmt: skip
FILTERS = {
    "created_at__gt": AT_TEXT, "created_at__lt": AT_TEXT, "customer_reference__in": ["A", "B"],
    "end_user_name": "McPortersen", "phone_numbers__overlaps": ["+13035551212"], "status__in": ["pending"],
}  # fmt: skip
REPORT = {
    "id": "r-1", "report_type": "export_portouts_csv", "status": "completed", "document_id": "d-1",
    "params": {"filters": FILTERS}, "created_at": AT_TEXT, "updated_at": AT_TEXT, "record_type": "portout_report",
}  # fmt: skip


# Comments


async def test_comments_are_read_and_tell_who_wrote_them(
    client: TelnyxClient, carrier: ScriptedCarrier
) -> None:
    carrier.answers({"data": [COMMENT, COMMENT | {"id": "c-2", "user_id": None}]})
    ours, theirs = await client.comments("o-1")
    (asked,) = carrier.asked
    assert (asked.method, asked.path, asked.query) == ("GET", "/v2/portouts/o-1/comments", {})
    assert ours == Comment(
        id="c-1",
        portout_id="o-1",
        user_id="u-1",
        body="Please send the LOA.",
        created_at=AT,
        record_type="portout",
    )
    assert set(COMMENT) == set(Comment.model_fields)
    assert theirs.user_id is None


def in_pages(pages: list[list[dict[str, object]]], size: int) -> Callable[[Asked], Response]:
    """Answers with the page that is asked for, and says how many there are."""

    def answer(asked: Asked) -> Response:
        number = int(asked.query.get("page[number]", "1"))
        meta = {
            "page_number": number,
            "page_size": size,
            "total_pages": len(pages),
            "total_results": sum(map(len, pages)),
        }
        return JSONResponse({"data": pages[number - 1], "meta": meta})

    return answer


async def test_comments_that_do_not_fit_in_one_answer_are_read_to_the_end(
    client: TelnyxClient, carrier: ScriptedCarrier
) -> None:
    def comment(number: int) -> dict[str, object]:
        return {"id": f"c-{number}"}

    # One was written after the first answer, and moved the others by one place.
    carrier.answer = in_pages([[comment(3), comment(2)], [comment(2), comment(1)], [comment(0)]], 2)
    assert [comment.id for comment in await client.comments("o-1")] == ["c-3", "c-2", "c-1", "c-0"]
    assert [asked.query for asked in carrier.asked] == [{}, {"page[number]": "2"}, {"page[number]": "3"}]


async def test_comments_of_which_the_rest_cannot_be_read_are_no_comments(
    client: TelnyxClient, carrier: ScriptedCarrier
) -> None:
    # Whether a comment was posted already is decided by this list, so half of it is worse than none.
    carrier.answers({"data": [COMMENT], "meta": {"total_pages": 2}})
    with pytest.raises(UnexpectedAnswer, match="cannot be read in full"):
        await client.comments("o-1")
    carrier.answers({"data": [COMMENT], "meta": {"page_number": 1, "page_size": 1, "total_pages": 2}})
    with pytest.raises(UnexpectedAnswer, match="another page"):
        await client.comments("o-1")


async def test_a_comment_that_cannot_be_read_is_counted(
    client: TelnyxClient, carrier: ScriptedCarrier
) -> None:
    carrier.answers({"data": [COMMENT, {"body": "no id"}, 7]})
    comments = await client.comments("o-1")
    assert ([comment.id for comment in comments], comments.unreadable) == (["c-1"], 2)


async def test_a_comment_is_written(client: TelnyxClient, carrier: ScriptedCarrier) -> None:
    carrier.answers({"data": COMMENT}, 201)
    assert (await client.create_comment("o-1", "Bitte das Formular.")).id == "c-1"
    (asked,) = carrier.asked
    assert (asked.method, asked.path) == ("POST", "/v2/portouts/o-1/comments")
    assert json.loads(asked.body) == {"body": "Bitte das Formular."}


# Reports


async def test_every_field_of_a_report_is_read(client: TelnyxClient, carrier: ScriptedCarrier) -> None:
    carrier.answers({"data": REPORT})
    report = await client.report("r-1")
    assert (carrier.asked[0].method, carrier.asked[0].path) == ("GET", "/v2/portouts/reports/r-1")
    assert report == Report(
        id="r-1",
        report_type="export_portouts_csv",
        status="completed",
        document_id="d-1",
        params=ReportParams(
            filters=ReportFilters(
                created_at__gt=AT,
                created_at__lt=AT,
                customer_reference__in=["A", "B"],
                end_user_name="McPortersen",
                phone_numbers__overlaps=["+13035551212"],
                status__in=["pending"],
            )
        ),
        created_at=AT,
        updated_at=AT,
        record_type="portout_report",
    )
    assert set(REPORT) == set(Report.model_fields)
    assert set(FILTERS) == set(ReportFilters.__dataclass_fields__)


STRANGE_PARAMS: list[object] = [
    None,
    [],
    {},
    {"filters": None},
    {"filters": {"status__in": 7, "new": 1}},
    {"filters": {"created_at__gt": "soon"}},
]


@pytest.mark.parametrize("params", STRANGE_PARAMS)
async def test_a_report_with_strange_parameters_is_still_a_report(
    client: TelnyxClient, carrier: ScriptedCarrier, params: object
) -> None:
    carrier.answers({"data": REPORT | {"params": params}})
    report = await client.report("r-1")
    assert (report.document_id, report.params) == ("d-1", ReportParams())


async def test_a_report_without_a_status_is_neither_pending_nor_completed(
    client: TelnyxClient, carrier: ScriptedCarrier
) -> None:
    carrier.answers({"data": {"id": "r-1"}})
    assert (await client.report("r-1")).status not in {"pending", "completed"}


async def test_every_filter_of_the_report_listing_has_the_name_that_the_api_gives_it(
    client: TelnyxClient, carrier: ScriptedCarrier
) -> None:
    await client.reports(report_type="export_portouts_csv", status="completed")
    (asked,) = carrier.asked
    assert (asked.method, asked.path) == ("GET", "/v2/portouts/reports")
    assert asked.query == {
        "page[number]": "1",
        "page[size]": "250",
        "filter[report_type]": "export_portouts_csv",
        "filter[status]": "completed",
    }


async def test_reports_are_read_to_the_end_without_a_filter_that_the_api_does_not_have(
    client: TelnyxClient, carrier: ScriptedCarrier
) -> None:
    carrier.answer = in_pages([[{"id": "r-1"}], [{"id": "r-2"}]], 1)
    assert {report.id for report in await client.reports()} == {"r-1", "r-2"}
    assert {name for asked in carrier.asked for name in asked.query} == {"page[number]", "page[size]"}


async def test_a_report_is_asked_for_with_all_filters(client: TelnyxClient, carrier: ScriptedCarrier) -> None:
    carrier.answers({"data": REPORT | {"status": "pending", "document_id": None}}, 201)
    report = await client.create_report(
        ReportFilters(
            created_at__gt=AT,
            created_at__lt=AT,
            customer_reference__in=["A", "B"],
            end_user_name="McPortersen",
            phone_numbers__overlaps=["+13035551212"],
            status__in=["pending", "ported"],
        )
    )
    (asked,) = carrier.asked
    assert (asked.method, asked.path) == ("POST", "/v2/portouts/reports")
    assert json.loads(asked.body) == {
        "report_type": "export_portouts_csv",
        "params": {
            "filters": {
                "created_at__gt": "2018-02-02T22:25:27.521000Z",
                "created_at__lt": "2018-02-02T22:25:27.521000Z",
                "customer_reference__in": ["A", "B"],
                "end_user_name": "McPortersen",
                "phone_numbers__overlaps": ["+13035551212"],
                "status__in": ["pending", "ported"],
            }
        },
    }
    assert (report.status, report.document_id) == ("pending", None)


async def test_a_report_about_everything_says_so(client: TelnyxClient, carrier: ScriptedCarrier) -> None:
    carrier.answers({"data": REPORT}, 201)
    await client.create_report(ReportFilters())
    assert json.loads(carrier.asked[0].body)["params"] == {"filters": {}}


# Events and codes


async def test_one_event_is_read_with_its_pin_hidden(client: TelnyxClient, carrier: ScriptedCarrier) -> None:
    carrier.answers(
        {
            "data": {
                "id": "e-1",
                "portout_id": "o-1",
                "available_notification_methods": ["email", "webhook"],
                "payload": {"attempted_pin": "0042"},
            }
        }
    )
    event = await client.event("e-1")
    assert (carrier.asked[0].method, carrier.asked[0].path) == ("GET", "/v2/portouts/events/e-1")
    assert event.payload.attempted_pin == SecretStr("0042")
    assert event.available_notification_methods == ["email", "webhook"]
    assert "0042" not in repr(event)


async def test_an_event_is_republished(client: TelnyxClient, carrier: ScriptedCarrier) -> None:
    carrier.answer = lambda _: Response(status_code=204)
    await client.republish_event("e-1")
    (asked,) = carrier.asked
    assert (asked.method, asked.path, asked.body) == ("POST", "/v2/portouts/events/e-1/republish", b"")


async def test_codes_can_be_asked_for_by_number(client: TelnyxClient, carrier: ScriptedCarrier) -> None:
    await client.rejection_codes("o-1", code_in=[1001, 1002])
    await client.rejection_codes("o-1")
    assert [asked.query for asked in carrier.asked] == [{"filter[code]": "1001,1002"}, {}]


# What cannot be asked

ONE = [DocumentToAttach("d-1", "loa")]

BAD_CALLS: list[Callable[[TelnyxClient], Awaitable[object]]] = [
    lambda client: client.event("a/b"),
    lambda client: client.republish_event(".."),
    lambda client: client.comments(""),
    lambda client: client.create_comment("", "Text."),
    lambda client: client.create_comment("o-1", " \n"),
    lambda client: client.supporting_documents("../x"),
    lambda client: client.attach_documents("", ONE),
    lambda client: client.attach_documents("o-1", []),
    lambda client: client.attach_documents("o-1", ONE * 11),
    lambda client: client.attach_documents("o-1", [DocumentToAttach("d-1", "passport")]),  # type: ignore[arg-type]
    lambda client: client.attach_documents("o-1", [DocumentToAttach("", "loa")]),
    lambda client: client.upload_document("", b"x"),
    lambda client: client.upload_document("..", b"x"),
    lambda client: client.upload_document("/home/ann/loa.pdf", b"x"),
    lambda client: client.upload_document("C:\\loa.pdf", b"x"),
    lambda client: client.upload_document("a\r\nb", b"x"),
    lambda client: client.upload_document("loa.pdf", b""),
    lambda client: client.document("a/b"),
    lambda client: client.download_document("a/b"),
    lambda client: client.report("a/b"),
    lambda client: client.create_report(ReportFilters(created_at__gt=datetime(2026, 3, 1))),
    lambda client: client.create_report(ReportFilters(status__in=[])),
    lambda client: client.rejection_codes("o-1", code_in=[]),
]


@pytest.mark.parametrize("call", BAD_CALLS)
async def test_what_cannot_be_asked_is_refused_in_one_sentence_before_anything_is_sent(
    client: TelnyxClient, carrier: ScriptedCarrier, call: Callable[[TelnyxClient], Awaitable[object]]
) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        await call(client)
    assert carrier.asked == []
    assert str(refusal.value).endswith(".")
    assert "/" not in str(refusal.value)
