"""`portout demo`: the sample orders played through the real parts, and the decisions read from where they stand."""

import asyncio
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError

import worker
from activities.contracts import ScreeningResult, screening_workflow_id
from commands.embedded import embedded_temporal, free_port
from commands.output import Failed, print_json, print_table
from commands.serving import import_sample_customers
from environment import settings_without_environment
from logs import configure_logs
from records.cases import Stage
from records.opening import open_records
from records.store import Records
from sandbox.samples import Act, SampleOrder, seed
from sandbox.serve import SandboxServer
from screening.reading.loading import load_bundle
from settings import PROJECT, Settings, Timing
from telnyx_api import TelnyxClient
from temporal_client import connect
from workflows.messages import ReviewRequest, ScreeningState

WITHIN = 24
"""Seconds until silence approves, in place of a day."""
MARGIN = 10
"""Seconds before it at which the policy acts by itself."""
PATIENCE = 55.0
"""Seconds for everything; the demonstration fails rather than hangs."""
REVIEWER = "dana"
_DURATIONS = {"within": f"{WITHIN}s", "margin": f"{MARGIN}s", "again_within": f"{WITHIN}s"}
_FAMILIAR = ("0123", "6529", "9206")
"""SPIDs of sample orders that the shipped list does not know: it claims no carrier but the one it cites."""
_REASONS = {
    Act.APPROVE: "The account holder confirmed the request by phone.",
    Act.APPROVE_BY_SIGNAL: "The account holder confirmed the request by phone.",
    Act.DENY: "The account holder did not authorize this request.",
}

progress = Console(stderr=True, highlight=False)


@dataclass(frozen=True)
class Played:
    """A sample order, what its workflow came to, and what the carrier shows."""

    sample: SampleOrder
    result: ScreeningResult
    carrier_status: str

    def as_json(self) -> dict[str, Any]:
        beside = {"round", "policy_digest", "reviewer", "decided_at"}
        row = self.result.model_dump(mode="json", exclude=beside)
        return {**row, "carrier_status": self.carrier_status}


def add_to(app: typer.Typer) -> None:
    app.command(name="demo")(demo)


def demo(
    as_json: Annotated[bool, typer.Option("--json", help="Print the decisions as one JSON array.")] = False,
) -> None:
    """Play the sample orders through Temporal, the sandbox carrier, the records and the worker; print what was decided."""
    with tempfile.TemporaryDirectory(prefix="portout-demo-") as folder:
        home = Path(folder)
        with (home / "worker.log").open("w") as log:
            configure_logs(log)
            try:
                played = asyncio.run(_play(home))
            except TimeoutError:
                raise Failed(f"The demonstration was not over within {PATIENCE:.0f} s.") from None
            except BaseExceptionGroup as group:
                raise group.exceptions[0] from None
    if as_json:
        print_json([order.as_json() for order in played])
    else:
        _print(played)


async def _play(home: Path) -> list[Played]:
    _say("Starting Temporal, the sandbox carrier, the records and the worker …")
    async with (
        SandboxServer(silence_after=WITHIN) as carrier,
        embedded_temporal(home / "temporal.db", port=free_port()) as address,
    ):
        settings = settings_without_environment(
            telnyx_base_url=carrier.base_url,
            home=home,
            rules=_hurried_rules(home),
            reviewers=(REVIEWER,),
            intake_every=1.0,
            timing=Timing(retry_first=0.5, retry_longest=2.0, pin_wait=1.0, answer_least=5.0),
        )
        await asyncio.to_thread(import_sample_customers, settings)
        samples = seed(carrier.carrier)
        _say(f"{len(samples)} port-outs are pending; the carrier approves by silence after {WITHIN} s.")
        stop = asyncio.Event()
        serving = asyncio.create_task(worker.serve(settings, stop, address=address, say=_say))
        try:
            async with asyncio.timeout(PATIENCE):
                return await _settle(settings, address, carrier, samples, serving)
        finally:
            stop.set()
            await asyncio.gather(serving, return_exceptions=True)


async def _settle(
    settings: Settings,
    address: str,
    carrier: SandboxServer,
    samples: Sequence[SampleOrder],
    serving: "asyncio.Task[None]",
) -> list[Played]:
    client = await connect(settings, address=address)
    with closing(await asyncio.to_thread(open_records, settings)) as records:
        results = await _follow_all(client, records, carrier, samples, serving)
    async with TelnyxClient(settings.carrier_key, settings.carrier_url) as telnyx:
        shown = {order.id: order.status for order in await telnyx.portouts()}
    return [Played(sample, result, shown[sample.id]) for sample, result in zip(samples, results, strict=True)]


async def _follow_all(
    client: Client,
    records: Records,
    carrier: SandboxServer,
    samples: Sequence[SampleOrder],
    serving: "asyncio.Task[None]",
) -> list[ScreeningResult]:
    async with asyncio.TaskGroup() as group:
        watch = group.create_task(_fail_with(serving))
        orders = [group.create_task(_follow(client, records, carrier, sample)) for sample in samples]
        results = [await order for order in orders]
        watch.cancel()
    return results


async def _fail_with(serving: "asyncio.Task[None]") -> None:
    """A worker that could not start ends the demonstration with its own sentence."""
    await asyncio.shield(serving)


async def _follow(
    client: Client, records: Records, carrier: SandboxServer, sample: SampleOrder
) -> ScreeningResult:
    """See one order through to its end, and do what its story has somebody do."""
    handle = client.get_workflow_handle(screening_workflow_id(sample.id), result_type=ScreeningResult)
    if sample.act in (Act.CANCEL, *_REASONS):
        await _until_it_waits(handle)
        await _act(handle, carrier, sample)
    elif sample.act is Act.NOTHING:
        await _until_it_runs(handle)
    result = await _decision(handle, records, sample.id)
    _say(f"  {result.support_key}  {result.outcome:8} by {result.decided_by:9}  {sample.story}")
    return result


async def _act(handle: "WorkflowHandle[Any, Any]", carrier: SandboxServer, sample: SampleOrder) -> None:
    if sample.act is Act.CANCEL:
        carrier.carrier.cancel(sample.id)
    elif sample.act is Act.APPROVE_BY_SIGNAL:
        _say(f"  {REVIEWER} approves {sample.key} by the signal `approve`")
        await handle.signal("approve", {"reviewer": REVIEWER, "reason": _REASONS[sample.act]})
    else:
        action = "approve" if sample.act is Act.APPROVE else "deny"
        _say(f"  {REVIEWER} sends the update `review` ({action}) for {sample.key}")
        request = ReviewRequest(
            action="approve" if sample.act is Act.APPROVE else "deny",
            reviewer=REVIEWER,
            reason=_REASONS[sample.act],
        )
        await handle.execute_update("review", request)


async def _until_over(records: Records, portout_id: str) -> None:
    """Wait until the order is answered or gone, as the queue shows it: it is cheaper to ask than the run."""
    while True:
        case = await asyncio.to_thread(records.cases.get, portout_id)
        if case is not None and case.over:
            return
        await asyncio.sleep(0.2)


async def _until_it_runs(handle: "WorkflowHandle[Any, Any]") -> None:
    while True:
        try:
            await handle.describe()
        except RPCError:
            await asyncio.sleep(0.1)
        else:
            return


async def _until_it_waits(handle: "WorkflowHandle[Any, Any]") -> None:
    await _until_it_runs(handle)
    waits = (Stage.AWAITING_REVIEW, Stage.AWAITING_CARRIER, Stage.CLOSED)
    state = await _until_it_shows(handle, lambda state: state.stage in waits)
    if state.stage is not Stage.AWAITING_REVIEW:
        raise Failed(f"The order {state.support_key} was to be decided by a person, but was decided already.")


async def _until_it_shows(
    handle: "WorkflowHandle[Any, Any]", what: Callable[[ScreeningState], object]
) -> ScreeningState:
    while True:
        try:
            state: ScreeningState = await handle.query(
                "state", result_type=ScreeningState, rpc_timeout=timedelta(seconds=2)
            )
        except RPCError:
            continue
        if what(state):
            return state
        await asyncio.sleep(0.1)


async def _decision(handle: "WorkflowHandle[Any, Any]", records: Records, portout_id: str) -> ScreeningResult:
    """What the screening came to, once the carrier has the answer; the run goes on watching the order."""
    await _until_over(records, portout_id)
    state = await _until_it_shows(handle, lambda state: state.answered or state.stage is Stage.CLOSED)
    if state.answered is not None:
        return state.answered
    result: ScreeningResult = await handle.result(rpc_timeout=timedelta(seconds=PATIENCE))
    return result


def _hurried_rules(home: Path) -> Path:
    """The shipped rules with a day made of seconds: everything else is as it ships."""
    rules = home / "rules"
    shutil.copytree(PROJECT / "rules", rules)
    for file in rules.glob("*.yaml"):
        text = file.read_text()
        for name, value in _DURATIONS.items():
            # Two spaces deep stands the block `respond`; deeper, checks have durations of their own.
            text = re.sub(rf"^(  {name}:) \S+", rf"\1 {value}", text, flags=re.MULTILINE)
        file.write_text(text)
    with (rules / "lists" / "known-spids.yaml").open("a") as known:
        known.writelines(
            f"  - value: '{spid}'\n    why: Its sample orders are to look familiar.\n" for spid in _FAMILIAR
        )
    respond = load_bundle(rules).default.respond
    if (respond.within, respond.margin) != (timedelta(seconds=WITHIN), timedelta(seconds=MARGIN)):
        raise Failed("The shipped policy's `respond` block could not be shortened for the demonstration.")
    return rules


def _say(line: str) -> None:
    progress.print(line, markup=False)
    sys.stderr.flush()


def _print(played: Sequence[Played]) -> None:
    rules = list(dict.fromkeys(rule for order in played for rule in order.result.rules))
    rows = [
        [
            order.sample.key,
            f"{order.result.outcome} by {order.result.reviewer or order.result.decided_by}",
            order.carrier_status,
            ", ".join(order.result.rules.get(rule, "-") for rule in rules) + _sent(order.result),
        ]
        for order in played
    ]
    print_table(
        "Decisions, from the workflows and the carrier's own state",
        ["order", "decided", "carrier says", f"{', '.join(rules)}: code and reason"],
        rows,
    )


def _sent(result: ScreeningResult) -> str:
    words = [str(part) for part in (result.rejection_code, result.reason) if part]
    return f": {' '.join(words)}" if words else ""
