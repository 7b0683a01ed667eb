"""The job on stock Faust, tuned as far as its settings go: ``tests/bench/stock_faust.py`` says how.

``python -m tests.bench.peers.stockfaust --brokers X --output T --folder F`` works until SIGTERM.
"""

import asyncio
import logging
import signal
import sys

import faust
import uvloop

from tests.bench.peers.arguments import arguments, settle
from tests.bench.peers.job import (
    EVENTS,
    PARTITIONS,
    PREFIX,
    State,
    pack_state,
    read_event,
    unpack_state,
    write_answer,
)
from tests.bench.stock_faust import TUNED

APPLICATION = PREFIX + "faust"


def build(brokers: str, output_topic: str, folder: str):
    app = faust.App(
        APPLICATION,
        broker=f"kafka://{brokers}",
        datadir=folder,
        topic_partitions=PARTITIONS,
        consumer_auto_offset_reset="earliest",
        **TUNED,
    )
    raw = {"key_type": bytes, "value_type": bytes}
    source, output = app.topic(EVENTS, **raw), app.topic(output_topic, **raw)
    states = app.Table("states", default=bytes, partitions=PARTITIONS, **raw)

    @app.agent(source)
    async def count(stream):
        async for event in stream.events():
            key = event.key
            packed = states[key]
            state = unpack_state(packed) if packed else State()
            answer = state.add(read_event(event.value), key.decode())
            states[key] = pack_state(state)
            await output.send(key=key, value=write_answer(answer))

    return app


async def serve(brokers: str, output: str, folder: str) -> None:
    app = build(brokers, output, folder)
    finished = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, finished.set)
    await app.start()
    await finished.wait()
    await app.stop()


def main() -> int:
    args = arguments(__doc__)
    settle()
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())  # the consumer's thread takes it too
    asyncio.run(serve(args.brokers, args.output, str(args.folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
