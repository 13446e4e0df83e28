"""`make bench`: measure, print a table, and write the figures to `benchmarks/results/latest.json`.

Takes about ten minutes on two cores; one of them goes into writing the orders that are replayed. Figures depend on the
machine; the ratio to the floor much less.
"""

import asyncio
import json
import logging
import platform
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import structlog

from benchmarks import (
    codec,
    customers,
    histories,
    intake,
    ledger,
    measures,
    queue,
    replay,
    report,
    rules,
    webhooks,
)
from commands.embedded import embedded_temporal, free_port
from commands.output import print_table

RESULTS = Path(__file__).parent / "results" / "latest.json"


async def _measure() -> list[measures.Figure]:
    figures: list[measures.Figure] = []
    for measure in (
        *measures.ALL,
        histories.history_per_path,
        codec.cost_of_the_codec,
        customers.import_of_200_000_customers,
        intake.intake_of_a_flood,
        *webhooks.ALL,
        *rules.ALL,
        queue.queue_of_50_000_orders,
        replay.replay_of_recorded_orders,
        report.report_over_100_000_orders,
        *ledger.ALL,
    ):
        print(f"{measure.__name__.replace('_', ' ')} ...", flush=True)
        with tempfile.TemporaryDirectory(prefix="portout-bench-") as folder:
            home = Path(folder)
            async with embedded_temporal(home / "temporal.db", port=free_port()) as address:
                found = await measure(address, home)
        for figure in found:
            print(f"  {figure.what}: {figure.value:.4g} {figure.unit}", flush=True)
        figures += found
    return figures


def main() -> None:
    logging.basicConfig(level=logging.ERROR)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    figures = asyncio.run(_measure())
    print_table(
        "Measured",
        ["what", "figure", "target"],
        [[figure.what, f"{figure.value:.4g} {figure.unit}", figure.target] for figure in figures],
    )
    RESULTS.parent.mkdir(exist_ok=True)
    report = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "figures": [figure.__dict__ for figure in figures],
    }
    RESULTS.write_text(json.dumps(report, indent=2) + "\n")
    print(f"Written to {RESULTS.relative_to(Path.cwd())}" if RESULTS.is_relative_to(Path.cwd()) else RESULTS)


if __name__ == "__main__":
    main()
