"""Waiting for a report of the carrier's, and saving what is in it."""

import asyncio
import contextlib
import os
import time
from pathlib import Path

from commands.carrier_asking import carrier_of, known_as, progress_of
from commands.output import Failed, plain
from commands.session import Place
from telnyx_api import Report, TelnyxClient

COMPLETED = "completed"
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0
"""Seconds between two looks at a report that is being made."""
PATIENCE = 900.0
"""Seconds that the command waits; the carrier goes on without it."""


async def fetch(
    place: Place, report_id: str, *, wait: bool, download: Path | None
) -> tuple[Report, int | None]:
    """Read a report and save its content if asked to; returns it and how many bytes were saved.

    Raises:
        Failed: there is no such report, it is not completed, or the file cannot be written.
    """
    if download is not None:
        _refuse_to_overwrite(download)
    async with carrier_of(place) as carrier:
        with known_as(
            f"The carrier knows no report {plain(report_id)}: give an id that `portout carrier reports` shows."
        ):
            report = await carrier.report(report_id)
        if wait:
            report = await _completed(carrier, report)
        if download is None:
            return report, None
        if report.status != COMPLETED or report.document_id is None:
            raise Failed(
                f"The report {report.id} is {report.status} and has nothing to download yet; nothing was saved. Add --wait."
            )
        content = await carrier.download_document(report.document_id)
    _save(download, content)
    return report, len(content)


async def _completed(carrier: TelnyxClient, report: Report) -> Report:
    started, pause = time.monotonic(), FIRST_PAUSE
    with progress_of(f"The report is {report.status}") as tell:
        while report.status != COMPLETED:
            waited = time.monotonic() - started
            if waited > PATIENCE:
                raise Failed(
                    f"The report {report.id} is still {report.status} after {PATIENCE / 60:.0f} minutes: ask for it later."
                )
            tell(f"waiting for {waited:.0f} s")
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)
            report = await carrier.report(report.id)
    return report


def _refuse_to_overwrite(file: Path) -> None:
    if file.exists():
        raise Failed(f"{file} is there already; nothing was saved. Name another file.")
    if not file.parent.is_dir():
        raise Failed(f"There is no folder {file.parent}; nothing was saved.")


def _save(file: Path, content: bytes) -> None:
    """Write a new file that only its owner reads, whole or not at all."""
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(content)
    except FileExistsError:
        raise Failed(f"{file} is there already; nothing was saved. Name another file.") from None
    except OSError as error:
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)
        raise Failed(f"{file} cannot be written ({error.strerror}); nothing was saved.") from None
