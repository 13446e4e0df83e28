"""The read model of queue and search."""

import threading
from datetime import datetime, timedelta

import pytest
from pydantic import ValidationError

from records.cases import Case, CaseUpdate, DecidedBy, Stage
from records.store import Records
from tests.records.conftest import NOW


def put(records: Records, portout_id: str, **fields: object) -> None:
    records.cases.upsert(CaseUpdate.model_validate({"portout_id": portout_id, "updated_at": NOW, **fields}))


def got(records: Records, either: str) -> Case:
    case = records.cases.get(either)
    assert case is not None
    return case


def test_a_case_comes_back_with_everything_it_was_given(records: Records) -> None:
    given = CaseUpdate(
        portout_id="p1",
        updated_at=NOW,
        support_key="PO_1",
        round=2,
        stage=Stage.CLOSED,
        mode="enforce",
        sends=True,
        policy="us-standard",
        policy_digest="a" * 64,
        inserted_at=NOW,
        limit_at=NOW + timedelta(hours=24),
        respond_by=NOW + timedelta(hours=22),
        carrier_name="Onvoy",
        spid="073H",
        number_count=3,
        score=40,
        recommendation="deny",
        people=1,
        outcome="deny",
        decided_by=DecidedBy.REVIEWER,
        reviewer="ann",
        decided_at=NOW,
        reason="Wrong PIN.",
        rejection_code=1002,
        carrier_status="rejected-pending",
        rules={"pin": "mismatch"},
        note="called the holder",
    )
    records.cases.upsert(given)
    assert got(records, "p1").model_dump() == given.model_dump()


def test_fields_that_are_not_given_stay_as_they_are(records: Records) -> None:
    put(records, "p1", score=40, rules={"pin": "match"}, sends=True, round=2)
    put(records, "p1", stage="answering", updated_at=NOW + timedelta(minutes=1))
    case = got(records, "p1")
    assert (case.score, case.rules, case.sends, case.round) == (40, {"pin": "match"}, True, 2)
    assert (case.stage, case.updated_at) == (Stage.ANSWERING, NOW + timedelta(minutes=1))


def test_none_that_is_given_empties_a_field(records: Records) -> None:
    put(records, "p1", note="wait")
    put(records, "p1", note=None)
    assert got(records, "p1").note is None


def test_a_new_case_has_the_defaults_of_its_model(records: Records) -> None:
    put(records, "p1")
    assert got(records, "p1") == Case(portout_id="p1", updated_at=NOW)


def test_a_case_is_found_by_its_support_key_too_and_its_id_goes_first(records: Records) -> None:
    put(records, "p1", support_key="PO_1")
    put(records, "p2", support_key="p1")
    assert got(records, "PO_1").portout_id == "p1"
    assert got(records, "p1").portout_id == "p1"
    assert records.cases.get("unknown") is None


def test_waiting_lists_those_in_review_soonest_deadline_first(records: Records) -> None:
    def deadline(hours: int) -> datetime:
        return NOW + timedelta(hours=hours)

    put(records, "later", stage="awaiting_review", respond_by=deadline(5))
    put(records, "never", stage="awaiting_review")
    put(records, "sooner", stage="awaiting_review", respond_by=deadline(1))
    put(records, "answered", stage="answering", respond_by=deadline(0))
    assert [case.portout_id for case in records.cases.waiting()] == ["sooner", "later", "never"]
    assert [case.portout_id for case in records.cases.all()] == ["answered", "sooner", "later", "never"]


def test_open_ids_are_all_but_the_closed_ones(records: Records) -> None:
    for stage in Stage:
        put(records, stage.value, stage=stage)
    assert sorted(records.cases.open_ids()) == sorted(
        (stage.value, stage) for stage in Stage if stage is not Stage.CLOSED
    )


def test_parallel_orders_are_all_kept(records: Records) -> None:
    def write(number: int) -> None:
        for stage in Stage:
            put(records, f"p{number}", stage=stage, score=number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {(case.portout_id, case.score, case.stage) for case in records.cases.all()} == {
        (f"p{number}", number, Stage.CLOSED) for number in range(8)
    }


@pytest.mark.parametrize("field", [{"stage": "lost"}, {"respond_by": datetime(2026, 1, 1)}, {"unknown": 1}])
def test_a_wrong_field_is_refused_without_being_shown(field: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        CaseUpdate.model_validate({"portout_id": "p1", "updated_at": NOW, "note": "PIN 4821", **field})
    assert "4821" not in str(caught.value)
