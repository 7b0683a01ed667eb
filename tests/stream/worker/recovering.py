"""A worker's application, consumer and recovery without a broker: a thread that answers instead."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from faust.types import TP

from stream.metrics import Metrics
from stream.worker.app import WorkerApp, build_app
from stream.worker.fetched import Fetched
from stream.worker.settings import WorkerSettings
from stream.worker.stages import Stages
from tests.stream.worker.counting import Counting

ORDERS, CHANGELOG = TP("shop.orders", 0), TP("app.changelog", 0)
HELD = {ORDERS, CHANGELOG}
BASE = 5


class Answers:
    """Stands for the consumer's thread: an empty changelog, and one batch of orders."""

    def __init__(self) -> None:
        self.known = 0
        self.given_back: list[int] = []
        self.may_rewind = asyncio.Event()
        self.may_rewind.set()
        self.rewinding = asyncio.Event()
        self.fetching = asyncio.Event()
        self.arrived = asyncio.Event()

    def assignment(self) -> set[TP]:
        return HELD

    def generation(self) -> int:
        return self.known

    async def highwaters(self, *tps: TP) -> dict[TP, int]:
        return dict.fromkeys(tps, 0)

    async def earliest_offsets(self, *tps: TP) -> dict[TP, int]:
        return dict.fromkeys(tps, 0)

    async def seek_wait(self, offsets: object) -> None:
        pass

    async def rewind(self, tps: set[TP]) -> dict[TP, int]:
        self.rewinding.set()
        await self.may_rewind.wait()
        return dict.fromkeys(tps, BASE)

    async def getmany(self, active: set[TP] | None, timeout: float) -> dict[TP, Fetched]:
        if ORDERS not in (active or ()):
            await asyncio.sleep(0.001)
            return {}
        self.fetching.set()
        await self.arrived.wait()
        self.arrived.clear()
        return {ORDERS: batch(self.known)}

    async def give_back(self, tp: TP, batch: Fetched) -> None:
        self.given_back.append(batch.generation)


def batch(generation: int) -> Fetched:
    """Return a batch of one order that was fetched in a generation."""
    n = np.array([BASE])
    return Fetched(n, n, [b"u1"], [b"1|"], BASE + 1, generation, BASE + 1)


class Recovering:
    """The application with its own recovery at work, and the steps that aiokafka takes."""

    def __init__(self, app: WorkerApp) -> None:
        self.app, self.answers = app, Answers()
        app.take_part()
        app.kafka._thread.thread_loop.close()
        app.kafka._thread = self.answers  # type: ignore[assignment]
        app.assignor = SimpleNamespace(assigned_standbys=set, assigned_actives=lambda: {CHANGELOG})
        app._lives = {CHANGELOG.topic: 1}

        async def look_up(numbers: Any) -> dict[int, tuple[int, int]]:
            return dict.fromkeys(numbers, (1, 0))

        app.states._look_up = look_up

    async def revoke(self) -> None:
        """Begin a rebalance, as the thread does, and let go of the partitions."""
        self.app.on_rebalance_start()
        self.app.kafka.stop_flow()
        await self.app.rounds.drain(5)

    async def assign(self, generation: int) -> None:
        """Get the partitions in a generation, and begin to recover their states."""
        self.known(generation)
        await self.app.states.assign({0})
        self.app.kafka._set_active_tps(HELD)
        self.app.kafka.pause_partitions(HELD)
        await self.app.tables.recovery.on_rebalance(HELD, set(), HELD, generation)
        self.app.on_rebalance_return()

    def known(self, generation: int) -> None:
        """Have joined the group, as the thread knows before anybody else."""
        self.answers.known = self.app.consumer_generation_id = generation


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something holds, at most five seconds."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


async def never(condition: Callable[[], bool]) -> bool:
    """Tell whether something does not hold for as long as everything due takes."""
    for _ in range(50):
        await asyncio.sleep(0.001)
        if condition():
            return False
    return True


def with_recovery(folder: Path, test: Callable[[Recovering], Any], **changes: Any) -> WorkerApp:
    """Run a coroutine function on such an application and return it."""

    async def main() -> WorkerApp:
        settings = WorkerSettings(
            brokers="127.0.0.1:1", application="app", partitions=1, data_dir=folder, **changes
        )
        compute = ThreadPoolExecutor(1)
        cluster: Any = None
        app = build_app(settings, Counting(), cluster, Metrics(), Stages(), compute)
        app.finalize()
        run = Recovering(app)
        await app.tables._update_channels()
        await app.tables.recovery.start()
        try:
            await test(run)
        finally:
            await app.tables.recovery.stop()
            await app._fetcher.stop()
            await app.records.stop()
            app.states.close()
            compute.shutdown()
        return app

    return asyncio.run(main())
