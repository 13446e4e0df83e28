"""`queue`, `show`, `note`, and orders that nobody can decide just now."""

import asyncio
from pathlib import Path

from records.cases import Stage
from tests.commands.conftest import shell_of
from tests.commands.desk import SPOKEN, key_of, numbers_of_two_holders, waiting_order
from tests.commands.shell import Shell
from tests.service import HURRIED, RIGHT_PIN, Service, installed


async def test_the_queue_lists_the_soonest_deadline_first(standing: Service, portout: Shell) -> None:
    late = await waiting_order(standing)
    soon = await waiting_order(standing, age_seconds=3600, carrier_name="Pine [bold]Tree", spid="9206")
    listed = await portout("queue", "--json")
    assert listed.code == 0
    found = {order["portout_id"]: order for order in listed.json["waiting"]}
    assert [order for order in found if order in (soon, late)] == [soon, late]
    assert found[soon] | {"rules": None, "why": None} == found[soon] | {"rules": None, "why": None} | {
        "support_key": key_of(standing, soon),
        "carrier_name": "Pine [bold]Tree",
        "spid": "9206",
        "number_count": 1,
        "score": 15,
        "recommendation": "review",
    }
    assert "pin missing, spid unlisted" in found[soon]["why"]
    table = (await portout("queue")).out
    assert "[bold]Tree" in table  # a narrow column may fold the name, markup it never becomes
    assert table.index(key_of(standing, soon)) < table.index(key_of(standing, late))
    assert max(map(len, table.splitlines())) <= 100


async def test_a_note_is_kept_and_shown_and_no_pin_is(standing: Service, portout: Shell) -> None:
    order = standing.place(authorized_name="Gary Oldfield", phone_numbers=numbers_of_two_holders(standing))
    await standing.stands_in(Stage.AWAITING_REVIEW, order)
    noted = await portout("note", order, "Called twice, nobody there.", "--by", "robin")
    assert noted.out == f"Noted on {key_of(standing, order)} by robin.\n"
    shown = await portout("show", order)
    assert shown.code == 0
    for told in (
        f"{key_of(standing, order)}  Onvoy, SPID 073H",
        "Waits for a person: 2",
        "Authorized name  Gary Oldfield",
        "[PIN] came with the request",
        "The numbers belong to several customers.",
        "1001 Other (needs a reason); 1002 Invalid PIN",
        f"portout approve {key_of(standing, order)} --reason",
        "note by robin",
        "Called twice, nobody there.",
    ):
        assert told in shown.out
    assert (
        max(map(len, (line for line in shown.out.splitlines() if "Waits" not in line and "Why" not in line)))
        <= 100
    )
    as_json = await portout("show", order, "--json")
    assert as_json.json["attempted_pin"] == "[PIN]"
    assert as_json.json["case"]["portout_id"] == order
    assert [finding["rule_id"] for finding in as_json.json["findings"]] == [
        "pin",
        "spid",
        "authorized-name",
        "carrier",
    ]
    assert as_json.json["state"]["stage"] == "awaiting_review"
    assert RIGHT_PIN not in shown.out + as_json.out


async def test_an_order_in_shadow_cannot_be_decided(temporal: str, tmp_path: Path) -> None:
    async with installed(temporal, tmp_path, telnyx_api_key="sandbox") as service, service.working():
        order = service.place_reviewed()
        await service.stands_in(Stage.AWAITING_CARRIER, order)
        portout = shell_of(service, TELNYX_API_KEY="sandbox")
        ran = await portout("approve", order, "--reason", SPOKEN, "--by", "dana")
        queue = await portout("queue")
        shown = await portout("show", order)
        assert service.patches() == []
    assert ran.code == 1
    assert ran.sentence.startswith("The order is only watched (shadow mode)")
    assert queue.out.startswith("Shadow: PORTOUT_SEND is not yes")
    assert "1 order is only watched" in queue.out
    assert "Is only watched, nothing is sent (shadow)" in shown.out


async def test_an_order_that_is_being_screened_cannot_be_decided_yet(temporal: str, tmp_path: Path) -> None:
    slow = HURRIED.model_copy(update={"pin_wait": 60.0})
    async with installed(temporal, tmp_path, timing=slow) as service, service.working():
        order = service.place_reviewed()
        await service.stands_in(Stage.SCREENING, order)
        portout = shell_of(service)
        ran = await portout("approve", order, "--reason", SPOKEN, "--by", "dana")
        queue = await portout("queue")
    assert ran.code == 1
    assert ran.sentence == "The order is still being screened; try again in a moment."
    assert "1 order is still being screened" in queue.out


async def test_without_a_worker_a_decision_does_not_get_through_and_says_so(service: Service) -> None:
    async with service.working():
        order = await waiting_order(service)
    portout = shell_of(service)
    decided, shown = await asyncio.gather(
        portout("approve", order, "--reason", SPOKEN, "--by", "dana"), portout("show", order)
    )
    assert decided.code == 1
    assert "it seems to be down" in decided.sentence
    assert "a signal to the workflow would be kept" in decided.sentence
    assert shown.code == 0
    assert "No worker answers, so this is what the records say" in shown.out
    assert "1001 Other" in shown.out
