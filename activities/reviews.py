"""Admitting a person's decision: who it is, which code it takes, and the answer it fixes."""

import asyncio

from temporalio import activity

from activities.carrier_errors import retrying
from activities.contracts import Admission, AdmitInput, Answer
from activities.eligible import eligible_codes
from activities.notices import NoticeBoard
from activities.pins import reveals_pin
from activities.policies import PolicyShelf
from records.errors import RecordsError
from records.ledger import EntryKind, LedgerEntry
from records.store import Records
from screening.policy import Policy
from screening.rejection import EligibleCode, is_barred, pick
from telnyx_api import TelnyxClient

USUAL_REJECTION = "other"
"""The policy's name for a denial on a ground of the reviewer's own."""


class ReviewActivities:
    """What stands between a person's wish to decide and the answer to the carrier."""

    def __init__(
        self,
        carrier: TelnyxClient,
        records: Records,
        shelf: PolicyShelf,
        board: NoticeBoard,
        *,
        reviewers: frozenset[str],
        refused_key: float,
    ) -> None:
        self._carrier = carrier
        self._records = records
        self._shelf = shelf
        self._board = board
        self._reviewers = reviewers
        self._refused_key = refused_key

    @activity.defn
    async def admit(self, given: AdmitInput) -> Admission:
        """Turn a decision into an answer, or say why it cannot stand. Refused attempts are written down, too."""
        admission = await self._admit(given)
        await self._write(given, admission)
        return admission

    async def _admit(self, given: AdmitInput) -> Admission:
        if given.reviewer not in self._reviewers:
            return Admission(refused_because=not_a_reviewer(given.reviewer))
        bundle = await asyncio.to_thread(self._shelf.by_digest, given.opened.policy_digest)
        policy = bundle.policies[given.opened.policy]
        if given.action == "approve":
            approve = policy.approve
            return Admission(
                answer=Answer(
                    status="authorized",
                    reason=approve.reason,
                    host_messaging=approve.host_messaging,
                )
            )
        order = given.opened.order
        async with retrying(self._board, refused_key=self._refused_key):
            # Commands ask this, too; a raw signal or update has passed by nobody, and this text leaves the company.
            if await reveals_pin(self._carrier, self._records, order.id, order.phone_numbers, given.reason):
                return Admission(refused_because="The reason contains a PIN of this order; say it without.")
        eligible = given.conclusion.eligible or await self._eligible(order.id)
        return _denial(given, policy, eligible)

    async def _eligible(self, portout_id: str) -> list[EligibleCode]:
        async with retrying(self._board, refused_key=self._refused_key):
            return await eligible_codes(self._carrier, portout_id)

    async def _write(self, given: AdmitInput, admission: Admission) -> None:
        """Note who wanted what. A database that is away must not hold up a person's decision: the ending tells it again."""
        opened = given.opened
        entry = LedgerEntry(
            portout_id=opened.order.id,
            kind=EntryKind.REVIEWED,
            step_key=f"{opened.run_id}:{activity.info().activity_id}",
            body={
                "round": opened.round,
                "action": given.action,
                "reviewer": given.reviewer,
                "channel": given.channel,
                "answer": admission.answer.model_dump() if admission.answer else None,
                "refused_because": admission.refused_because,
            },
            personal={"reason": given.reason},
            at=given.now,
        )
        try:
            await asyncio.to_thread(self._records.ledger.append, entry)
        except RecordsError:
            activity.logger.warning("review not recorded yet", extra={"portout_id": opened.order.id})


def not_a_reviewer(name: str) -> str:
    """What somebody is told who may not decide."""
    return f"{name} is not one of PORTOUT_REVIEWERS."


def _denial(given: AdmitInput, policy: Policy, eligible: list[EligibleCode]) -> Admission:
    if given.rejection_code is not None:
        code = next((one for one in eligible if one.code == given.rejection_code), None)
        if code is None:
            return Admission(
                refused_because=f"Code {given.rejection_code} is not one that the carrier lists for this order."
            )
    else:
        name = given.reject_as or given.conclusion.reject_as or USUAL_REJECTION
        if given.reject_as and given.reject_as not in policy.rejections:
            known = ", ".join(sorted(policy.rejections))
            return Admission(refused_because=f"The policy has no rejection '{name}'; it has {known}.")
        code = pick(policy.rejections, name, eligible, reason=given.reason, barred=given.opened.refused)
        if code is None:
            listed = ", ".join(f"{one.code} {one.description or ''}".strip() for one in eligible)
            return Admission(
                refused_because=f"Name a code with --code; the carrier lists {listed or 'none'}."
            )
    if is_barred(code.code, given.reason, given.opened.refused):
        return Admission(refused_because="The carrier has already refused this code with this reason.")
    return Admission(answer=Answer(status="rejected-pending", reason=given.reason, rejection_code=code.code))
