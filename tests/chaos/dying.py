"""A worker that kills itself right after a step of a batch, in the product's own code."""

import functools
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stream.settings import Settings
from stream.worker.app import WorkerApp
from stream.worker.batch import Batches
from stream.worker.build import build_processor
from stream.worker.producer import Producer
from stream.worker.run import OUTPUTS
from stream.worker.settings import WorkerSettings
from stream.worker.transport import Consumer
from tests.stream.worker.counting import Counting
from tests.stream.worker.process import OUTPUTS as COUNTING_OUTPUTS
from tests.stream.worker.process import WorkerProcess, begin_child, serve

STEPS = ("computed", "outputs acked", "changelog acked", "store written", "acknowledged",
         "committed")  # fmt: skip


class DyingWorker(WorkerProcess):
    """Dies at the ``n``-th time of a step; ``mark`` is then there and says which.

    Without ``product`` it only counts, as `WorkerProcess` does.
    """

    def __init__(
        self, settings: WorkerSettings, product: Settings | None, step: str, n: int
    ) -> None:
        super().__init__(settings)
        self.mark = settings.data_dir / "died"
        self._main = main
        self._arguments = (self.settings, str(self.log), product, step, n, str(self.mark))

    def wait_until_dead(self) -> None:
        """Wait for the end, and check that it was the step's."""
        assert self.wait(90) == -signal.SIGKILL, self.tail()
        assert self.mark.exists(), self.tail()
        self.mark.unlink()


def main(
    settings: WorkerSettings, log: str, product: Settings | None, step: str, n: int, mark: str
) -> None:
    begin_child(log)
    die_at(step, n, Path(mark), settings)
    if product is None:
        serve(settings, Counting(), None, COUNTING_OUTPUTS)
    else:
        processor, links = build_processor(product)
        serve(settings, processor, links, OUTPUTS)


def die_at(step: str, n: int, mark: Path, settings: WorkerSettings) -> None:
    """Make this process end with SIGKILL when the step was done ``n`` times."""
    left = n

    def count() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            mark.write_text(step)
            os.kill(os.getpid(), signal.SIGKILL)

    match step:
        case "computed":
            then(Batches, "plan", count)
        case "outputs acked":
            # Links alone are sent where the changelog knows all records: nothing is decided again.
            inner = {settings.changelog, settings.links}
            then_async(Producer, "acknowledged", count, lambda sent, _: bool(topics(sent) - inner))
        case "changelog acked":
            changelog = settings.changelog
            then_async(Producer, "acknowledged", count, lambda sent, _: changelog in topics(sent))
        case "store written":
            then(Batches, "store", count)
        case "acknowledged":
            then(WorkerApp, "_acknowledge", count)
        case "committed":
            then_async(Consumer, "_commit_offsets", count, lambda _, done: bool(done))


def topics(sent: Any) -> set[str]:
    return {built.topic for built in sent}


def then(owner: type, name: str, count: Callable[[], None]) -> None:
    """Count after a method has returned."""
    real = getattr(owner, name)

    @functools.wraps(real)
    def counted(*args: Any, **kwargs: Any) -> Any:
        done = real(*args, **kwargs)
        count()
        return done

    setattr(owner, name, counted)


def then_async(
    owner: type, name: str, count: Callable[[], None], wanted: Callable[[Any, Any], bool]
) -> None:
    """Count after a coroutine has returned, where its argument and its result are the wanted."""
    real = getattr(owner, name)

    @functools.wraps(real)
    async def counted(self: Any, given: Any, *args: Any, **kwargs: Any) -> Any:
        done = await real(self, given, *args, **kwargs)
        if wanted(given, done):
            count()
        return done

    setattr(owner, name, counted)
