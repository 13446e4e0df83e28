"""What is shown on the terminal while something takes long; nothing where nobody watches."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn


@contextmanager
def progress_bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar beside what is printed; what is given says how much more was done."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

    with _shown(TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()) as progress:
        task = progress.add_task("", total=total)
        yield lambda size: progress.advance(task, size)


@contextmanager
def requests_so_far() -> Iterator[Callable[[], None]]:
    """Show how many requests the carrier was asked; what is given says that it was asked once more."""
    from rich.progress import SpinnerColumn, TextColumn

    counted = TextColumn("Asking the carrier: {task.completed} requests")
    with _shown(SpinnerColumn(), counted) as progress:
        task = progress.add_task("", total=None)
        yield lambda: progress.advance(task)


@contextmanager
def _shown(*columns: "ProgressColumn") -> Iterator["Progress"]:
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(
        *columns,
        console=console,
        transient=True,
        disable=not console.is_terminal,
        # Above the bar when both stand in one terminal; what goes into a file must not end there.
        redirect_stdout=sys.stdout.isatty(),
    ) as progress:
        yield progress
