"""Running the live rules on an order that waits: the run begins anew, in the same round and with the same limit."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from activities.contracts import Carried, Opened, StartScreening
from records.cases import Stage
from screening.policy import Mode
from workflows.messages import RescreenRequest, ReviewRequest
from workflows.watching import Watching


class Rescreening(Watching):
    """The part of a screening that lets it begin anew."""

    def __init__(self, start: StartScreening) -> None:
        super().__init__(start)
        self._anew = False
        is_anew = start.carried is not None and start.carried.limit is not None
        # A PIN that has not come was waited for before; one that comes now is noticed as in any review.
        self._pin_patience = 0.0 if is_anew else start.timing.pin_wait
        self._review_began = start.carried.review_began if start.carried else None

    @workflow.update
    async def rescreen(self, request: RescreenRequest) -> None:
        """Screen the order with the rules that are live now. Returns when it was noted who asked; the run then begins anew.

        Raises:
            ApplicationError: it cannot be; the message says why, for the person who asked.
        """
        asked = ReviewRequest(
            action="note", reviewer=request.reviewer, reason="Asked for a new screening with the live rules."
        )
        why = await self._write_note(asked) or self._no_new_screening()
        if why:
            raise ApplicationError(why, type="ReviewRefused", non_retryable=True)
        self._anew = True

    @rescreen.validator
    def _can_be_screened_anew(self, request: RescreenRequest) -> None:  # noqa: ARG002  # the SDK wants it
        why = self._no_new_screening()
        if why:
            raise ApplicationError(why, type="ReviewRefused", non_retryable=True)

    def _no_new_screening(self) -> str | None:
        """Why the order cannot be screened anew now, as a sentence; None when it can."""
        if decided := self._decided():
            return decided
        if self._stage is Stage.CLOSED:
            return "The order is closed."
        if self._opened is not None and self._opened.mode is Mode.SHADOW:
            return "The order is only watched (shadow mode), so it does not wait for anybody."
        if self._anew or self._stage is not Stage.AWAITING_REVIEW:
            return "The order is still being screened; try again in a moment."
        if self._door.locked():
            return "Somebody's decision is just being taken; try again in a moment."
        return None

    async def _begin_anew_if_asked(self, opened: Opened) -> None:
        """Begin anew, unless somebody decides first. The deadline waits at most for two tries of an activity."""
        if not self._anew:
            return
        self._stage = Stage.SCREENING  # from here on nobody else is let in
        await self._pager.finish(self._timing.activity)
        if await self._handlers_finish() and self._verdict is None and not self._inbox:
            self._drop_first_approval()
            workflow.continue_as_new(
                StartScreening(
                    portout_id=opened.order.id,
                    timing=self._timing,
                    carried=Carried(
                        round=opened.round,
                        refused=opened.refused,
                        limit=opened.limit,
                        attempts=self._sentences_of_refused_attempts(),
                        review_began=self._review_began,
                        unrecorded=self._unrecorded,
                        ask=self._to_ask or self._ask,
                    ),
                )
            )
        self._stage = Stage.AWAITING_REVIEW

    async def _handlers_finish(self) -> bool:
        """Wait until nobody is being served; a wish that has to wait longer than one try of an activity is dropped."""
        try:
            await workflow.wait_condition(
                workflow.all_handlers_finished, timeout=timedelta(seconds=self._timing.activity)
            )
        except TimeoutError:
            self._anew = False
            return False
        return True
