"""An order of the shipped policy `us-vip`, which two people must approve: with tokens, claims, signals and a deadline."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowUpdateFailedError

from records.cases import Stage
from records.ledger_entries import EntryKind
from tests.commands.conftest import shell_of
from tests.commands.shell import Shell
from tests.records.behind import behind_its_back
from tests.service import RIGHT_PIN, Service, refused_because
from tests.waiting import eventually

REASON = "Spoken with the account holder."


async def place_vip(service: Service) -> str:
    """An order on the number of a customer with the tag vip."""
    number = next(service.numbers)
    service.carrier.carrier.add_number(phone_number=number, external_pin=RIGHT_PIN)
    service.records.customers.import_file(_customer_file(service, number), datetime.now(UTC), by="ann")
    order = service.place(phone_numbers=[number])
    await service.stands_in(Stage.AWAITING_REVIEW, order)
    return order


def _customer_file(service: Service, number: str) -> Path:
    file = service.settings.home / "vip.csv"
    file.write_text(f"customer_id,name,numbers,tags\nV-{number[-7:]},Priya Nair,{number},vip\n")
    return file


async def token(portout: Shell, person: str) -> dict[str, str]:
    ran = await portout("token", "add", person, "--role", "reviewer", "--expires", "1d", "--json")
    assert ran.code == 0, ran.err
    return {"PORTOUT_TOKEN": ran.json["token"]}


def reviews(service: Service, order: str) -> list[dict[str, Any]]:
    return [entry.body for entry in service.ledger(order, EntryKind.REVIEWED)]


async def test_two_people_with_a_token_each_approve_and_nobody_else(service: Service) -> None:
    portout = shell_of(service)
    async with service.working():
        order = await place_vip(service)
        dana, robin = await token(portout, "dana"), await token(portout, "robin")

        unproved = await portout("approve", order, "--reason", REASON, "--by", "dana")
        assert unproved.sentence.startswith(
            "Two people must approve this order, each with a token of their own"
        )

        taken = await portout("next", **dana)
        assert taken.code == 0
        while_claimed = await portout("approve", order, "--reason", REASON, **robin)
        assert while_claimed.sentence.startswith("The order is claimed by dana until 20")
        await service.screening(order).signal("deny", {"reviewer": "robin", "reason": "Not theirs."})
        await eventually(lambda: reviews(service, order))

        first = await portout("approve", order, "--reason", REASON, **dana)
        assert first.code == 0
        assert first.out.startswith("Approved by dana, as the first of two: ")
        assert service.truth(order)["patches"] == 0
        shown = await portout("show", order, COLUMNS="300")
        queue = await portout("queue", "--json")
        assert "Approved by dana; a second person must approve it, too." in shown.out
        assert "approve by dana (update, verified), first of two" in " ".join(shown.out.split())
        [waiting] = queue.json["waiting"]
        assert (waiting["first_approval_by"], waiting["claimed_by"]) == ("dana", None)
        assert (await portout("next", **dana)).code == 1  # not the same order to the same person

        again = await portout("approve", order, "--reason", "Really.", **dana)
        assert again.sentence == "dana has approved the order already; somebody else must approve it as well."
        await service.screening(order).signal("approve", {"reviewer": "robin", "reason": REASON})

        second = await portout("approve", order, "--reason", REASON, **robin)
        assert second.code == 0
        assert second.out.startswith("Approved by dana and robin. The carrier shows ")
        result = await service.result(order)
    assert (result.outcome, result.reviewer) == ("approve", "dana and robin")
    assert service.truth(order)["effective_patches"] == service.truth(order)["patches"] == 1
    case = service.case(order)
    assert case is not None
    assert (case.reviewer, case.claimed_by) == ("dana and robin", None)
    proved = [
        (entry["reviewer"], entry["verified"], entry["waits_for_another"])
        for entry in reviews(service, order)
        if entry.get("answer")
    ]
    assert proved == [("dana", True, True), ("robin", True, False)]
    history = (await service.screening(order).fetch_history()).to_json()
    for secret in (dana["PORTOUT_TOKEN"], robin["PORTOUT_TOKEN"]):
        assert secret not in history
        assert secret not in str(service.ledger(order))


async def test_a_grant_seen_in_history_cannot_be_used_again(service: Service) -> None:
    portout = shell_of(service)
    async with service.working():
        order = await place_vip(service)
        dana = await token(portout, "dana")
        assert (await portout("approve", order, "--reason", REASON, **dana)).code == 0
        # By dana it is refused before it is looked at, by anybody else it proves nothing.
        for thief, told in (("dana", "has approved the order already"), ("robin", "could not be verified")):
            with pytest.raises(WorkflowUpdateFailedError) as refused:
                await service.review(order, "approve", by=thief, grant=_grant_of(service))
            assert told in refused_because(refused.value)
        assert service.stage(order) is Stage.AWAITING_REVIEW
    assert service.patches() == []


def _grant_of(service: Service) -> str:
    [(grant,)] = behind_its_back(service.settings.records_url, "SELECT grant_id FROM grants", triggers=True)
    return str(grant)
