"""From the bytes of a successful answer to models: fast when all is well, entry by entry when it is not.

Nothing here raises: a validation error holds the input, and with it perhaps a PIN, so none leaves this file.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from telnyx_api.lenient import lenient_json
from telnyx_api.models import CarrierModel

Item = TypeVar("Item", bound=BaseModel)
Content = TypeVar("Content")


class Meta(CarrierModel):
    """Where a page stands in its listing, as the carrier tells it."""

    page_number: int | None = None
    page_size: int | None = None
    total_pages: int | None = None
    total_results: int | None = None


class Listed(CarrierModel, Generic[Item]):
    """The envelope of a list."""

    data: list[Item]
    meta: Meta | None = None


class Single(CarrierModel, Generic[Item]):
    """The envelope of one thing."""

    data: Item


@dataclass(frozen=True, slots=True)
class Page(Generic[Content]):
    """One answer of a listing."""

    items: list[Content]
    meta: Meta | None = None
    unreadable: int = 0
    """Entries that are no object or have no id."""

    @property
    def count(self) -> int:
        """Entries that the carrier sent, readable or not."""
        return len(self.items) + self.unreadable


class Reader(Generic[Item]):
    """Reads answers about one kind of thing.

    Args:
        item: the model of one thing.
        listed: the envelope of a list of them.
        single: the envelope of one of them.
    """

    def __init__(self, item: type[Item], listed: type[Listed[Item]], single: type[Single[Item]]) -> None:
        self._item = item
        self._listed = listed
        self._single = single

    def page(self, body: bytes) -> Page[Item] | None:
        """The entries of a list, or None when the body is no list at all.

        An entry with a field of the wrong type loses that field only; one without an id is counted in
        `Page.unreadable`, and the others are read all the same.
        """
        try:
            answer = self._listed.model_validate_json(body)
        except ValidationError:
            return self._page_entry_by_entry(body)
        return Page(answer.data, answer.meta)

    def one(self, body: bytes) -> Item | None:
        """The one thing, mended as in a list, or None when it cannot be read."""
        try:
            return self._single.model_validate_json(body).data
        except ValidationError:
            pass
        return _mended(self._item, _envelope(body).get("data"))

    def _page_entry_by_entry(self, body: bytes) -> Page[Item] | None:
        envelope = _envelope(body)
        entries = envelope.get("data")
        if not isinstance(entries, list):
            return None
        items = [item for entry in entries if (item := _mended(self._item, entry)) is not None]
        return Page(items, _mended(Meta, envelope.get("meta")), len(entries) - len(items))


def _envelope(body: bytes) -> dict[str, object]:
    answer = lenient_json(body)
    return answer if isinstance(answer, dict) else {}


def _mended(model: type[Item], raw: object) -> Item | None:
    """The model without the fields that it cannot take; None when it cannot do without one of them."""
    if not isinstance(raw, dict):
        return None
    while True:
        try:
            return model.model_validate(raw)
        except ValidationError as fault:
            places = [
                error["loc"]
                for error in fault.errors(include_url=False, include_context=False, include_input=False)
            ]
        if not [place for place in places if _removed(raw, place)]:
            return None


def _removed(raw: dict[str, object], place: tuple[int | str, ...]) -> bool:
    """Takes the innermost named field on the way to `place` out of `raw`; False when there is none."""
    field, *deeper = place or ("",)
    if not isinstance(field, str) or field not in raw:
        return False
    inner = raw[field]
    if isinstance(inner, dict) and deeper and _removed(inner, tuple(deeper)):
        return True
    del raw[field]
    return True
