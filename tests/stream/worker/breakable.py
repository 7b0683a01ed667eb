"""A real model that a test breaks from outside: by a file, since it runs in a worker's process."""

import time
from pathlib import Path

import numpy as np

from stream.settings import Settings
from stream.worker.failover import Failover
from topics.scores import Head, ScoreInput, ScorerDownError, Scores

DOWN, HANGING, WRONG = "down", "hanging", "wrong"
"""The files: the device is gone, the model does not answer, the code is wrong."""


def breakable(product: Settings, faults: Path) -> Failover:
    """Return the product's scorer, whose model the files in ``faults`` break."""
    from model.scorer import ModelScorer  # noqa: PLC0415 - takes seconds

    model = ModelScorer.load(product.model_dir, text_deadline_ms=product.text_deadline_ms)
    return Failover(Breakable(model, faults), product.score_timeout_ms / 1000, pause_s=0.1)


class Breakable:
    def __init__(self, model, faults: Path):
        self._model, self._faults = model, faults
        self.name, self.version = model.name, model.version
        self.usual, self.wants_past = model.usual, model.wants_past
        self.fields = model.fields

    def score(self, x: ScoreInput) -> Scores:
        self._fail()
        return self._model.score(x)

    def score_fully(self, x: ScoreInput) -> Scores:
        self._fail()
        return self._model.score_fully(x)

    def read_texts(self, x: ScoreInput, at_most: int) -> bool:
        self._fail()
        return self._model.read_texts(x, at_most)

    def score_by_forest(self, x: ScoreInput) -> Scores:
        return self._model.score_by_forest(x)

    def explain(self, x: ScoreInput, rows: np.ndarray, head: Head = "fraud") -> np.ndarray:
        self._fail()
        return self._model.explain(x, rows, head)

    def _fail(self) -> None:
        if (self._faults / DOWN).exists():
            raise ScorerDownError("the test took the device away")
        if (self._faults / WRONG).exists():
            raise IndexError("a mistake in the code")
        while (self._faults / HANGING).exists():
            time.sleep(0.05)
