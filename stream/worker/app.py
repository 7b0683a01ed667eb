"""The Faust application of a worker: agents, table, and everything that they share."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import faust
from faust.types import TP

from stream.metrics import Metrics
from stream.worker.again import AgainQueue
from stream.worker.agents import end_with_agent, hand_over
from stream.worker.batch import Batches, Plan
from stream.worker.cluster import Cluster
from stream.worker.faustoptions import faust_options
from stream.worker.lag import Lag
from stream.worker.processor import SOURCES, Processor
from stream.worker.producer import Producer
from stream.worker.rounds import Rounds
from stream.worker.samples import Samples
from stream.worker.settings import WorkerSettings
from stream.worker.stages import Stages
from stream.worker.states import States
from stream.worker.tables import RawSchema
from stream.worker.transport import Consumer
from stream.worker.waiting import ENOUGH

log = logging.getLogger(__name__)


class WorkerApp(faust.App):
    """Faust's application with the worker's parts; ``finished`` is set when it has to end."""

    def __init__(
        self,
        settings: WorkerSettings,
        processor: Processor,
        cluster: Cluster,
        metrics: Metrics,
        stages: Stages,
        compute: ThreadPoolExecutor,
    ) -> None:
        super().__init__(settings.application, **faust_options(settings))
        self.settings, self.cluster, self.metrics, self.stages = settings, cluster, metrics, stages
        self.finished = asyncio.Event()
        self.failure = ""
        self.error: BaseException | None = None
        self.starting = "starting"
        self._ready_count = -1
        self._moving_since = time.monotonic()
        self.counts: Counter[str] = Counter()
        self.samples = Samples(stages)
        self.lag = Lag(metrics.lag, settings.topic_prefix)
        self._lives: Mapping[str, int] = {}
        self.records = Producer(settings.brokers, settings.produce_timeout_s, settings.topic_prefix)
        self.states = States(
            settings.folder, settings.cache_bytes, settings.partitions, self._look_up
        )
        batches = Batches(settings, processor, self.states, self.records, stages, self._life)
        self.rounds = Rounds(
            batches, self.records, compute, self._holds, self._acknowledge, self.fail,
            self._wake, settings.topic_prefix,
        )  # fmt: skip
        self.again = AgainQueue(
            self.records, compute, settings.partitions, self._counted, self._is_far_behind
        )
        self._main_loop = asyncio.get_running_loop()

    @property
    def kafka(self) -> Consumer:
        """The consumer of the worker's own transport."""
        return cast(Consumer, self.consumer)

    def fail(self, sentence: str, error: BaseException | None = None) -> None:
        """End the worker with a sentence; any thread may call this, the first call counts."""
        if not self.failure:
            self.failure, self.error = sentence, error
            log.critical("%s", sentence, exc_info=error)
        self._main_loop.call_soon_threadsafe(self.finished.set)

    async def on_started(self) -> None:
        """Do not wait for the first recovery as Faust does: the worker may have to end before."""

    def take_part(self) -> None:
        """Begin to wait for partitions: what is read before is there."""
        self.starting = ""
        self._moving_since = time.monotonic()

    def on_ready(self, generation: int, count: int) -> None:
        """Take over the recovered partitions, assigned when ``count`` rebalances had begun."""
        self.states.begin_term(generation)
        self._ready_count = count
        self.metrics.rebalances.inc()
        self.metrics.assigned.set(len(self.states.open_partitions()))

    def settled(self) -> bool:
        """Tell whether no rebalance has begun since the partitions were taken over; any thread.

        Faust's own ``rebalancing`` may be reset by a recovery that ends as the next one begins.
        """
        return self._ready_count == self.rebalancing_count

    def problem(self) -> str:
        """Return why the worker is not ready, or an empty text."""
        if self.failure:
            return self.failure
        if self.starting:
            return self.starting
        if self._ready_count < 0:
            return "waiting for partitions and their states"
        if not self.settled():
            return "partitions are moving or states are being restored"
        return ""

    def progress(self) -> int:
        """Return a number that changes whenever the worker gets on."""
        finished = self.kafka.progress.n_finished if self._consumer else 0
        return int(finished + self.states.n_recovered)

    def behind(self) -> bool:
        """Tell whether there is work: unfinished batches, a recovery, a lag, a late rebalance."""
        if self._consumer is None:
            return False
        unfinished = self.kafka.progress.n_unfinished()
        return bool(unfinished or self.in_recovery or self.lag.any() or self._overdue())

    def _overdue(self) -> bool:
        """Tell whether a rebalance takes longer than the group waits for its slowest member."""
        patience_s = self.conf.broker_rebalance_timeout + self.settings.session_timeout_s
        return not self.settled() and time.monotonic() - self._moving_since > patience_s

    def on_rebalance_start(self) -> None:
        """Note that partitions begin to move; the consumer's thread calls this."""
        self._moving_since = time.monotonic()
        super().on_rebalance_start()

    def _is_far_behind(self) -> bool:
        """Tell whether more waits than a round takes."""
        return self.lag.total() > ENOUGH

    async def _look_up(self, numbers: Iterable[int]) -> dict[int, tuple[int, int]]:
        topic = self.settings.changelog
        names = [self.settings.topic_prefix + source for source in SOURCES]
        self._lives = await asyncio.to_thread(self.cluster.lives, [*names, topic])
        tps = [TP(topic, number) for number in numbers]
        ends = await self.kafka.highwaters(*tps) if tps else {}
        return {tp.partition: (self._lives[topic], end) for tp, end in ends.items()}

    def _counted(self, counts: Mapping[str, int]) -> None:
        self.metrics.count(counts)
        self.counts.update(counts)

    def count_skipped(self, topic: str, n: int) -> None:
        """Count offsets that the broker removed before they were read; any thread."""
        self.metrics.offsets_skipped.labels(topic.removeprefix(self.settings.topic_prefix)).inc(n)

    def life_of(self, topic: str) -> int:
        """Return the life of an input topic when partitions were assigned last; any thread."""
        return self._lives.get(topic, 0)

    def _life(self, source: int) -> int:
        return self.life_of(self.settings.topic_prefix + SOURCES[source])

    def _holds(self, messages: Sequence[Any]) -> bool:
        return self.kafka.holds(messages)

    def _wake(self) -> None:
        self.kafka.wake()

    def _acknowledge(self, messages: Sequence[Any], plan: Plan, seconds: float) -> None:
        metrics, counts = self.metrics, self.counts
        for message, batch, repeated in zip(messages, plan.batches, plan.repeated, strict=True):
            self.kafka.ack(message)
            metrics.events.labels(batch.topic).inc(len(batch))
            if repeated:
                metrics.skipped.labels(batch.topic).inc()
            self.lag.note(message.tp, max(0, message.value.highwater - message.value.end))
        n_records = sum(map(len, plan.batches))
        metrics.batch_seconds.observe(seconds)
        metrics.batch_records.observe(n_records)
        for built in (*plan.outputs, *plan.links, *plan.changelog):
            metrics.published.labels(built.topic).inc(len(built))
        for reason, n in plan.reasons.items():
            metrics.dead_letters.labels(reason).inc(n)
        self._counted(plan.counts)
        if plan.again is not None:
            self.again.put(plan.again)
        counts["events"] += n_records
        counts["batches"] += len(plan.batches)
        counts["rounds"] += 1
        counts["repeated batches"] += sum(plan.repeated)
        counts["dead letters"] += sum(plan.reasons.values())
        counts["states"] += sum(len(part.keys) for part in plan.changed)
        if self.settings.stats_path:
            self.samples.take(self.counts)


def build_app(
    settings: WorkerSettings,
    processor: Processor,
    cluster: Cluster,
    metrics: Metrics,
    stages: Stages,
    compute: ThreadPoolExecutor,
) -> WorkerApp:
    """Return the application with one agent for each input topic and the table of states."""
    app = WorkerApp(settings, processor, cluster, metrics, stages, compute)
    schema = RawSchema(key_serializer="raw", value_serializer="raw", allow_empty=True)
    for topic in SOURCES:
        agent = app.agent(
            app.topic(settings.topic_prefix + topic, schema=schema, allow_empty=True),
            name=topic,
        )(hand_over)
        cast(Any, agent)._on_error = end_with_agent  # `app.agent(on_error=)` raises TypeError
    app.Table("states", schema=schema, partitions=settings.partitions, recovery_buffer_size=2)
    return app
