"""Rounds: which batches are worked on together, in which order, and what ends it."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest

from stream.worker.processor import SOURCES
from stream.worker.rounds import IN_FLIGHT, Rounds
from stream.worker.waiting import ENOUGH, MOST


@dataclass(eq=False)
class Steps:
    """Stands for the processor, the stores and the broker; notes what each is asked."""

    log: list = field(default_factory=list)
    may_compute: threading.Event = field(default_factory=threading.Event)
    fails_at: int = -1
    loses: str = ""
    lost_at: int = -1
    held: bool = True
    slow_s: float = 0.001

    def plan(self, batches):
        assert self.may_compute.wait(10)
        bases = [(b.source, b.partition, int(b.offsets[0])) for b in batches]
        if any(base == self.fails_at for _, _, base in bases):
            raise ValueError("the state is damaged")
        self.log.append(("plan", bases))
        return SimpleNamespace(
            outputs=("outputs", bases), links=("links", bases), changelog=("changelog", bases)
        )

    def store(self, plan, sent):
        self.log.append(("store", plan.outputs[1]))

    async def send(self, built):
        return await self.acknowledged(built, await self.hand_over(built))

    async def send_in_turn(self, built):
        await self.send(built)

    async def hand_over(self, built):
        self.log.append(built)
        return [asyncio.get_running_loop().create_task(self._sent(built))]

    async def _sent(self, built):
        await asyncio.sleep(self.slow_s)
        if built[0] == self.loses and any(base == self.lost_at for _, _, base in built[1]):
            raise TimeoutError("the broker was away")

    async def acknowledged(self, built, futures):
        await asyncio.gather(*futures)
        if built:
            self.log.append((f"{built[0]} acked", built[1]))
        return []

    def acknowledge(self, messages, plan, seconds):
        self.log.append(("acknowledge", plan.outputs[1]))


class Run:
    """Rounds over such steps."""

    def __init__(self, **changes) -> None:
        self.steps = Steps(**changes)
        self.failures: list[str] = []
        self.compute = ThreadPoolExecutor(1)
        self.rounds = Rounds(
            self.steps, self.steps, self.compute, lambda messages: self.steps.held,
            self.steps.acknowledge, lambda sentence, error: self.failures.append(sentence),
        )  # fmt: skip
        self.rounds.open()

    def begin(self, source: int, partition: int, base: int, n: int = 1) -> None:
        fetched = SimpleNamespace(
            offsets=np.arange(base, base + n), timestamps_ms=None, keys=[], values=[]
        )
        topic = SOURCES[source]
        self.rounds.begin(
            SimpleNamespace(topic=topic, partition=partition, value=fetched, tp=(topic, partition))
        )

    def of(self, step: str) -> list:
        return [bases for name, bases in self.steps.log if name == step]

    async def settle(self) -> None:
        self.steps.may_compute.set()
        while self.rounds._tasks:
            await asyncio.sleep(0.001)


def begun(**changes) -> Run:
    """Let two rounds of one partition begin, whose steps take a while."""
    run = Run(**changes)
    run.steps.slow_s = 0.05
    run.steps.may_compute.set()
    for base in range(2):
        run.begin(0, 0, base * ENOUGH, ENOUGH)
    return run


async def two_rounds(**changes) -> Run:
    """Return them when all has settled."""
    run = begun(**changes)
    await run.settle()
    return run


def test_what_waits_while_the_thread_is_busy_goes_together():
    async def scenario():
        run = Run()
        run.begin(0, 0, 0)
        await asyncio.sleep(0.01)
        for source, partition in ((0, 1), (1, 1), (2, 2), (1, 0)):
            run.begin(source, partition, 10)
        await run.settle()
        return run

    run = asyncio.run(scenario())
    assert run.of("plan") == [
        [(0, 0, 0)],
        [(0, 1, 10), (1, 1, 10), (2, 2, 10), (1, 0, 10)],
    ]
    assert run.of("acknowledge") == run.of("plan")


def test_the_steps_of_a_partition_follow_one_another():
    async def scenario():
        run = Run()
        for base in range(0, 40, 10):
            run.begin(0, 0, base, 10)
            await asyncio.sleep(0.002)
        await run.settle()
        return run

    run = asyncio.run(scenario())
    steps = ["plan", "outputs", "outputs acked", "links", "links acked", "changelog",
             "changelog acked", "store", "acknowledge"]  # fmt: skip
    for step in steps:
        assert run.of(step) == run.of("plan")
    for bases in run.of("plan"):
        assert [name for name, mine in run.steps.log if mine == bases] == steps
    last = [name for name, _ in run.steps.log if name in steps[5:]]  # a round after the other
    assert last == steps[5:] * (len(last) // 4)
    assert [base for bases in run.of("plan") for _, _, base in bases] == [0, 10, 20, 30]


def test_labels_are_worked_on_by_themselves():
    async def scenario():
        run = Run()
        run.begin(0, 9, 0)
        await asyncio.sleep(0.01)
        for source in (0, 3, 1):
            run.begin(source, 0, 10)
        run.begin(3, 1, 10)
        await run.settle()
        return run

    run = asyncio.run(scenario())
    assert run.of("plan")[1:] == [[(0, 0, 10)], [(3, 1, 10), (3, 0, 10)], [(1, 0, 10)]]


def test_a_round_with_enough_records_leaves_the_rest_to_the_next():
    async def scenario():
        run = Run()
        run.begin(0, 9, 0)
        await asyncio.sleep(0.01)
        for partition in range(4):
            run.begin(0, partition, 10, ENOUGH // 2)
        await run.settle()
        return run

    assert [len(bases) for bases in asyncio.run(scenario()).of("plan")] == [1, 2, 2]


def test_no_batch_makes_a_round_too_large_but_one_that_is_so_by_itself():
    async def scenario():
        run = Run()
        run.begin(0, 9, 0)
        await asyncio.sleep(0.01)
        run.begin(0, 0, 0, 1)
        run.begin(0, 0, 1, MOST)
        run.begin(0, 0, 1 + MOST, 1)
        run.begin(0, 1, 0, MOST - 1)
        run.begin(1, 2, 0, MOST + 1)
        await run.settle()
        return run

    run = asyncio.run(scenario())
    assert run.of("plan")[1:] == [
        [(0, 0, 0), (0, 1, 0)],
        [(1, 2, 0)],
        [(0, 0, 1)],
        [(0, 0, 1 + MOST)],
    ]


def test_no_partition_waits_for_ever():
    async def scenario():
        run = Run()
        run.begin(0, 9, 0)
        await asyncio.sleep(0.01)
        for base in range(3):
            for partition in range(3):
                run.begin(0, partition, base * ENOUGH, ENOUGH)
        await run.settle()
        return run

    plans = asyncio.run(scenario()).of("plan")[1:]
    assert [bases[0][1] for bases in plans[:3]] == [0, 1, 2]
    assert len(plans) == 9


def test_nothing_is_taken_behind_a_batch_that_failed():
    async def scenario():
        run = Run(fails_at=0)
        run.begin(0, 0, 0)
        run.begin(0, 0, 10)
        run.begin(0, 1, 10)
        await run.settle()
        run.begin(0, 0, 20)
        await run.settle()
        return run

    run = asyncio.run(scenario())
    assert run.steps.log == []
    assert run.failures == [
        "a batch of shop.orders, partition 0, offsets 0 to 0 failed: the state is damaged"
    ]


def test_a_round_that_fails_says_where_its_records_stand():
    async def scenario():
        run = Run(fails_at=10)
        run.begin(0, 0, 0)
        await asyncio.sleep(0.01)
        run.begin(1, 0, 10, 5)
        run.begin(1, 0, 15, 5)
        run.begin(0, 3, 7, 2)
        await run.settle()
        return run

    assert asyncio.run(scenario()).failures == [
        "a batch of shop.browse, partition 0, offsets 10 to 19, shop.orders, partition 3, "
        "offsets 7 to 8 failed: the state is damaged"
    ]


def test_nothing_is_taken_behind_a_batch_whose_partition_was_lost_until_all_is_read_again():
    async def scenario():
        run = Run()
        run.begin(0, 0, 0)
        await asyncio.sleep(0.01)
        run.begin(0, 0, 10)
        run.steps.held = False
        await run.settle()
        run.steps.held = True
        run.begin(0, 0, 20)
        await run.settle()
        before = list(run.steps.log)
        run.rounds.open()
        run.begin(0, 0, 0)
        await run.settle()
        return before, run

    before, run = asyncio.run(scenario())
    assert [name for name, _ in before] == ["plan"]  # nothing was published either
    assert run.of("acknowledge") == [[(0, 0, 0)]]


def test_a_partition_that_was_lost_before_its_round_was_computed_can_come_back():
    async def scenario():
        run = Run()
        run.begin(0, 0, 0)
        run.steps.held = False
        await run.settle()
        run.steps.held = True
        run.rounds.open()
        run.begin(0, 0, 0)
        await run.settle()
        return run

    assert asyncio.run(scenario()).of("plan") == [[(0, 0, 0)]]


def test_the_next_round_is_computed_while_one_is_acknowledged_but_not_any_number():
    async def scenario():
        run = Run()
        run.steps.slow_s = 0.05
        run.steps.may_compute.set()
        for base in range(8):
            run.begin(0, 0, base * ENOUGH, ENOUGH)
        await asyncio.sleep(0.03)
        n_early = len(run.of("plan"))
        await run.settle()
        return n_early, run

    n_early, run = asyncio.run(scenario())
    assert n_early == IN_FLIGHT
    assert [bases[0][2] for bases in run.of("acknowledge")] == [n * ENOUGH for n in range(8)]


def test_the_outputs_of_the_next_round_follow_at_once_and_its_changelog_when_the_first_is_done():
    run = asyncio.run(two_rounds())
    names = [(name, bases[0][2] // ENOUGH) for name, bases in run.steps.log]
    assert names.index(("outputs", 0)) < names.index(("outputs", 1))
    assert names.index(("outputs", 1)) < names.index(("outputs acked", 0))
    assert names.index(("acknowledge", 0)) < names.index(("changelog", 1))


@pytest.mark.parametrize("loses", ["outputs", "links"])
def test_no_links_are_published_behind_those_of_a_round_that_failed(loses):
    run = asyncio.run(two_rounds(loses=loses, lost_at=0))
    assert [bases[0][2] for bases in run.of("outputs")] == [0, ENOUGH]  # those may get through
    assert [bases[0][2] for bases in run.of("links")] == [0] * (loses == "links")
    assert run.of("changelog") == run.of("acknowledge") == []
    assert run.failures[0].endswith("failed: the broker was away")


def test_links_wait_for_those_of_the_round_before_and_not_for_its_changelog():
    run = asyncio.run(two_rounds())
    names = [(name, bases[0][2] // ENOUGH) for name, bases in run.steps.log]
    assert names.index(("links acked", 0)) < names.index(("links", 1))
    assert names.index(("links", 1)) < names.index(("changelog acked", 0))


def test_no_changelog_is_written_of_what_was_computed_behind_a_lost_round():
    async def scenario():
        run = begun()
        await asyncio.sleep(0.02)  # both are computed, their outputs under way
        run.steps.held = False
        await asyncio.sleep(0.06)
        run.steps.held = True  # too late: the first was left undone
        await run.settle()
        return run

    run = asyncio.run(scenario())
    assert len(run.of("plan")) == 2
    assert [bases[0][2] for bases in run.of("outputs")] == [0, ENOUGH]
    assert run.of("changelog") == run.of("acknowledge") == []


def test_a_drain_finishes_what_has_begun_and_forgets_what_waits():
    async def scenario():
        run = Run()
        run.begin(0, 0, 0)
        await asyncio.sleep(0.01)
        run.begin(0, 0, 10)
        run.begin(0, 1, 10)
        asyncio.get_running_loop().call_later(0.02, run.steps.may_compute.set)
        await run.rounds.drain(5)
        run.begin(0, 1, 20)
        await run.settle()
        return run

    run = asyncio.run(scenario())
    assert run.of("acknowledge") == [[(0, 0, 0)]]
    assert run.failures == []


def test_a_drain_gives_up_after_its_time():
    async def scenario():
        run = Run()
        run.begin(0, 0, 0)
        await run.rounds.drain(0.05)
        run.steps.may_compute.set()
        return run

    assert asyncio.run(scenario()).failures == ["a batch was still running after 0.05 s of waiting"]


@pytest.mark.parametrize("n", [1, 5])
def test_a_small_load_makes_small_rounds(n):
    async def scenario():
        run = Run()
        for base in range(n):
            run.begin(0, 0, base)
            await run.settle()
        return run

    assert asyncio.run(scenario()).of("plan") == [[(0, 0, base)] for base in range(n)]
