"""How many texts a second an encoder takes, and the engine in it alone."""

import time
from dataclasses import dataclass
from typing import Final

import numpy as np

from model.engine import padded
from model.text import TextEncoder
from stream.progress import shown

ROUND: Final = 256
"""Texts of one round, which our path encodes, and then the bare engine or the other way round."""

ROUNDS: Final = 8
"""Rounds that are timed; later texts are encoded only for what engines change."""

Spent = tuple[float, float]
"""Seconds of the processor, and by the clock."""


@dataclass(frozen=True)
class Rates:
    """Texts per second: of processor time over all rounds, and by the clock, their median."""

    ours: float
    bare: float
    ours_by_clock: float
    bare_by_clock: float


def encoding_rates(encoder: TextEncoder, texts: dict[int, str], name: str) -> Rates:
    """Measure on ``texts``, by their keys in the cache, new to the encoder; leave them in it.

    The bare engine is given the same batches, tokenised and padded before. Both take turns at being
    first, so that what else the machine does weighs on both.
    """
    keys = list(texts)
    rounds: list[tuple[int, Spent, Spent]] = []
    with shown(f"texts, {name}", len(keys)) as advance:
        for at, begin in enumerate(range(0, len(keys), ROUND)):
            part = {key: texts[key] for key in keys[begin : begin + ROUND]}
            if at >= ROUNDS:
                encoder.encode(list(part.values()), list(part))
            elif at % 2:
                bare = _bare(encoder, part)
                rounds.append((len(part), _ours(encoder, part), bare))
            else:
                rounds.append((len(part), _ours(encoder, part), _bare(encoder, part)))
            advance(len(part))
    n = np.array([size for size, _, _ in rounds])
    ours_s, bare_s = (np.array([spent[i] for spent in rounds]) for i in (1, 2))
    return Rates(
        float(n.sum() / ours_s[:, 0].sum()),
        float(n.sum() / bare_s[:, 0].sum()),
        float(np.median(n / ours_s[:, 1])),
        float(np.median(n / bare_s[:, 1])),
    )


def _ours(encoder: TextEncoder, texts: dict[int, str]) -> Spent:
    cpu, clock = time.process_time(), time.perf_counter()
    encoder.encode(list(texts.values()), list(texts))
    return time.process_time() - cpu, time.perf_counter() - clock


def _bare(encoder: TextEncoder, texts: dict[int, str]) -> Spent:
    ready = [padded(tokens, encoder.engine.pad) for _, tokens in encoder.batches(texts)]
    cpu, clock = time.process_time(), time.perf_counter()
    for batch in ready:
        encoder.engine.start(batch).read()
    return time.process_time() - cpu, time.perf_counter() - clock
