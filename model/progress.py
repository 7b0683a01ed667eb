"""Progress of long work, shown on a terminal's standard error alone, and what ended it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

Report = Callable[[str, float], None]
"""Told what is being done and which share of it, 0 to 1, is done."""

NO_GAIN: Final = "no_gain"
OUT_OF_TIME: Final = "time"
EPOCHS: Final = "epochs"
"""What ended a training: no more gain on validation, the limit of time, or that of epochs."""


@contextmanager
def progress_bar(wanted: bool) -> Iterator[Report]:
    """Give a function that moves a bar, or does nothing where not ``wanted`` or no terminal."""
    console = Console(stderr=True)
    if not (wanted and console.is_terminal):
        yield lambda what, share: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=False) as bar:
        tasks = {}

        def report(what: str, share: float) -> None:
            name = what.partition(":")[0]
            if name not in tasks:
                tasks[name] = bar.add_task(what, total=1.0)
            bar.update(tasks[name], description=what, completed=share)

        yield report
