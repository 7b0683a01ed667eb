"""Stock Faust as a peer: a RocksDB table update and an output for every event, well tuned.

Tuned means raw bytes instead of a serializer, uvloop, no web server, large polls and buffers, and
an output that is handed to the producer without waiting for it. What Faust does for an event is
untouched. The last line of the standard output is a report in JSON; the exit code is 1 where the
table does not hold the number of records of every key.
"""

import argparse
import asyncio
import json
import logging
import os
import resource
import sys
import time
from collections import Counter
from pathlib import Path

import faust
import uvloop
from confluent_kafka import Consumer, TopicPartition

PROGRESS_S = 60.0


TUNED = {
    "store": "rocksdb://",
    "key_serializer": "raw",
    "value_serializer": "raw",
    "autodiscover": False,
    "web_enabled": False,
    "topic_disable_leader": True,
    "broker_max_poll_records": 2_000,
    "consumer_max_fetch_size": 4 << 20,
    "stream_buffer_maxsize": 16_384,
    "stream_wait_empty": False,
    "stream_recovery_delay": 0.0,
    "producer_linger": 0.1,
    "producer_max_batch_size": 512 << 10,
    "producer_max_request_size": 1 << 20,
    "producer_acks": -1,
}
"""Faust's settings that make it fast."""


def build(args: argparse.Namespace):
    app = faust.App(
        args.application,
        broker=f"kafka://{args.brokers}",
        datadir=args.folder,
        topic_partitions=args.partitions,
        **TUNED,
    )
    raw = {"key_type": bytes, "value_type": bytes}
    source, output = app.topic(args.topic, **raw), app.topic(args.output, **raw)
    counts = app.Table("counts", default=bytes, partitions=args.partitions, **raw)
    run = Run(app, counts, args.events)

    @app.agent(source)
    async def count(stream):
        async for event in stream.events():
            run.begin()
            key = event.key
            number = int.from_bytes(counts[key], "little") + 1
            counts[key] = number.to_bytes(8, "little")
            run.sent(await output.send(key=key, value=event.value))

    return app, run


class Run:
    """Counts events and acknowledged outputs, and knows when the first and the last came."""

    def __init__(self, app, counts, n_events: int) -> None:
        self.app, self.counts, self.n_events = app, counts, n_events
        self.began_s = self.ended_s = self.began_cpu_s = self.ended_cpu_s = 0.0
        self.n_acknowledged = 0
        self.finished = asyncio.Event()

    def begin(self) -> None:
        if not self.began_s:
            self.began_s, self.began_cpu_s = time.monotonic(), time.process_time()

    def sent(self, future) -> None:
        future.add_done_callback(self._acknowledged)

    def _acknowledged(self, future) -> None:
        future.result()
        self.n_acknowledged += 1
        if self.n_acknowledged == self.n_events:
            self.ended_s, self.ended_cpu_s = time.monotonic(), time.process_time()
            self.finished.set()

    def report(self) -> dict[str, object]:
        seconds = self.ended_s - self.began_s
        return {
            "events": self.n_events,
            "seconds": round(seconds, 3),
            "events_per_s": round(self.n_events / seconds, 1),
            "cpu_s": round(self.ended_cpu_s - self.began_cpu_s, 3),
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            "faust": faust.__version__,
        }


async def serve(args: argparse.Namespace) -> int:
    app, run = build(args)
    await app.start()
    seen, n_before = time.monotonic(), 0
    while not run.finished.is_set():
        if run.n_acknowledged > n_before:
            seen, n_before = time.monotonic(), run.n_acknowledged
        if time.monotonic() - seen > PROGRESS_S:
            print(
                f"{run.n_acknowledged} of {run.n_events} outputs, then no more",
                file=sys.stderr,
                flush=True,
            )
            os._exit(2)  # its threads would wait for ever
        await asyncio.sleep(0.1)
    found = {bytes(key): int.from_bytes(value, "little") for key, value in run.counts.items()}
    await app.stop()
    wanted = expected(args)
    if found != wanted:
        wrong = [key for key in wanted.keys() | found.keys() if wanted[key] != found.get(key)]
        print(f"{len(wrong)} of {len(wanted)} keys have a wrong count", file=sys.stderr)
        return 1
    print(json.dumps({**run.report(), "keys": len(found)}))
    return 0


def expected(args: argparse.Namespace) -> Counter[bytes]:
    """Count the records of every key in the input topic."""
    consumer = Consumer(
        {
            "bootstrap.servers": args.brokers,
            "group.id": f"{args.application}-check",
            "fetch.queue.backoff.ms": 10,
            "enable.auto.commit": False,
        }
    )
    consumer.assign([TopicPartition(args.topic, n, 0) for n in range(args.partitions)])
    counts: Counter[bytes] = Counter()
    while counts.total() < args.events:
        counts.update(message.key() for message in consumer.consume(10_000, 1.0))
    consumer.close()
    return counts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("brokers", "application", "topic", "output"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--partitions", type=int, required=True)
    parser.add_argument("--events", type=int, required=True, help="records in the topic")
    parser.add_argument("--folder", type=Path, required=True, help="of the table")
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())  # the consumer's thread takes it too
    return asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
