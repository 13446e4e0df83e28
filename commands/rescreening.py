"""`portout rescreen`: orders that wait are screened with the rules that are live now."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from commands.output import Failed, print_lines
from commands.session import Place, find_place

if TYPE_CHECKING:
    from temporalio.client import Client, WorkflowHandle

    from records.cases import Case
    from records.store import Records
    from workflows.messages import ScreeningState

AT_ONCE = 8
"""Orders that are asked about at the same time."""
SCREENED_WITHIN = 10.0
"""Seconds that the command waits for what the rules say; the workflow goes on without it."""
LOOKS_EVERY = 0.1
ANSWERED_WITHIN = timedelta(seconds=5)


def add_to(app: typer.Typer) -> None:
    app.command()(rescreen)


def rescreen(
    order: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="The port-out id or its support key.")
    ] = None,
    waiting: Annotated[bool, typer.Option("--waiting", help="Every order that waits for a person.")] = False,
    by: Annotated[str | None, typer.Option(help="Who you are: one of PORTOUT_REVIEWERS.")] = None,
) -> None:
    """Screen an order that waits with the rules that are live now. Round, deadline and refused reasons stay."""
    if order is None and not waiting:
        raise typer.BadParameter("give an order, or --waiting for every one that waits")
    if order is not None and waiting:
        raise typer.BadParameter("give an order or --waiting, not both")
    place = find_place()
    if order is None:
        refused = asyncio.run(_all(place, by))
        raise typer.Exit(1 if refused else 0)
    print_lines(asyncio.run(_one(place, order, by)))


async def _one(place: Place, wanted: str, by: str | None) -> str:
    from commands.acting import actor
    from commands.orders import ended, find_case
    from commands.times import now

    with place.records_as_they_are() as records:
        who = actor(place.settings, records, by, now()).name
        case = find_case(records, wanted)
        if case.over:
            raise Failed(ended(case))
        client = await place.temporal()
        before = await _ask(client, records, case, who)
        return await _told(client, case, before)


async def _all(place: Place, by: str | None) -> int:
    """Ask for every order that waits; what cannot be screened anew is told in a sentence each. Returns how many cannot."""
    from commands.acting import actor
    from commands.orders import name_of
    from commands.times import now

    with place.records_as_they_are() as records:
        who = actor(place.settings, records, by, now()).name
        cases = list(records.cases.waiting())
        if not cases:
            print_lines("No order waits for a person.")
            return 0
        client = await place.temporal()
        turns = asyncio.Semaphore(AT_ONCE)

        async def asked(case: "Case") -> str | None:
            async with turns:
                try:
                    await _ask(client, records, case, who)
                except Failed as why:
                    return f"{name_of(case)}: {why}"
                return None

        refused = [why for why in await asyncio.gather(*map(asked, cases)) if why]
    for why in refused:
        print_lines(why)
    count = len(cases) - len(refused)
    print_lines(
        f"{count} {'order is' if count == 1 else 'orders are'} screened anew by the rules that are live; "
        "`portout queue` shows what still waits."
    )
    return len(refused)


async def _ask(client: "Client", records: "Records", case: "Case", who: str) -> str | None:
    """Send the wish, and return the id of the run that took it.

    Raises:
        Failed: it cannot be; one sentence that says why.
    """
    from temporalio.client import (
        WorkflowUpdateFailedError,
        WorkflowUpdateRPCTimeoutOrCancelledError,
        WorkflowUpdateStage,
    )
    from temporalio.service import RPCError, RPCStatusCode

    from activities.contracts import screening_workflow_id
    from commands.deciding import ACCEPTED_WITHIN, ADMITTED_WITHIN, refusal
    from commands.orders import name_of
    from temporal_client import see_that_it_opens
    from workflows.messages import RescreenRequest

    try:
        await see_that_it_opens(client, screening_workflow_id(case.portout_id))
        update = await client.get_workflow_handle(screening_workflow_id(case.portout_id)).start_update(
            "rescreen",
            RescreenRequest(reviewer=who),
            wait_for_stage=WorkflowUpdateStage.ACCEPTED,
            rpc_timeout=ACCEPTED_WITHIN,
        )
        await update.result(rpc_timeout=ADMITTED_WITHIN)
    except WorkflowUpdateFailedError as error:
        raise Failed(refusal(records, case, error.cause)) from None
    except WorkflowUpdateRPCTimeoutOrCancelledError:
        raise Failed(
            f"No worker took the wish for {name_of(case)} in time: see `portout show {name_of(case)}`, and start a "
            "worker if none runs."
        ) from None
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        raise Failed(refusal(records, case, error)) from None
    return update.workflow_run_id


async def _told(client: "Client", case: "Case", before: str | None) -> str:
    """What the new run came to."""
    from activities.contracts import screening_workflow_id
    from commands.orders import name_of
    from records.cases import Stage

    name, handle = name_of(case), client.get_workflow_handle(screening_workflow_id(case.portout_id))
    try:
        async with asyncio.timeout(SCREENED_WITHIN):
            state = await _screened(handle, before)
    except TimeoutError:
        return f"{name} is being screened anew: see `portout show {name}`."
    rules = f"{name} was screened with {(state.policy_digest or '')[:12]}"
    if state.stage is Stage.AWAITING_REVIEW:
        return f"{rules} and waits for a person: {', '.join(state.notes) or f'score {state.score}'}"
    if state.decided:
        return f"{rules}. {state.decided}"
    return f"{rules}: see `portout show {name}`."


async def _screened(handle: "WorkflowHandle[object, object]", before: str | None) -> "ScreeningState":
    """The state of the run that follows, once its rules have been run."""
    from temporalio.service import RPCError

    from records.cases import Stage
    from workflows.messages import ScreeningState

    while True:
        try:
            if (await handle.describe()).run_id != before:
                answer = await handle.query("state", rpc_timeout=ANSWERED_WITHIN)
                state = ScreeningState.model_validate(answer)
                if state.stage is not Stage.SCREENING:
                    return state
        except RPCError:
            pass  # The new run has not taken its first step yet.
        await asyncio.sleep(LOOKS_EVERY)
