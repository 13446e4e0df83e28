"""`make chaos`: many orders through faults and kills that follow from a seed; the last line says what became of them."""

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

from tests.chaos.run import run_chaos

WRONG = 5


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos ARGS=…", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="another seed is another run")
    parser.add_argument("--orders", type=int, default=300, help="how many orders come")
    given = parser.parse_args()
    _quiet()
    with tempfile.TemporaryDirectory(prefix="portout-chaos-") as folder:
        tally, wrong = asyncio.run(run_chaos(Path(folder), given.seed, given.orders, say=print))
    for sentence in wrong:
        print(sentence)
    print(json.dumps(tally.as_json()))
    return 0 if tally.well else WRONG


def _quiet() -> None:
    """What breaks is meant to; the client need not tell of every call that it sends once more."""
    only_errors = TelemetryFilter(core_level="ERROR", other_level="ERROR")
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=LoggingConfig(filter=only_errors))))


if __name__ == "__main__":
    sys.exit(main())
