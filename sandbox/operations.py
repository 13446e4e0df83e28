"""The operations of the API, by the names of its document: from a request to what the carrier does."""

import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request

from sandbox.carrier import Carrier
from sandbox.documents import DOCUMENT_FILTERS
from sandbox.errors import ApiError
from sandbox.faults import Effect
from sandbox.papers import comment_body, wanted_papers
from sandbox.phone_numbers import NUMBER_FILTERS
from sandbox.query import (
    CODE_FILTERS,
    DEFAULT_SIZE,
    EVENT_FILTERS,
    ORDER_FILTERS,
    Query,
    event_search,
    page_of,
    parse,
    sort_order,
    wanted_codes,
)
from sandbox.reports import REPORT_FILTERS
from sandbox.uploads import read_upload
from sandbox.wire import File

Data = dict[str, Any]
Handler = Callable[[Request, bytes, Effect], Data | File | None]
"""From request, body and faults to what is answered; None has no body."""


class Operations:
    """Handlers are plain functions: between reading the body and writing the answer nobody else touches the
    carrier.
    """

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier

    def all(self) -> list[tuple[str, str, Handler, int]]:
        """Method, path, handler, and the status when all is well."""
        order, document = "/portouts/{portout_id}", "/documents/{document_id}"
        # The first that fits is taken: fixed names come before {portout_id}.
        return [
            ("GET", "/portouts", self._portouts, 200),
            ("GET", "/portouts/events", self._events, 200),
            ("GET", "/portouts/events/{event_id}", self._event, 200),
            ("POST", "/portouts/events/{event_id}/republish", self._republish, 204),
            ("GET", "/portouts/rejections/{portout_id}", self._rejections, 200),
            ("GET", "/portouts/reports", self._reports, 200),
            ("POST", "/portouts/reports", self._create_report, 201),
            ("GET", "/portouts/reports/{report_id}", self._report, 200),
            ("GET", order, self._portout, 200),
            ("PATCH", f"{order}/{{status}}", self._update_status, 200),
            ("GET", f"{order}/comments", self._comments, 200),
            ("POST", f"{order}/comments", self._create_comment, 201),
            # As documented: reading them answers 201.
            ("GET", f"{order}/supporting_documents", self._supporting_documents, 201),
            ("POST", f"{order}/supporting_documents", self._attach, 201),
            ("GET", "/documents", self._documents, 200),
            ("POST", "/documents", self._upload, 200),
            ("GET", document, self._document, 200),
            ("GET", f"{document}/download", self._download, 200),
            ("GET", "/phone_numbers", self._phone_numbers, 200),
        ]

    def _portouts(self, request: Request, _body: bytes, _effect: Effect) -> Data:
        query = parse(request.query_params.multi_items(), ORDER_FILTERS)
        rows, total = self._carrier.list_orders(query)
        return {"data": rows, "meta": query.meta(total)}

    def _portout(self, request: Request, _body: bytes, _effect: Effect) -> Data:
        return {"data": self._carrier.read_order(request.path_params["portout_id"])}

    def _events(self, request: Request, _body: bytes, _effect: Effect) -> Data:
        query = parse(request.query_params.multi_items(), EVENT_FILTERS)
        rows, total = self._carrier.list_events(event_search(query.filters), query)
        return {"data": rows, "meta": query.meta(total)}

    def _event(self, request: Request, _body: bytes, _effect: Effect) -> Data:
        return {"data": self._carrier.read_event(request.path_params["event_id"])}

    def _republish(self, request: Request, _body: bytes, _effect: Effect) -> None:
        self._carrier.republish(request.path_params["event_id"])

    def _rejections(self, request: Request, _body: bytes, _effect: Effect) -> Data:
        query = parse(request.query_params.multi_items(), CODE_FILTERS)
        codes = self._carrier.rejection_codes(request.path_params["portout_id"], wanted_codes(query.filters))
        return {"data": codes}

    def _update_status(self, request: Request, body: bytes, effect: Effect) -> Data:
        path = request.path_params
        return {"data": self._carrier.update_status(path["portout_id"], path["status"], _json(body), effect)}

    def _comments(self, request: Request, _body: bytes, _effect: Effect) -> Data:
        comments = self._carrier.comments(request.path_params["portout_id"])
        # There are no page parameters, so all of them are one page.
        whole = Query(1, max(DEFAULT_SIZE, len(comments)), {})
        return {"data": comments, "meta": whole.meta(len(comments))}

    def _create_comment(self, request: Request, body: bytes, _effect: Effect) -> Data:
        text = comment_body(_json(body))
        return {"data": self._carrier.comment(request.path_params["portout_id"], text)}

    def _supporting_documents(self, request: Request, _body: bytes, _effect: Effect) -> Data:
        return {"data": self._carrier.supporting_documents(request.path_params["portout_id"])}

    def _attach(self, request: Request, body: bytes, _effect: Effect) -> Data:
        wanted = wanted_papers(_json(body))
        return {"data": self._carrier.attach(request.path_params["portout_id"], wanted)}

    def _documents(self, request: Request, _body: bytes, _effect: Effect) -> Data:
        items = request.query_params.multi_items()
        query = parse(items, DOCUMENT_FILTERS)
        found = self._carrier.documents.find(query.filters, sort_order(items))
        return {"data": page_of(found, query), "meta": query.meta(len(found))}

    def _upload(self, request: Request, body: bytes, _effect: Effect) -> Data:
        upload = read_upload(request.headers.get("content-type", ""), body)
        return {"data": self._carrier.documents.add(upload)}

    def _document(self, request: Request, _body: bytes, _effect: Effect) -> Data:
        return {"data": self._carrier.documents.read(request.path_params["document_id"])}

    def _download(self, request: Request, _body: bytes, _effect: Effect) -> File:
        return self._carrier.documents.file(request.path_params["document_id"])

    def _reports(self, request: Request, _body: bytes, _effect: Effect) -> Data:
        query = parse(request.query_params.multi_items(), REPORT_FILTERS)
        found = self._carrier.reports.find(query.filters)[::-1]
        return {"data": page_of(found, query), "meta": query.meta(len(found))}

    def _create_report(self, _request: Request, body: bytes, _effect: Effect) -> Data:
        return {"data": self._carrier.create_report(_json(body))}

    def _report(self, request: Request, _body: bytes, _effect: Effect) -> Data:
        return {"data": self._carrier.reports.read(request.path_params["report_id"])}

    def _phone_numbers(self, request: Request, _body: bytes, _effect: Effect) -> Data:
        query = parse(request.query_params.multi_items(), NUMBER_FILTERS)
        rows, total = self._carrier.list_numbers(query)
        return {"data": rows, "meta": query.meta(total)}


def nowhere(_request: Request, _body: bytes, _effect: Effect) -> None:
    """What is at no path of the API."""
    raise ApiError(404)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        raise ApiError(400) from None
