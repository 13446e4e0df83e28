"""Notices to people and the heartbeat: delivered to a real web server, once per cause, with what helps and no more."""

import re
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from environment import load_settings
from records.cases import Stage
from settings import SettingsError
from tests.scenarios.receiver import Receiver, receiving
from tests.scenarios.rules import rules_with
from tests.service import HURRIED, Service, installed
from tests.waiting import eventually

APPRISE_WAITS = 4.0
"""Seconds until Apprise gives up on an address that does not answer."""
TIME_LEFT = re.compile(r"^\d+ h \d\d min until the carrier approves by silence\.$", re.MULTILINE)


async def test_review_reminder_escalation_and_incident_are_each_told_once(
    temporal: str, tmp_path: Path
) -> None:
    """Even where an address is away at first, and another one is not."""
    rules = rules_with(tmp_path, within="1h", margin="3594s")
    with receiving() as desk, receiving() as second_desk, receiving() as pager:
        addresses = [
            desk.notify("review"),
            second_desk.notify("review"),
            pager.notify("escalation", "incident"),
        ]
        given: dict[str, Any] = {
            "rules": rules,
            "notify": SecretStr(" ".join(addresses)),
            "timing": HURRIED.model_copy(update={"notice": 20.0}),
        }
        async with installed(temporal, tmp_path, **given) as service, service.working():
            second_desk.down = True
            order = service.place_reviewed()
            await service.stands_in(Stage.AWAITING_REVIEW, order)
            await eventually(lambda: second_desk.refused >= 2)
            second_desk.down = False
            # Six seconds after the order came nobody has decided, and the policy leaves it.
            await eventually(lambda: pager.texts("incident"))
            await eventually(lambda: _titles(second_desk) == _titles(desk))
            await service.review(order, "approve")
            await service.result(order)
            case = service.case(order)
    assert case is not None
    # On a busy machine both reminders are due at once, and one is sent.
    assert _titles(desk)[:-1] in (["Port-out: reminder"], ["Port-out: reminder"] * 2)
    assert _titles(desk)[-1] == "Port-out: review needed"
    assert _titles(second_desk) == _titles(desk)
    assert len(pager.texts("escalation")) == 1
    [left] = pager.texts("incident")
    assert "left to the carrier's silence" in left
    for text in [*desk.texts("review"), *pager.texts("escalation"), left]:
        assert f"Order {case.support_key}" in text
        assert TIME_LEFT.search(text), text


def _titles(receiver: Receiver) -> list[str]:
    return sorted(notice["title"] for notice in receiver.notices("review"))


async def test_a_pager_that_hangs_holds_up_no_decision(temporal: str, tmp_path: Path) -> None:
    with receiving() as desk:
        given: dict[str, Any] = {
            "notify": SecretStr(desk.notify("review")),
            "timing": HURRIED.model_copy(update={"notice": 30.0}),
        }
        async with installed(temporal, tmp_path, **given) as service, service.working():
            desk.answers.clear()
            waiting = [service.place_reviewed() for _ in range(20)]
            await service.stands_in(Stage.AWAITING_REVIEW, *waiting)
            decided = [service.place() for _ in range(5)]
            began = time.monotonic()
            await service.results(*decided)
            assert time.monotonic() - began < APPRISE_WAITS
            desk.answers.set()
            keys = {case.support_key for case in service.records.cases.waiting()}
            await eventually(lambda: _orders(desk) >= keys, within=30)
    assert len(keys) == len(waiting)


def _orders(receiver: Receiver) -> set[str]:
    return {text.partition("Order ")[2].split()[0] for text in receiver.texts("review")}


async def test_the_heartbeat_is_called_after_each_complete_intake_and_no_other(
    temporal: str, tmp_path: Path
) -> None:
    with receiving() as outside:
        given: dict[str, Any] = {
            "heartbeat_url": SecretStr(f"http://{outside.address}/heartbeat"),
            "notify": SecretStr(outside.notify("incident")),
        }
        async with installed(temporal, tmp_path, **given) as service, service.working():
            await eventually(lambda: _beats(outside) >= 2)
            service.fault(path_prefix="/portouts", status=503)
            await _intakes(service, 1)  # the one that is under way may still be complete
            beats = _beats(outside)
            await eventually(lambda: outside.texts("incident"))
            assert _beats(outside) == beats
            service.mend()
            await eventually(lambda: _beats(outside) > beats)
            # One that is away holds up no intake.
            outside.down = True
            order = service.place()
            assert (await service.result(order)).outcome == "approve"
    [incident] = outside.texts("incident")
    assert "Intake has failed 3 times in a row" in incident


def _beats(receiver: Receiver) -> int:
    return receiver.calls("/heartbeat")


async def _intakes(service: Service, number: int) -> None:
    """Wait until the listing was asked for that many times more."""
    asked = len(service.asked("/portouts"))
    await eventually(lambda: len(service.asked("/portouts")) >= asked + number)


def test_a_heartbeat_address_that_is_none_is_refused_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTOUT_HEARTBEAT_URL", "outside.example/secret-token")
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert str(refused.value) == (
        "PORTOUT_HEARTBEAT_URL: must be a web address such as https://api.telnyx.com/v2."
    )
