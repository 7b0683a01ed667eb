"""The users' counters as the worker left them in its changelog."""

from collections import Counter

import numpy as np

from stream.pipeline.layout import LIFE, new_state
from stream.pipeline.packed import unpack
from stream.worker.envelope import SIZE
from tests.real.reference import COUNTED
from topics.consuming import read_topic

POSITIONS = {name: LIFE.index(name) for name in (*COUNTED, "n_duplicates", "n_late")}


def counters(bootstrap: str, changelog: str) -> dict[str, Counter[str]]:
    """Return each user's COUNTED numbers, duplicates and late events from its last record."""
    newest: dict[bytes, bytes] = {}
    for taken in read_topic(bootstrap, changelog):
        for key, value in zip(taken.keys, taken.values, strict=True):
            if key and value:
                newest[key] = value
    state, real = new_state(), np.zeros(1)
    result = {}
    for key, value in newest.items():
        packed = np.frombuffer(value, np.uint8, offset=SIZE)
        unpack(state, packed, 0, real, real.view(np.uint8))
        numbers = {name: int(state.life[at]) for name, at in POSITIONS.items()}
        result[key.decode()] = Counter({name: n for name, n in numbers.items() if n})
    return result
