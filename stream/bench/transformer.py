"""What the event Transformer costs, whole batches at a time."""

import time
from typing import Any, Final

import numpy as np

from model.inputs import WITH_VECTOR, TextVectors, without_vectors
from model.rows import take
from model.scorer import ModelScorer
from topics.scores import ScoreInput

BATCH: Final = 1_024
N_COSTED: Final = 12 * BATCH
"""Events that are enough for a median."""


def transformer_cost(scorer: ModelScorer, x: ScoreInput) -> dict[str, Any]:
    """Return what the event Transformer costs per event with a full history, in microseconds.

    Building its tensors is included, encoding texts is not: their vectors are drawn at random.
    """
    texts, width = without_vectors(x.rows), scorer.manifest["shape"]["text"]
    at = np.flatnonzero(texts.kind)
    texts.kind[at], texts.at[at] = WITH_VECTOR, np.arange(len(at))
    drawn = np.random.default_rng(0).normal(0, width**-0.5, (len(at), width)).astype(np.float32)
    texts = TextVectors(texts.kind, texts.at, drawn)
    cpu_us, wall_us = [], []
    for turn in range(3):
        for begin in range(0, len(x), BATCH):
            index = np.arange(begin, begin + BATCH)
            part, known = take(x, index), texts.take(index)
            wall, cpu = time.perf_counter(), time.thread_time()
            scorer.network_outputs(part, known)
            cpu, wall = time.thread_time() - cpu, time.perf_counter() - wall
            if turn:  # the first warms up
                cpu_us.append(1e6 * cpu / BATCH)
                wall_us.append(1e6 * wall / BATCH)
    return {
        "event_transformer_us": round(float(np.median(cpu_us)), 2),
        "event_transformer_wall_us": round(float(np.median(wall_us)), 2),
        "event_transformer_batch": BATCH,
    }
