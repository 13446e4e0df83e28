"""What follows from a decision: the answer that goes out, and what is kept of it."""

import pytest

from activities.concluding import conclusion_of
from activities.contracts import Answer, Next
from screening.policy import Mode, Rejection
from screening.rejection import Barred, EligibleCode
from screening.results import Decision, Denial, Outcome
from tests.activities.parts import Parts

GONE = Denial("gone", "Not ours.")
WRONG_PIN = Denial("invalid_pin", "The PIN is wrong.")
DENIED = Decision(
    outcome=Outcome.DENY,
    score=0,
    people=1,
    reject_as=GONE.reject_as,
    reason=GONE.reason,
    denials=[GONE, WRONG_PIN],
)
GONE_CODE, PIN_CODE = EligibleCode(code=9999), EligibleCode(code=1002)


@pytest.mark.parametrize("mode", [Mode.ENFORCE, Mode.ADVISE])
@pytest.mark.parametrize(
    ("eligible", "refused", "sent"),
    [
        ([GONE_CODE, PIN_CODE], [], (GONE, 9999)),
        ([PIN_CODE], [], (WRONG_PIN, 1002)),
        ([GONE_CODE, PIN_CODE], [Barred(code=9999, reason="NOT ours.")], (WRONG_PIN, 1002)),
        ([EligibleCode(code=1)], [], None),
        ([], [], None),
    ],
)
async def test_the_first_denial_with_a_code_is_the_one_that_is_sent_and_recorded(
    parts: Parts,
    mode: Mode,
    eligible: list[EligibleCode],
    refused: list[Barred],
    sent: tuple[Denial, int] | None,
) -> None:
    opened = (await parts.opened(parts.place())).model_copy(update={"mode": mode, "refused": refused})
    policy = parts.shelf.by_digest(opened.policy_digest).policies[opened.policy]
    rejections = {"gone": Rejection(prefer_code=9999), "invalid_pin": Rejection(prefer_code=1002)}
    policy = policy.model_copy(update={"rejections": rejections})
    conclusion = conclusion_of(opened, policy, DENIED, eligible)
    assert conclusion.reject_as == (sent[0].reject_as if sent else "gone")
    instead = "The carrier lists no code for gone, so invalid_pin is the ground."
    assert (instead in conclusion.notes) == (sent is not None and sent[0] is WRONG_PIN)
    answer = (
        Answer(status="rejected-pending", reason=sent[0].reason, rejection_code=sent[1]) if sent else None
    )
    if mode is Mode.ENFORCE:
        assert (conclusion.next, conclusion.answer) == (Next.ANSWER if sent else Next.REVIEW, answer)
    else:
        assert (conclusion.next, conclusion.answer) == (Next.REVIEW, None)
