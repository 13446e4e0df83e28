"""What an operator does: `status`, `preflight`, `pause`, `resume`, `settings`, `sandbox`."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from commands.output import Failed, print_json, print_lines
from commands.session import find_place
from settings import SANDBOX_KEY, SANDBOX_PORT, Settings

if TYPE_CHECKING:
    from records.store import Records
    from sandbox.serve import SandboxServer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
By = Annotated[str | None, typer.Option(help="Who you are; the user of this machine when left out.")]


def add_to(app: typer.Typer) -> None:
    for command in (status, preflight, pause, resume, settings, sandbox):
        app.command()(command)


def status(as_json: AsJson = False) -> None:
    """Is it working? Exits with 1 if not."""
    from commands.status import print_status, read_status

    found = asyncio.run(read_status(find_place()))
    if as_json:
        print_json(found)
    else:
        print_status(found)
    raise typer.Exit(0 if found.working else 1)


def preflight(as_json: AsJson = False) -> None:
    """Check a real set-up without sending or changing anything, and say what each pending order would get."""
    from commands.preflight import print_preflight, read_preflight

    found = asyncio.run(read_preflight(find_place()))
    if as_json:
        print_json(found)
    else:
        print_preflight(found)
    raise typer.Exit(0 if found.ready else 1)


def pause(
    reason: Annotated[str, typer.Option(help="Why, for those who find it paused.")] = "", by: By = None
) -> None:
    """Stop answering the carrier. Screening goes on and decisions are kept; the carrier's clock runs on."""
    if not reason.strip():
        raise Failed("A reason is needed: give it with --reason; nothing was changed.")
    from commands import pausing
    from commands.queueing import read_queue
    from commands.times import now

    place = find_place()
    with place.records() as records:
        already = pausing.pause_sentence(records)
        if already:
            print_lines(already)
            return
        pausing.pause(records, _who(place.settings, records, by), reason.strip(), now())
        waiting = read_queue(records, place.settings, now(), first=1).waiting
    print_lines("Paused: decisions are kept and nothing is sent until `portout resume`.")
    if waiting:
        first = waiting[0]
        print_lines(
            f"The carrier's clock runs on; next deadline: {first.support_key or first.portout_id}, {first.time_left}."
        )


def resume(by: By = None) -> None:
    """Answer the carrier again."""
    from commands import pausing
    from commands.times import now

    place = find_place()
    with place.records() as records:
        if not pausing.is_paused(records):
            print_lines("Sending is not paused.")
            return
        pausing.resume(records, _who(place.settings, records, by), now())
    print_lines("Resumed: what was decided meanwhile is sent within a minute or so.")


def settings(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Show only this one: PORTOUT_SEND.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List every setting, or show one, with its value, where it came from and what it is for. Secrets are not shown.

    Exits with 1 when one of those that are shown cannot be used.
    """
    from commands.configured import print_setting, print_settings, read_settings, setting_of

    configured = read_settings()
    if name is not None:
        row = setting_of(configured, name)
        print_json(row) if as_json else print_setting(row)
        raise typer.Exit(1 if row.fault else 0)
    if as_json:
        print_json(configured)
    else:
        print_settings(configured)
    raise typer.Exit(1 if configured.faults else 0)


def sandbox(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = SANDBOX_PORT,
    key: Annotated[str, typer.Option(help="The bearer key that it accepts.")] = SANDBOX_KEY,
) -> None:
    """Serve the sandbox carrier alone, with the sample orders, until it is stopped. It reads no settings."""
    from sandbox.samples import seed
    from sandbox.serve import run

    def ready(server: "SandboxServer") -> None:
        samples = seed(server.carrier)
        print_lines(*_how_to_use(server, len(samples)))

    run(port, key, on_ready=ready)


def _how_to_use(server: "SandboxServer", samples: int) -> list[str]:
    own_key = server.key != SANDBOX_KEY
    shown = "YOUR_KEY" if own_key else server.key
    lines = [
        f"The sandbox carrier listens at {server.base_url} with {samples} sample orders, and keeps nothing when it stops.",
        f"Key: {'the one you gave' if own_key else shown}. Try: "
        f"curl -H 'Authorization: Bearer {shown}' {server.base_url}/portouts",
        f"Control: {server.control_url} (orders, faults, requests, clock).",
    ]
    if own_key:
        lines.append(
            f"A worker speaks to it with TELNYX_API_KEY=YOUR_KEY TELNYX_BASE_URL={server.base_url}; it then takes it "
            "for a real account, so nothing is sent without PORTOUT_SEND=yes."
        )
    elif server.port != SANDBOX_PORT:
        lines.append(f"A worker speaks to it with TELNYX_BASE_URL={server.base_url} and no TELNYX_API_KEY.")
    else:
        lines.append("A worker without TELNYX_API_KEY and TELNYX_BASE_URL speaks to it by itself.")
    return [*lines, "Stop with Ctrl-C."]


def _who(settings: Settings, records: "Records", given: str | None) -> str:
    from commands.acting import operator
    from commands.times import now

    return operator(settings, records, given, now()).name
