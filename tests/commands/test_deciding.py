"""`approve` and `deny` against a running service: what reaches the carrier, and what is refused."""

from datetime import UTC, datetime, timedelta

import pytest

from records.cases import Stage
from tests.commands.conftest import shell_of
from tests.commands.desk import SPOKEN, key_of, numbers_of_two_holders, waiting_order
from tests.commands.shell import Shell
from tests.service import RIGHT_PIN, WRONG_PIN, Service
from tests.waiting import eventually


async def test_an_approval_reaches_the_carrier_and_says_what_it_shows(
    standing: Service, portout: Shell
) -> None:
    order = await waiting_order(standing)
    key = key_of(standing, order)
    ran = await portout("approve", key.lower(), "--reason", SPOKEN, "--by", "dana")
    assert (ran.code, ran.err) == (0, "")
    assert (
        ran.out
        == f"Approved by dana. The carrier shows {key} as authorized: “Verified against our records.”\n"
    )
    assert standing.truth(order)["status"] == "authorized"
    assert standing.truth(order)["patches"] == 1


async def test_a_denial_takes_the_code_that_was_named(standing: Service, portout: Shell) -> None:
    order = await waiting_order(standing)
    ran = await portout(
        "deny", order, "--reason", "The holder knows nothing of it.", "--code", "1001", "--by", "robin"
    )
    assert ran.code == 0
    assert "rejected-pending, code 1001: “The holder knows nothing of it.”" in ran.out
    assert standing.truth(order)["rejection_code"] == 1001


async def test_a_denial_takes_the_code_behind_the_policys_name(standing: Service, portout: Shell) -> None:
    order = await waiting_order(standing)
    ran = await portout(
        "deny", order, "--reason", "A wrong one.", "--reject-as", "invalid_pin", "--by", "dana"
    )
    assert ran.code == 0
    assert standing.truth(order)["rejection_code"] == 1002


async def test_who_comes_after_the_end_is_told_who_decided_and_when(
    standing: Service, portout: Shell
) -> None:
    order = await waiting_order(standing)
    await standing.review(order, "deny", by="robin")
    await standing.result(order)
    today = datetime.now(UTC) - timedelta(minutes=1)
    watched = await portout("approve", order, "--reason", SPOKEN, "--by", "dana")
    assert watched.code == 1
    assert "was already denied by robin at " in watched.sentence
    assert (await portout("note", order, SPOKEN, "--by", "dana")).code == 0
    shown = await portout("show", order)
    assert "It is watched until the carrier has ruled on the rejection." in shown.out
    standing.carrier.carrier.rule(order, "accept")
    await standing.end(order)
    for command in (("approve", order, "--reason", SPOKEN), ("note", order, SPOKEN)):
        ran = await portout(*command, "--by", "dana")
        assert ran.code == 1
        assert ran.sentence.startswith(
            f"The order {key_of(standing, order)} was already denied by robin at {today:%Y-%m-}"
        )
    assert standing.truth(order)["patches"] == 1


async def test_who_comes_while_the_answer_is_under_way_is_told_by_the_workflow(
    service: Service,
) -> None:
    portout = shell_of(service)
    async with service.working():
        order = await waiting_order(service)
        await portout("pause", "--reason", "The key is being changed.")
        kept = await portout("approve", order, "--reason", SPOKEN, "--by", "dana")
        late = await portout("deny", order, "--reason", "No.", "--by", "robin")
        queue = await portout("queue")
        shown = await portout("show", order)
        assert service.truth(order)["patches"] == 0
        await portout("resume")
        await service.result(order)
    assert kept.code == 0
    assert "stands and is sent as soon as possible. Sending is paused by" in kept.out
    assert "The key is being changed." in kept.out
    assert late.code == 1
    assert late.sentence.startswith("The order was already approved by dana at 20")
    assert queue.out.startswith("Sending is paused by")
    assert "already approved by dana" in shown.out
    assert service.truth(order)["status"] == "authorized"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("approve", "{order}", "--by", "dana"),
            "A reason is needed: give it with --reason; nothing was sent.",
        ),
        (("note", "{order}", "--by", "dana"), "A note needs a text; nothing was sent."),
        (
            ("approve", "{order}", "--reason", "x", "--by", "eve"),
            "eve is not a reviewer; these may decide (PORTOUT_REVIEWERS): dana, robin.",
        ),
        (
            ("approve", "{order}", "--reason", "x"),
            "Say who you are with --by; these may decide (PORTOUT_REVIEWERS): dana, robin.",
        ),
        (("approve", "PO_0", "--reason", "x", "--by", "dana"), "No order PO_0 is known here: "),
        (("show", "PO_0"), "No order PO_0 is known here: "),
        (
            ("deny", "{order}", "--reason", "x", "--by", "dana", "--code", "4242"),
            "Code 4242 is not one that the carrier lists for this order: 1001, 1002.",
        ),
        (
            ("deny", "{order}", "--reason", "x", "--by", "dana", "--reject-as", "nonsense"),
            "The policy has no rejection 'nonsense'; it has invalid_pin, other.",
        ),
        (("approve", "{order}", "--reason", "x" * 1001, "--by", "dana"), "The text is longer than 1000"),
    ],
)
async def test_what_cannot_stand_is_one_sentence(
    standing: Service, portout: Shell, undecided: str, arguments: tuple[str, ...], sentence: str
) -> None:
    order = undecided
    ran = await portout(*(argument.format(order=order) for argument in arguments))
    assert ran.code == 1
    assert ran.sentence.startswith(sentence)
    assert standing.stage(order) is Stage.AWAITING_REVIEW
    assert standing.truth(order)["patches"] == 0


async def test_two_ways_to_name_a_code_are_wrong_usage(portout: Shell) -> None:
    ran = await portout("deny", "PO_0", "--reason", "x", "--code", "1001", "--reject-as", "other")
    assert ran.code == 2


@pytest.mark.parametrize("pin", [RIGHT_PIN, WRONG_PIN])
async def test_a_text_with_a_pin_of_the_order_is_not_sent(
    standing: Service, portout: Shell, pin: str
) -> None:
    order = standing.place(attempted=WRONG_PIN, phone_numbers=numbers_of_two_holders(standing))
    await standing.stands_in(Stage.AWAITING_REVIEW, order)
    for command in (("deny", order, "--reason", f"They said {pin}."), ("note", order, f"PIN:{pin}")):
        ran = await portout(*command, "--by", "dana")
        assert ran.code == 1
        assert (
            ran.sentence == "The text contains a PIN of this order; nothing was sent. Say it without the PIN."
        )
    entries = standing.ledger(order)
    assert not [entry for entry in entries if entry.kind == "reviewed"]


async def test_a_pin_is_checked_before_anything_is_sent_or_nothing_is(service: Service) -> None:
    portout = shell_of(service)
    async with service.working():
        order = await waiting_order(service)
        service.fault(method="GET", path_prefix="/portouts/events", status=500)
        ran = await portout("approve", order, "--reason", SPOKEN, "--by", "dana")
        service.mend()
        assert service.stage(order) is Stage.AWAITING_REVIEW
    assert ran.code == 1
    assert ran.sentence.startswith("Nothing was sent, because the text could not be checked for PINs: ")


async def test_an_unreachable_temporal_is_one_sentence(portout: Shell, undecided: str) -> None:
    order = undecided
    nowhere = {"TEMPORAL_ADDRESS": "127.0.0.1:1"}
    ran = await portout("approve", order, "--reason", SPOKEN, "--by", "dana", **nowhere)
    assert ran.code == 1
    assert ran.sentence.startswith("No Temporal server answers at 127.0.0.1:1: ")
    shown = await portout("show", order, **nowhere)
    assert shown.code == 0
    assert "No Temporal server answers at 127.0.0.1:1" in shown.out


async def test_a_decision_that_the_carrier_does_not_take_asks_for_another(service: Service) -> None:
    portout = shell_of(service)
    async with service.working():
        order = await waiting_order(service)
        service.fault(method="PATCH", status=422, count=2)
        ran = await portout("deny", order, "--reason", "Not theirs.", "--by", "dana")
        await eventually(lambda: (case := service.case(order)) and case.round == 2)
        await service.stands_in(Stage.AWAITING_REVIEW, order)
        shown = await portout("show", order)
    assert ran.code == 1
    assert "the carrier did not take the answer" in ran.sentence
    assert "(round 2)" in shown.out
    assert "“Not theirs.”" in shown.out
