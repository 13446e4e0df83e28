"""Payload keys can be replaced while orders wait, and what nobody can open stops nothing."""

import base64
import os
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from temporalio.client import Client

from activities.contracts import screening_workflow_id
from records.cases import Stage
from temporal_client import connect
from tests.commands.conftest import shell_of
from tests.scenarios import searching
from tests.service import REVIEWER, installed


def payload_keys(*names: str) -> dict[str, Any]:
    """Settings with a fresh key for each of the names, the first one encrypting."""
    keys = ",".join(f"{name}:{base64.b64encode(os.urandom(32)).decode()}" for name in names)
    return {"payload_keys": SecretStr(keys)}


async def test_a_new_key_in_front_still_reads_what_the_old_one_sealed(temporal: str, tmp_path: Path) -> None:
    old, new = payload_keys("old")["payload_keys"], payload_keys("new")["payload_keys"]
    both = SecretStr(f"{new.get_secret_value()},{old.get_secret_value()}")
    async with installed(temporal, tmp_path, payload_keys=old) as service:
        waiting = service.place_reviewed()
        async with service.working():
            await service.stands_in(Stage.AWAITING_REVIEW, waiting)
        service.settings = service.settings.model_copy(update={"payload_keys": both})
        service.client = await connect(service.settings, address=temporal)
        async with service.working():
            await service.review(waiting, "deny", reason="Not asked for.")
            result = await service.result(waiting)
            later = await service.result(service.place())
        assert (result.outcome, later.outcome) == ("deny", "approve")
        stored = await searching.histories(service, await Client.connect(temporal))
        sealed = b"\n".join(stored.values())
        assert (b'"key-id": "b2xk"' in sealed, b'"key-id": "bmV3"' in sealed) == (True, True)


async def test_what_a_strangers_key_sealed_holds_up_no_run(temporal: str, tmp_path: Path) -> None:
    async with installed(temporal, tmp_path, **payload_keys("ours")) as service, service.working():
        waiting = service.place_reviewed()
        await service.stands_in(Stage.AWAITING_REVIEW, waiting)
        decision = {"reviewer": REVIEWER, "reason": "Spoken with the account holder."}
        for name in ("theirs", "ours"):  # a key that we lack, and another key under the name of ours
            strange = service.settings.model_copy(update=payload_keys(name))
            stranger = await connect(strange, address=temporal)
            handle = stranger.get_workflow_handle(screening_workflow_id(waiting))
            await handle.signal("deny", decision)
        await service.screening(waiting).signal("approve", decision)
        result = await service.result(waiting)
    assert (result.outcome, result.reviewer) == ("approve", REVIEWER)


async def test_a_command_without_the_worker_s_key_says_so_and_sends_nothing(
    temporal: str, tmp_path: Path
) -> None:
    async with installed(temporal, tmp_path, **payload_keys("ours")) as service, service.working():
        waiting = service.place_reviewed()
        await service.stands_in(Stage.AWAITING_REVIEW, waiting)
        theirs = payload_keys("theirs")["payload_keys"].get_secret_value()
        for keys in ({"PORTOUT_PAYLOAD_KEYS": ""}, {"PORTOUT_PAYLOAD_KEYS": theirs}):
            stranger = shell_of(service, **keys)
            for command in (("approve", "--reason", "Called."), ("note", "Called."), ("rescreen",)):
                ran = await stranger(command[0], waiting, *command[1:], "--by", REVIEWER)
                assert ran.code == 1
                assert "encrypted with the payload key 'ours', which is not here" in ran.sentence
            shown = await stranger("show", waiting)
            assert "PORTOUT_PAYLOAD_KEYS" in shown.out
        assert service.stage(waiting) is Stage.AWAITING_REVIEW
        history = (await service.screening(waiting).fetch_history()).to_json()
    assert "updateExecution" not in history
