"""Asking for documents: one comment at the carrier, and looking until what was asked for is there."""

import asyncio
from datetime import UTC, datetime, timedelta

from pydantic import AwareDatetime, BaseModel
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.asking_messages import (
    Asked,
    AskInput,
    Awaited,
    AwaitInput,
    Standing,
    late_sentence,
)
from activities.carrier_errors import retrying
from activities.documents import hashes_of, linked_documents
from activities.entries import header_from
from activities.lateness import seconds_tried
from activities.notices import NoticeBoard
from records.cases import CaseUpdate
from records.ledger_actor import POLICY, LedgerActor
from records.ledger_entries import EntryKind, LedgerEntry
from records.marks import PAUSED
from records.store import Records
from screening.checks import documents
from screening.gathered import LinkedDocument
from settings import Timing
from telnyx_api import Comment, TelnyxClient

CATCHING_UP = (0, 1, 2, 4)
"""Pauses before each read, in first retry intervals, until it is believed that a comment is not there."""


class _Word(BaseModel):
    """What the records hold of a comment, under its own mark.

    Attributes:
        before: comments with the same words that were there before the first try.
        tried_at: when the last try began; what it came to is not known while there is no comment.
        comment_id: the comment, once it is known to be there.
    """

    before: list[str]
    tried_at: AwareDatetime
    comment_id: str | None = None


class AskingActivities:
    """The only place that writes a comment at the carrier by itself."""

    def __init__(
        self, carrier: TelnyxClient, records: Records, board: NoticeBoard, *, sends: bool, timing: Timing
    ) -> None:
        self._carrier = carrier
        self._records = records
        self._board = board
        self._sends = sends
        self._refused_key = timing.refused_key
        self._one_try = timing.activity
        self._retry_first = timing.retry_first

    @activity.defn
    async def ask(self, given: AskInput) -> Asked:
        """Post the comment of this key, at most once, and show the queue that it was.

        What is about to be sent is written down before. Whoever finds such a word without its comment reads the
        comments first, and sends only what is not there. Records that are away keep a comment from being sent.
        """
        mark = f"asked:{given.portout_id}:{given.ask.key}"
        word = await self._word(mark)
        if word is None or word.comment_id is None:
            await self._refuse_while_held()
            word = await self._post(given, mark, word)
        until = min(word.tried_at + timedelta(seconds=given.ask.wait), given.respond_by)
        await asyncio.to_thread(self._write, given, word, until)
        return Asked(at=word.tried_at, until=until)

    @activity.defn
    async def await_documents(self, given: AwaitInput) -> Awaited:
        """Look for documents. While there is nothing new this try fails, and Temporal calls again after the interval.

        So an unchanged look adds nothing to history, and nobody holds a slot meanwhile. A carrier that is away says
        nothing about documents: it is asked again, until the wait is over.
        """
        left = given.wait - seconds_tried()
        found, came = None, list[LinkedDocument]()
        try:
            async with retrying(self._board, refused_key=self._refused_key):
                came = await linked_documents(self._carrier, given.portout_id)
            found, _ = documents.standing(given.ask.types, came)
        except ApplicationError as error:
            if left > 0 and not error.non_retryable:
                raise
        if found == Standing.COMPLETE or (found == Standing.INFECTED and not given.infected_known):
            return Awaited(standing=Standing(found), documents=hashes_of(came))
        if left <= 0:
            await asyncio.to_thread(self._write_late, given)
            return Awaited(standing=Standing.OVER)
        raise ApplicationError(
            "What was asked for has not all come.",
            type="NotThereYet",
            next_retry_delay=timedelta(seconds=min(given.ask.recheck, left)),
            category=ApplicationErrorCategory.BENIGN,
        )

    async def _refuse_while_held(self) -> None:
        """Send nothing while answers are held, too.

        Raises:
            ApplicationError: sending is off or paused; the next try finds out whether it still is.
        """
        why = None if self._sends else "switched off (PORTOUT_SEND)"
        if why is None and await asyncio.to_thread(self._records.marks.get, PAUSED) == "yes":
            why = "paused"
        if why:
            raise ApplicationError(f"Sending is {why}.", type="Held")

    async def _post(self, given: AskInput, mark: str, word: _Word | None) -> _Word:
        async with retrying(self._board, refused_key=self._refused_key):
            if word is None:
                alike = await self._alike(given)
                # The policy says its words once. A reviewer may say the same words again on purpose.
                before = [comment.id for comment in alike] if given.ask.by else []
                found = None if given.ask.by else next(iter(alike), None)
                word = _Word(before=before, tried_at=datetime.now(UTC))
            else:
                self._wait_for_the_try_before(word)
                found = await self._found_at_last(given, word)
                word = word if found else word.model_copy(update={"tried_at": datetime.now(UTC)})
            if found is None:
                await self._keep(mark, word)
                async with asyncio.timeout(self._one_try):
                    found = await self._carrier.create_comment(given.portout_id, given.ask.message)
        word = word.model_copy(update={"comment_id": found.id})
        await self._keep(mark, word)
        return word

    def _wait_for_the_try_before(self, word: _Word) -> None:
        """Leave a try of which nothing was heard the time in which it may still reach the carrier.

        Raises:
            ApplicationError: that time is not over.
        """
        left = self._one_try - (datetime.now(UTC) - word.tried_at).total_seconds()
        if left > 0:
            raise ApplicationError(
                "An earlier try may still be on its way.",
                type="MaybeOnItsWay",
                next_retry_delay=timedelta(seconds=left),
                category=ApplicationErrorCategory.BENIGN,
            )

    async def _found_at_last(self, given: AskInput, word: _Word) -> Comment | None:
        """Look for the comment of an earlier try, with patience for reads that lag behind."""
        for pause in CATCHING_UP:
            await asyncio.sleep(pause * self._retry_first)
            for comment in await self._alike(given):
                if comment.id not in word.before:
                    return comment
        return None

    async def _alike(self, given: AskInput) -> list[Comment]:
        """Our comments on the order that say just this. Ids tell them apart: clocks need not agree."""
        wanted = _plain(given.ask.message)
        comments = await self._carrier.comments(given.portout_id)
        return [one for one in comments if one.user_id is not None and _plain(one.body or "") == wanted]

    async def _word(self, mark: str) -> _Word | None:
        kept = await asyncio.to_thread(self._records.marks.get, mark)
        return None if kept is None else _Word.model_validate_json(kept)

    async def _keep(self, mark: str, word: _Word) -> None:
        await asyncio.to_thread(self._records.marks.set, mark, word.model_dump_json())

    def _write(self, given: AskInput, word: _Word, until: datetime) -> None:
        ask = given.ask
        self._records.ledger.append_and_show(
            [
                LedgerEntry(
                    portout_id=given.portout_id,
                    kind=EntryKind.ASKED,
                    step_key=f"asked:{ask.key}",
                    actor=LedgerActor.person(ask.by, token=ask.token, role=ask.role) if ask.by else POLICY,
                    body=self._header(given)
                    | {
                        "by": ask.by,
                        "types": ask.types,
                        "until": until.isoformat(),
                        "comment_id": word.comment_id,
                    },
                    personal={"message": ask.message},
                    at=word.tried_at,
                )
            ],
            CaseUpdate(
                portout_id=given.portout_id,
                updated_at=datetime.now(UTC),
                asked_at=word.tried_at,
                asked_for=", ".join(ask.types),
            ),
        )

    def _header(self, given: AskInput | AwaitInput) -> dict[str, object]:
        return header_from(self._records.cases.get(given.portout_id), given.round)

    def _write_late(self, given: AwaitInput) -> None:
        now = datetime.now(UTC)
        sentence = late_sentence(given.ask.types)
        self._records.ledger.append_and_show(
            [
                LedgerEntry(
                    portout_id=given.portout_id,
                    kind=EntryKind.ASKED,
                    step_key=f"{given.run_id}:waited:{given.ask.key}",
                    body=self._header(given) | {"types": given.ask.types, "note": sentence},
                    at=now,
                )
            ],
            CaseUpdate(
                portout_id=given.portout_id,
                updated_at=now,
                note=" ".join([*given.notes, sentence]),
            ),
        )


def _plain(body: str) -> str:
    return " ".join(body.split())
