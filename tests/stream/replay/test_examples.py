"""The worst mistakes of a small shop's replay, kept slice by slice and explained."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stream.judging.days import day_numbers
from stream.judging.judged import Judged
from stream.loading import build_decoder, load_policy
from stream.pipeline.features import N_FEATURES, POSITION
from stream.pipeline.pipeline import Decided
from stream.pipeline.scorer import NoScorer
from stream.replay.examples import N_KEPT, Examples
from stream.replay.history import Slice, read_history
from stream.replay.replay import Replay, ReplaySettings
from stream.settings import Settings
from topics.scores import Head, ScoreInput, Scores
from topics.simulator import SimulatorConfig, write_folder
from topics.simulator.export import EVENTS_FILE, LABELS_FILE
from topics.vocabulary import ACTIONS, EVENT_TYPES

CONFIG = SimulatorConfig(users=40, days=12, seed=5, fraud_share=0.1)


class ByAmount(NoScorer):
    """Finds events riskier the more they cost, in few steps so that many scores are equal."""

    wants_past = True
    asked = 0

    def score(self, x: ScoreInput) -> Scores:
        unknown = np.full(len(x), np.nan)
        amount = np.nan_to_num(x.features[:, POSITION["amount"]].astype(np.float64))
        p = np.round(amount / (amount + 500), 1)
        return Scores(p, unknown, unknown, unknown, np.zeros(len(x), np.bool_))

    def explain(
        self, x: ScoreInput, rows: np.ndarray[Any, Any], head: Head = "fraud"
    ) -> np.ndarray[Any, Any]:
        self.asked += len(rows)
        assert x.past.shape == (len(x), x.past.shape[1])
        added = np.zeros((len(rows), N_FEATURES), np.float32)
        added[:, POSITION["amount"]] = x.features[rows, POSITION["amount"]]
        added[:, POSITION["n_orders"]] = x.n_past[rows]
        return added


@pytest.fixture(scope="module")
def slices(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Slice, Decided]]:
    folder = tmp_path_factory.mktemp("shop")
    write_folder(CONFIG, folder)
    paths = [folder / LABELS_FILE, folder / EVENTS_FILE]
    history = read_history(paths, build_decoder(Settings()))
    replay = Replay(load_policy(None), ByAmount(N_FEATURES), ReplaySettings())
    return list(replay.run(history))


def judged(part: Slice, decided: Decided, at: np.ndarray[Any, Any]) -> Judged:
    """Label by token: a sixth is fraud, a sixth unknown."""
    rows = part.events.rows[at]
    lot = rows["event"] % np.uint64(30)
    score = decided.scores.p_fraud[at].astype(np.float32)
    return Judged(
        day=day_numbers(rows["time_ms"]), user=rows["user"], type=rows["type"], score=score,
        p=score, action=decided.action[at],
        label=np.select([lot < 5, lot < 10], [1, -1], 0).astype(np.int8),
        kind=np.where(lot < 3, 1, -1).astype(np.int8),
        scenario=np.where(lot < 2, 0, -1).astype(np.int8),
        amount=rows["amount"].astype(np.float32),
        kinds=("fraud", "chargeback"), scenarios=("card_testing",),
    )  # fmt: skip


def pieces(
    slices: list[tuple[Slice, Decided]], size: int
) -> Iterator[tuple[Slice, Decided, np.ndarray[Any, Any]]]:
    for part, decided in slices:
        at = np.flatnonzero(~decided.duplicate)
        for start in range(0, len(at), size):
            yield part, decided, at[start : start + size]


def found(slices: list[tuple[Slice, Decided]], size: int) -> tuple[dict[str, Any], int]:
    examples, scorer = Examples(), ByAmount(N_FEATURES)
    for part, decided, at in pieces(slices, size):
        examples.add(part, decided, at, judged(part, decided, at))
    return examples.found(scorer, load_policy(None)), scorer.asked


def test_the_worst_are_kept_whatever_the_slices(slices: list[tuple[Slice, Decided]]) -> None:
    whole, asked = found(slices, 10**9)
    assert found(slices, 7)[0] == found(slices, 300)[0] == whole
    assert asked == 2 * N_KEPT
    every = [
        (label, float(score), part.events.event_ids[row])
        for part, decided, at in pieces(slices, 10**9)
        for known in [judged(part, decided, at)]
        for label, score, row in zip(known.label, known.score, at.tolist(), strict=True)
    ]
    legit = sorted((-score, name) for label, score, name in every if label == 0)
    fraud = sorted((score, name) for label, score, name in every if label == 1)
    assert [e["event_id"] for e in whole["false_positives"]] == [name for _, name in legit[:N_KEPT]]
    assert [e["event_id"] for e in whole["false_negatives"]] == [name for _, name in fraud[:N_KEPT]]


def test_an_example_tells_what_was_decided_and_why(slices: list[tuple[Slice, Decided]]) -> None:
    whole, _ = found(slices, 500)
    json.dumps(whole, allow_nan=False)
    by_id = {
        name: (part.events, decided, i)
        for part, decided in slices
        for i, name in enumerate(part.events.event_ids)
        if not decided.duplicate[i]
    }
    for example in [*whole["false_positives"], *whole["false_negatives"]]:
        batch, decided, i = by_id[example["event_id"]]
        row = batch.rows[i]
        assert example["user_id"] == batch.user_ids[i]
        assert example["type"] == EVENT_TYPES[row["type"]]
        assert example["time_ms"] == row["time_ms"]
        assert example["amount"] == (None if np.isnan(row["amount"]) else row["amount"])
        assert example["score"] == pytest.approx(decided.scores.p_fraud[i])
        assert example["risk"] == pytest.approx(decided.risk[i])
        assert example["action"] == ACTIONS[decided.action[i]]
        assert len(example["reasons"]) <= 4
        for reason in example["reasons"]:
            value = decided.features[i, POSITION[reason["feature"]]]
            assert reason["value"] == pytest.approx(value)
            assert reason["text"]
    dearest = whole["false_positives"][0]
    assert dearest["reasons"][0]["feature"] == "amount"
    assert dearest["reasons"][0]["contribution"] == pytest.approx(dearest["amount"])
    past = [r for e in whole["false_negatives"] for r in e["reasons"] if r["feature"] == "n_orders"]
    assert all(r["contribution"] > 0 for r in past)
    assert {e["kind"] for e in whole["false_negatives"]} <= {"chargeback", None}
    assert {e["scenario"] for e in whole["false_negatives"]} <= {"card_testing", None}


def test_of_alerted_events_the_reasons_are_those_of_the_alert(
    slices: list[tuple[Slice, Decided]],
) -> None:
    whole, _ = found(slices, 500)
    told = {
        part.events.event_ids[row]: [reason.text for reason in reasons]
        for part, decided in slices
        for row, reasons in decided.reasons.items()
    }
    alerted = [e for e in whole["false_positives"] if e["action"] != "allow"]
    assert len(alerted) == N_KEPT
    for example in alerted:
        assert [reason["text"] for reason in example["reasons"]] == told[example["event_id"]]


def test_without_events_there_are_no_examples(tmp_path: Path) -> None:
    nothing = Examples().found(ByAmount(N_FEATURES), load_policy(None))
    assert nothing == {"false_positives": [], "false_negatives": []}
