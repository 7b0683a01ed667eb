"""The job on Bytewax: a stateful operator, kept in its recovery store at every epoch.

``python -m tests.bench.peers.bytewaxjob --brokers X --output T --folder F`` works until SIGTERM.
States live in memory; every ten seconds those that changed go to SQLite, with the offsets.
"""

import sys
from datetime import timedelta

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.operators import StatefulBatchLogic
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main

from tests.bench.peers.arguments import arguments, settle
from tests.bench.peers.job import EVENTS, State, pack_state, read_event, unpack_state, write_answer

EPOCH = timedelta(seconds=10)  # Bytewax's default
POLL_RECORDS = 10_000


class Panes(StatefulBatchLogic):
    def __init__(self, resumed):
        self.state = State() if resumed is None else unpack_state(resumed)

    def on_batch(self, batch):
        add = self.state.add
        return [
            KafkaSinkMessage(key, write_answer(add(read_event(value), key.decode())))
            for key, value in batch
        ], StatefulBatchLogic.RETAIN

    def snapshot(self):
        return pack_state(self.state)  # a copy is asked for, and this is the quickest


def by_user(messages):
    return [(message.key.decode(), (message.key, message.value)) for message in messages]


def build(brokers: str, output: str) -> Dataflow:
    flow = Dataflow("peers")
    fetching = {"fetch.queue.backoff.ms": "10"}
    source = KafkaSource([brokers], [EVENTS], add_config=fetching, batch_size=POLL_RECORDS)
    events = op.input("events", flow, source)
    keyed = op.flat_map_batch("key", events, by_user)
    answers = op.map("message", op.stateful_batch("count", keyed, Panes), lambda pair: pair[1])
    sending = {
        "acks": "all",
        "linger.ms": "5",
        "batch.size": "1000000",
        "queue.buffering.max.messages": "1000000",
        "partitioner": "murmur2_random",
    }
    op.output("answers", answers, KafkaSink([brokers], output, add_config=sending))
    return flow


def main() -> int:
    args = arguments(__doc__)
    settle()
    args.folder.mkdir(parents=True, exist_ok=True)
    init_db_dir(args.folder, 1)
    cli_main(
        build(args.brokers, args.output),
        epoch_interval=EPOCH,
        recovery_config=RecoveryConfig(args.folder, timedelta(0)),
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
