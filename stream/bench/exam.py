"""Later days of a market that no model has seen, decided by the replay and compared with truth."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import orjson
from numpy.typing import NDArray

from model.scorer import ModelScorer
from stream.pipeline.pipeline import Decided
from stream.pipeline.policy import Policy
from stream.replay.apart import Span, observed
from stream.replay.badrecords import BadRecords
from stream.replay.filehistory import FileHistory
from stream.replay.history import Slice
from stream.replay.later import Later
from stream.replay.observer import ReplaySettings
from stream.replay.replay import Judge
from topics.decode import Decoder
from topics.files import read_chunks
from topics.records import LATEST_MS
from topics.scores import Head, ScoreInput, Scores
from topics.simulator.export import EVENTS_FILE, LABELS_FILE, TRUTH_FILE
from topics.vocabulary import BROWSE

HONEST: Final = -1
BESIDE: Final = -2
"""Not a case itself, but part of one: what a fraudster looked at, the shipping of a bad order."""


@dataclass(frozen=True, eq=False)
class Exam:
    """``n`` events of the later days, with what the truth and the model say of them.

    ``scenario`` int8[n] is HONEST, BESIDE or the place of a case's scenario in ``scenarios``;
    ``step`` uint8[n]; ``score``, ``network`` and ``boosting`` float64[n] are the probability
    of fraud and the log-odds that the model's network and its boosted trees give alone. The
    events ``at`` int64[m], those that are no browsing, have their ``features`` float32[m, F],
    ``texts`` and ``user`` uint64[m].
    """

    scenarios: tuple[str, ...]
    scenario: NDArray[np.int8]
    step: NDArray[np.uint8]
    score: NDArray[np.float64]
    network: NDArray[np.float64]
    boosting: NDArray[np.float64]
    at: NDArray[np.int64]
    features: NDArray[np.float32]
    texts: list[str | None]
    user: NDArray[np.uint64]


class _Apart(Later):
    """Keeps what the model's parts alone say, and explains nothing: nobody reads it here."""

    def __init__(self, scorer: ModelScorer) -> None:
        super().__init__(scorer)
        self._model = scorer
        self.apart = np.zeros(0), np.zeros(0)

    def score(self, x: ScoreInput) -> Scores:
        if self.live:
            self.apart = self._model.apart(x)
        return super().score(x)

    def explain(
        self, x: ScoreInput, rows: NDArray[np.int64], head: Head = "fraud"
    ) -> NDArray[np.float32]:
        return np.zeros((len(rows), x.features.shape[1]), np.float32)


def examine(
    shop: Path, from_ms: int, decoder: Decoder, policy: Policy, scorer: ModelScorer
) -> Exam:
    """Replay a simulated shop and judge its events from ``from_ms`` on."""
    scenarios, truth = _read_truth(shop / TRUTH_FILE)
    later = _Apart(scorer)
    judge = Judge(policy, later)
    history = FileHistory(shop / EVENTS_FILE, shop / LABELS_FILE, decoder)
    span = Span(from_ms, LATEST_MS, ReplaySettings())
    parts = []
    bad = BadRecords(refuse_in=[shop])
    for part, seen in later.watch(observed(history, span, bad), from_ms):
        decided = judge.judge(part, seen)
        at = np.flatnonzero((part.events.rows["time_ms"] >= from_ms) & ~decided.duplicate)
        if len(at):
            parts.append(_judged(part, decided, later.apart, at, truth, scenarios))
    return _joined(parts, scenarios)


def _read_truth(path: Path) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return the scenarios, and of each fraudulent event its own or "" where it is no case."""
    records = [orjson.loads(value) for chunk in read_chunks(path) for value in chunk.values]
    scenarios = tuple(sorted({record["scenario"] for record in records}))
    return scenarios, {r["event_id"]: r["scenario"] if r["case"] else "" for r in records}


def _judged(
    part: Slice,
    decided: Decided,
    apart: tuple[NDArray[np.float64], NDArray[np.float64]],
    at: NDArray[np.int64],
    truth: dict[str, str],
    scenarios: tuple[str, ...],
) -> Exam:
    code = {None: HONEST, "": BESIDE} | {name: i for i, name in enumerate(scenarios)}
    ids, rows = part.events.event_ids, part.events.rows
    kept = at[rows["type"][at] != BROWSE]
    return Exam(
        scenarios,
        np.array([code[truth.get(ids[i])] for i in at.tolist()], np.int8),
        rows["step"][at],
        decided.scores.p_fraud[at],
        apart[0][at],
        apart[1][at],
        np.flatnonzero(rows["type"][at] != BROWSE),
        decided.features[kept],
        [part.events.texts[i] for i in kept.tolist()],
        rows["user"][kept],
    )


def _joined(parts: list[Exam], scenarios: tuple[str, ...]) -> Exam:
    before = np.cumsum([0] + [len(part.step) for part in parts[:-1]])
    return Exam(
        scenarios,
        np.concatenate([part.scenario for part in parts]),
        np.concatenate([part.step for part in parts]),
        np.concatenate([part.score for part in parts]),
        np.concatenate([part.network for part in parts]),
        np.concatenate([part.boosting for part in parts]),
        np.concatenate([part.at + n for part, n in zip(parts, before.tolist(), strict=True)]),
        np.concatenate([part.features for part in parts]),
        [text for part in parts for text in part.texts],
        np.concatenate([part.user for part in parts]),
    )
