"""Events of a simulated shop as a model sees them, kept for a benchmark."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.inputs import reads_text
from model.rows import joined, take
from stream.bench.simulated import simulated
from stream.loading import build_decoder
from stream.replay.apart import Span, observed
from stream.replay.badrecords import BadRecords
from stream.replay.filehistory import FileHistory
from stream.replay.observer import ReplaySettings
from stream.settings import Settings
from topics.records import LATEST_MS
from topics.scores import ScoreInput
from topics.simulator.config import SimulatorConfig
from topics.simulator.export import EVENTS_FILE, LABELS_FILE

SEED = 8
"""Another shop than the one that the benchmark's model is trained on."""

DAYS = 60
USERS_PER_TEXT = 0.45
"""Enough users for the texts: one writes three orders or reviews with a text in that time."""


def sample(n_texts: int, n_full: int, cache: Path) -> tuple[ScoreInput, ScoreInput]:
    """Return the last ``n_texts`` events with a text, and ``n_full`` events with a full history.

    Both are in the order of time. Raises RuntimeError where the shop has fewer.
    """
    users = max(400, int(USERS_PER_TEXT * max(n_texts, n_full / 3)))
    config = SimulatorConfig(users=users, days=DAYS, seed=SEED, fraud_share=0.03)
    written, full = [], []
    for x in _events(simulated(config, cache)):
        written.append(_where(x, lambda x: reads_text(x.rows)))
        full.append(_where(x, lambda x: x.n_past == x.past.shape[1]))
    return _last(written, n_texts, "with a text"), _last(full, n_full, "with a full history")


def _events(shop: Path) -> Iterator[ScoreInput]:
    history = FileHistory(shop / EVENTS_FILE, shop / LABELS_FILE, build_decoder(Settings()))
    span = Span(0, LATEST_MS, ReplaySettings())
    for part, seen in observed(history, span, BadRecords(refuse_in=[shop])):
        yield ScoreInput.of(part.events, seen.features, seen.users.past, seen.users.n_past)


def _where(x: ScoreInput, wanted: Callable[[ScoreInput], NDArray[np.bool_]]) -> ScoreInput:
    return take(x, np.flatnonzero(wanted(x)))


def _last(parts: list[ScoreInput], n: int, what: str) -> ScoreInput:
    x = joined(parts)
    if len(x) < n:
        raise RuntimeError(f"the simulated shop has only {len(x):,} events {what}, not {n:,}")
    return take(x, np.arange(len(x) - n, len(x)))
