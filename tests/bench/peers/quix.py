"""The job on Quix Streams: a stateful ``apply`` with a RocksDB store and a changelog topic.

``python -m tests.bench.peers.quix --brokers X --output T --folder F`` works until SIGTERM. State
and records are bytes, so that Quix does not decode and encode them as JSON once more.
"""

import sys

from quixstreams import Application

from tests.bench.peers.arguments import arguments, settle
from tests.bench.peers.job import (
    EVENTS,
    PREFIX,
    State,
    pack_state,
    read_event,
    unpack_state,
    write_answer,
)

KEY = "panes"


def answer(value, key, timestamp, headers, state):
    packed = state.get_bytes(KEY)
    panes = unpack_state(packed) if packed else State()
    found = panes.add(read_event(value), key.decode())
    state.set_bytes(KEY, pack_state(panes))
    return write_answer(found)


def main() -> int:
    args = arguments(__doc__)
    settle()
    app = Application(
        broker_address=args.brokers,
        consumer_group=PREFIX + "quix",
        auto_offset_reset="earliest",
        state_dir=args.folder,
        loglevel="WARNING",
        consumer_extra_config={"fetch.queue.backoff.ms": 10},
        producer_extra_config={
            "acks": "all",
            "linger.ms": 100,
            "batch.size": 1_000_000,
            "queue.buffering.max.messages": 1_000_000,
        },
    )
    source = app.topic(EVENTS, key_deserializer="bytes", value_deserializer="bytes")
    output = app.topic(args.output, key_serializer="bytes", value_serializer="bytes")
    app.dataframe(source).apply(answer, stateful=True, metadata=True).to_topic(output)
    app.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
