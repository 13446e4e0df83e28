"""The operator's own directory: what it says counts, and what it does not say is an error, never nobody."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from records.customer_record import Lock
from records.directory import KEPT, Directory
from records.errors import DirectoryFailed
from records.store import Records
from tests.directory import TOKEN, OwnDirectory, own_directory
from tests.records.conftest import Open

NUMBER, OTHER = "+13125550142", "+13125550199"
ANN = {
    "customer_id": "c1",
    "name": "Ann Lee",
    "authorized_names": ["Bob Roe"],
    "tags": ["vip"],
    "country": "US",
    "pin": "0042",
    "locked": True,
    "locked_at": "2026-03-01T09:00:00+01:00",
    "lock_why": "Travels",
    "sim_changed_at": "2026-02-01T00:00:00Z",
}


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def told() -> Iterator[OwnDirectory]:
    with own_directory() as told:
        told.customers[NUMBER] = ANN
        yield told


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def directory(told: OwnDirectory, clock: Clock) -> Iterator[Directory]:
    directory = Directory(told.url, SecretStr(TOKEN), clock=clock)
    yield directory
    directory.close()


def test_a_customer_is_told_with_pin_lock_and_dates(directory: Directory, told: OwnDirectory) -> None:
    found = directory.find([NUMBER, OTHER])
    assert list(found) == [NUMBER]
    ann = found[NUMBER]
    assert (ann.id, ann.name, ann.authorized_names) == ("c1", "Ann Lee", ["Bob Roe"])
    assert (ann.tags, ann.country) == (["vip"], "US")
    assert ann.lock == Lock(datetime(2026, 3, 1, 8, tzinfo=UTC), None, "Travels")
    assert ann.sim_changed_at == datetime(2026, 2, 1, tzinfo=UTC)
    assert ann.pin is not None
    assert (ann.pin.matches(SecretStr("0042")), ann.pin.matches(SecretStr("42"))) == (True, False)
    assert "0042" not in f"{ann!r} {ann.pin!r}"
    assert sorted(told.asked) == [NUMBER, OTHER]


def test_what_the_directory_leaves_out_is_not_known(directory: Directory, told: OwnDirectory) -> None:
    told.customers[NUMBER] = {"customer_id": "c1", "pin": " "}
    told.customers[OTHER] = {"customer_id": "c2", "locked": False}
    found = directory.find([NUMBER, OTHER])
    assert (found[NUMBER].lock, found[NUMBER].lock_known, found[NUMBER].pin) == (None, False, None)
    assert (found[OTHER].lock, found[OTHER].lock_known) == (None, True)


def test_an_answer_is_used_again_for_a_minute_and_no_longer(
    directory: Directory, told: OwnDirectory, clock: Clock
) -> None:
    directory.find([NUMBER, NUMBER])
    told.customers[NUMBER] = {**ANN, "locked": False}
    assert directory.find([NUMBER])[NUMBER].lock is not None
    assert told.asked == [NUMBER]
    clock.now = KEPT + 1
    assert directory.find([NUMBER])[NUMBER].lock is None
    assert told.asked == [NUMBER] * 2


def test_those_who_ask_at_the_same_time_share_one_request(directory: Directory, told: OwnDirectory) -> None:
    told.open.clear()
    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(directory.find, [NUMBER]) for _ in range(4)]
        told.open.set()
        assert {future.result()[NUMBER].id for future in asking} == {"c1"}
    assert told.asked == [NUMBER]


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (500, b"{}", "it answered 500"),
        (302, b"{}", "it answered 302"),
        (204, b"", "it answered 204"),
        (429, b"", "it answered 429"),
        (401, b"", "refuses PORTOUT_DIRECTORY_TOKEN with 401"),
        (404, b"<html>Not Found</html>", "404 without saying that there is no such customer"),
        (404, b'{"customer": {"customer_id": "c1"}}', "404 with a customer"),
        (200, b"", "its JSON cannot be used"),
        (200, b"{}", "its JSON cannot be used"),
        (200, b"null", "its JSON cannot be used"),
        (200, b'{"customer": {}}', "at customer_id"),
        (200, b'{"customer": {"customer_id": " "}}', "at customer_id"),
        (200, b'{"customer": {"customer_id": "c1", "pin": 4821}}', "at pin"),
        (200, b'{"customer": {"customer_id": "c1", "locked": "no"}}', "at locked"),
        (200, b'{"customer": {"customer_id": "c1", "lokced": true, "pin": "4821"}}', "JSON cannot be used"),
        (200, b'{"customer": {"customer_id": "c1", "sim_changed_at": "2026-03-01"}}', "at sim_changed_at"),
        (
            200,
            b'{"customer": {"customer_id": "c1", "pin": "' + b"4821" * 9 + b'"}}',
            "The PIN is not 1 to 32",
        ),
        (200, b" " * 70_000, "too large"),
    ],
)
def test_whatever_else_it_answers_is_an_error_and_never_nobody(
    directory: Directory, told: OwnDirectory, status: int, body: bytes, says: str
) -> None:
    told.answer = (status, body)
    with pytest.raises(DirectoryFailed) as caught:
        directory.find([OTHER])
    sentence = str(caught.value)
    assert says in sentence
    assert not [secret for secret in (OTHER[1:], "4821", TOKEN, "lokced") if secret in sentence]
    assert caught.value.__cause__ is None
    told.answer = None
    assert directory.find([OTHER]) == {}, "a failure is not kept"


def test_a_directory_that_is_away_or_hangs_is_an_error(
    told: OwnDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("records.directory.TIMEOUT", 0.05)
    hanging = Directory(told.url, SecretStr(TOKEN))
    told.open.clear()
    with pytest.raises(DirectoryFailed, match="no answer, ReadTimeout"):
        hanging.find([NUMBER])
    told.open.set()
    hanging.close()
    away = Directory("http://127.0.0.1:9/numbers", None)
    with pytest.raises(DirectoryFailed, match="no answer, ConnectError"):
        away.find([NUMBER])
    away.close()


@pytest.mark.parametrize("sources", [("tables", "telnyx", "directory"), ("directory", "tables")])
def test_the_first_source_that_knows_a_number_tells_all_about_its_holder(
    open_records: Open, told: OwnDirectory, tmp_path: Path, sources: tuple[str, ...]
) -> None:
    records: Records = open_records(sources=sources, directory=Directory(told.url, SecretStr(TOKEN)))
    file = tmp_path / "customers.csv"
    file.write_text(f"customer_id,name,numbers\nc9,Zoe,{NUMBER}\n")
    records.customers.import_file(file, datetime.now(UTC), by="ann")
    told.customers[OTHER] = {"customer_id": "c2"}
    matches = records.customers.find([NUMBER, OTHER, "+13125550000"])
    holders = [match.customer and match.customer.id for match in matches]
    assert holders == ["c9" if sources[0] == "tables" else "c1", "c2", None]
    told.answer = (503, b"")
    with pytest.raises(DirectoryFailed):
        records.customers.find(["+13125550001"])
