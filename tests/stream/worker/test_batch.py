"""What a computed round still holds while it waits for the broker."""

import asyncio
import weakref

import numpy as np

from stream.worker.batch import Batches
from stream.worker.processor import Outcome, RecordBatch
from stream.worker.producer import Producer
from stream.worker.settings import WorkerSettings
from stream.worker.stages import Stages
from stream.worker.states import States
from tests.embedded import embedded_broker
from tests.stream.worker.counting import OUTPUT, STATE, Counting

N = 3


class Watched(Counting):
    """Remembers whether anybody still has what it said last."""

    last: weakref.ref[Outcome]

    def run(self, prepared, states, applied):
        outcome = super().run(prepared, states, applied)
        self.last = weakref.ref(outcome)
        return outcome


async def nothing_known(numbers):
    return dict.fromkeys(numbers, (0, 0))


def test_what_was_read_decided_and_sent_is_let_go_of_and_its_numbers_stay(tmp_path):
    keys, values = [b"u"] * N, [b"%d|" % number for number in range(N)]
    at = np.arange(N)
    batch = RecordBatch("shop.orders", 0, 0, at, at, keys, values)

    async def scenario(brokers):
        settings = WorkerSettings(brokers=brokers, application="let-go", partitions=4)
        processor, producer = Watched(links=True), Producer(brokers, 10)
        states = States(tmp_path, 1 << 20, 4, nothing_known)
        try:
            await producer.start([OUTPUT, settings.changelog, settings.links])
            await states.assign({0})
            states.begin_term(1)
            batches = Batches(settings, processor, states, producer, Stages(), lambda source: 0)
            plan = batches.plan([batch])
            built = [*plan.outputs, *plan.links, *plan.changelog]
            n_built = [len(part) for part in built]
            gone = keys == values == [] and processor.last() is None
            await producer.send(plan.outputs)
            await producer.send_in_turn(plan.links)
            batches.store(plan, await producer.send(plan.changelog))
            kept = [part.builder._buffer for part in built]
            (state,) = states.partition(0).get_many([b"u"])
            return gone, plan, n_built, [len(part) for part in built], kept, state
        finally:
            await producer.stop()
            states.close()

    with embedded_broker([OUTPUT, "let-go.changelog", "let-go.links"]) as brokers:
        gone, plan, before, after, kept, state = asyncio.run(scenario(brokers))
    assert gone
    assert [len(done) for done in plan.batches] == [N]
    assert dict(plan.counts) == {"decisions.allow": N}
    assert before == after == [N, 1, 1]  # decisions, links, a state
    assert kept == [None] * 3
    assert STATE.unpack(state[-STATE.size :]) == (N, 0, 0, 0, sum(range(N)))


class Noting(Producer):
    """Sends nothing, and notes what it was asked to send at once."""

    async def send(self, batches):
        self.turns = [
            *getattr(self, "turns", []),
            [(b.topic, b.partition, len(b)) for b in batches],
        ]
        return []


def test_a_batch_waits_for_the_one_before_it_of_its_partition_alone():
    async def scenario():
        producer = Noting("127.0.0.1:9", 10)
        rows = [(0, 1), (1, 2), (0, 3), (0, 4), (1, 5)]
        built = [
            part
            for number, n in rows
            for part in producer.build("links", number, [None] * n, [b"x"] * n, 0)
        ]
        await producer.send_in_turn(built)
        await producer.send_in_turn([])
        await producer.stop()
        return producer.turns

    assert asyncio.run(scenario()) == [
        [("links", 0, 1), ("links", 1, 2)],
        [("links", 0, 3), ("links", 1, 5)],
        [("links", 0, 4)],
    ]
