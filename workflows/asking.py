"""Asking for documents while an order stands in the queue: one comment, and a wait that ends whatever anybody sends.

The wait is one activity that Temporal calls again and again, so a look that finds nothing new adds no event to history.
What happens at the carrier, and whoever says that documents are there, makes the run look at once.
"""

import asyncio
from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from activities.asking import AskingActivities
from activities.asking_messages import (
    DOCUMENTS_RECEIVED,
    Ask,
    AskInput,
    Awaited,
    AwaitInput,
    Standing,
    late_sentence,
)
from activities.contracts import CarrierEvent, Conclusion, Look, NoticeKind, Opened, StartScreening
from workflows.messages import ScreeningState
from workflows.rescreening import Rescreening


class Asking(Rescreening):
    """The part of a screening that asks for documents and waits for them."""

    def __init__(self, start: StartScreening) -> None:
        super().__init__(start)
        self._to_ask = start.carried.ask if start.carried else None
        self._policy_asked = self._to_ask is not None
        self._asking: asyncio.Task[None] | None = None
        self._asked_at: datetime | None = None
        self._infected_told = False
        self._documents: Awaited | None = None

    @workflow.signal
    def ask(self, *arguments: Any) -> None:
        """Ask for documents by signal: `{"reviewer": …, "message": …, "types": ["loa"]}`."""
        self._take_in("ask", arguments)

    @workflow.signal
    def documents_received(self, *arguments: Any) -> None:  # noqa: ARG002  # whatever was sent, it is only a reason to look
        """Documents are there, somebody says. Only a reason to look, never a fact."""
        if all(event.event_type != DOCUMENTS_RECEIVED for event in self._events):
            self._events.append(CarrierEvent(event_id=DOCUMENTS_RECEIVED, event_type=DOCUMENTS_RECEIVED))

    def _ask_as_the_policy_says(self, conclusion: Conclusion) -> None:
        """Once in a run: what the policy asks for is told to people after that, and asked by them if they want."""
        if conclusion.ask is not None and not self._policy_asked:
            self._policy_asked = True
            self._to_ask = conclusion.ask

    def _begin_to_ask_if_wanted(self, opened: Opened) -> None:
        """Begin to ask. Whatever was asked before is not awaited any more."""
        if self._to_ask is None:
            return
        self._stop_asking()
        self._ask, self._to_ask = self._to_ask, None
        self._infected_told = False
        self._asking = asyncio.create_task(self._ask_and_wait(opened, self._ask))

    def _stop_asking(self) -> None:
        self._ask = self._asked_at = None
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    async def _ask_and_wait(self, opened: Opened, ask: Ask) -> None:
        """Beside the run: neither a question that is held nor a wait may hold up a decision."""
        try:
            await self._ask_then_await(opened, ask)
        except ActivityError as error:
            if not is_cancelled_exception(error):
                raise
            return
        self._ask = self._asked_at = None

    async def _ask_then_await(self, opened: Opened, ask: Ask) -> None:
        asked = await self._steps.attempt(
            AskingActivities.ask,
            AskInput(
                portout_id=opened.order.id,
                round=opened.round,
                run_id=opened.run_id,
                ask=ask,
                respond_by=opened.respond_by,
            ),
            within=max((opened.respond_by - workflow.now()).total_seconds(), self._timing.activity),
            summary="ask for documents",
        )
        if asked is None:
            self._note("The documents could not be asked for.")
            self._tell(
                NoticeKind.INCIDENT, f"unasked-{ask.key}", "Documents that are wanted could not be asked for."
            )
            return
        self._asked_at = asked.at
        while (left := (asked.until - workflow.now()).total_seconds()) > 0:
            found = await self._await_documents(opened, ask, left)
            if found.standing is Standing.OVER:
                break
            if found.standing is Standing.COMPLETE or not self._infected_told:
                self._take_up(found)
            if found.standing is Standing.COMPLETE:
                return
        self._note(late_sentence(ask.types))

    async def _await_documents(self, opened: Opened, ask: Ask, left: float) -> Awaited:
        notes = self._conclusion.notes if self._conclusion else []
        found = await self._steps.attempt(
            AskingActivities.await_documents,
            AwaitInput(
                portout_id=opened.order.id,
                round=opened.round,
                run_id=opened.run_id,
                ask=ask,
                wait=left,
                infected_known=self._infected_told,
                notes=notes,
            ),
            # The last look is at the end of the wait, and may be the second try.
            within=left + 2 * self._timing.activity,
            summary=f"await {', '.join(ask.types)}",
        )
        return found or Awaited(standing=Standing.OVER)

    def _heed_documents(self, look: Look) -> None:
        """Take up what a look at the order found, which came before the next look at documents alone."""
        if self._ask is None:
            return
        if look.documents == Standing.COMPLETE:
            self._stop_asking()
            self._take_up(Awaited(standing=Standing.COMPLETE, documents=look.document_hashes))
        elif look.documents == Standing.INFECTED and not self._infected_told:
            self._take_up(Awaited(standing=Standing.INFECTED, documents=look.document_hashes))

    def _take_up(self, news: Awaited) -> None:
        self._documents = news
        self._infected_told = self._infected_told or news.standing is Standing.INFECTED

    def _awaited_types(self) -> list[str]:
        return self._ask.types if self._ask else []

    def _note(self, sentence: str) -> None:
        if self._conclusion is not None:
            notes = [*self._conclusion.notes, sentence]
            self._conclusion = self._conclusion.model_copy(update={"notes": notes})

    def _state(self) -> ScreeningState:
        asked = {"asked_for": self._awaited_types(), "asked_at": self._asked_at}
        return super()._state().model_copy(update=asked)
