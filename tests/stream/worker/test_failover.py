"""A scorer that is asked on a thread of its own, and may be down."""

import threading
import time

import numpy as np
import pytest

from stream.worker.failover import Failover
from topics.columns import EVENT, PAST
from topics.scores import Head, ScoreInput, ScorerDownError, Scores

TIMEOUT_S = 0.2


class Moody:
    """Scores 0.5, by the forest NaN; ``answer`` is called before each score."""

    name, version, wants_past, fields = "moody", "1", False, ()
    usual = np.zeros(3, np.float32)

    def __init__(self, answer) -> None:
        self.answer, self.threads = answer, set()

    def score(self, x: ScoreInput) -> Scores:
        self.threads.add(threading.current_thread().name)
        self.answer()
        half = np.full(len(x), 0.5)
        return Scores(half, half, half, half, np.zeros(len(x), np.bool_))

    def score_fully(self, x: ScoreInput) -> Scores:
        return self.score(x)

    def read_texts(self, x: ScoreInput, at_most: int) -> bool:
        self.threads.add(threading.current_thread().name)
        self.answer()
        return at_most >= len(x)

    def score_by_forest(self, x: ScoreInput) -> Scores:
        unknown = np.full(len(x), np.nan)
        return Scores(unknown, np.full(len(x), 0.9), unknown, unknown, np.ones(len(x), np.bool_))

    def explain(self, x: ScoreInput, rows: np.ndarray, head: Head = "fraud") -> np.ndarray:
        self.answer()
        return np.ones((len(rows), 3), np.float32)


def events(n: int = 2) -> ScoreInput:
    rows, past = np.zeros(n, EVENT), np.zeros((n, 0), PAST)
    return ScoreInput(rows, np.zeros((n, 3), np.float32), past, np.zeros(n, np.uint8), [None] * n)


def raising(error: BaseException):
    def answer() -> None:
        raise error

    return answer


def test_a_healthy_scorer_answers_for_itself_on_one_thread_of_its_own() -> None:
    scorer = Moody(lambda: None)
    failover = Failover(scorer, TIMEOUT_S)
    for _ in range(3):
        assert failover.score(events()).p_fraud.tolist() == [0.5, 0.5]
    assert failover.explain(events(), np.array([1])).tolist() == [[1, 1, 1]]
    assert len(scorer.threads) == 1
    assert threading.current_thread().name not in scorer.threads


def test_a_lost_device_leaves_the_forest_and_is_tried_again_after_a_pause() -> None:
    scorer = Moody(raising(ScorerDownError("gone")))
    failover = Failover(scorer, TIMEOUT_S, pause_s=0.1)
    assert failover.score(events()).degraded.all()
    assert failover.score(events()).anomaly.tolist() == [0.9, 0.9]
    assert not failover.explain(events(), np.array([0])).any()
    scorer.answer = lambda: None
    with pytest.raises(ScorerDownError):
        failover.score_fully(events())
    time.sleep(0.11)
    assert not failover.score_fully(events()).degraded.any()


def test_a_hanging_scorer_is_not_waited_for_twice_and_is_back_when_it_answers() -> None:
    gate = threading.Event()
    scorer = Moody(gate.wait)
    failover = Failover(scorer, TIMEOUT_S)
    assert failover.score(events()).degraded.all()
    began = time.monotonic()
    assert failover.score(events()).degraded.all()
    assert time.monotonic() - began < TIMEOUT_S / 2
    gate.set()
    deadline = time.monotonic() + 5
    while failover.score(events()).degraded.any():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_mistake_in_the_code_is_the_callers() -> None:
    failover = Failover(Moody(raising(IndexError("7"))), TIMEOUT_S)
    for _ in range(2):
        with pytest.raises(IndexError, match="7"):
            failover.score(events())


def test_texts_are_read_beforehand_on_the_scorers_thread_and_not_while_it_is_down() -> None:
    scorer = Moody(lambda: None)
    failover = Failover(scorer, TIMEOUT_S, pause_s=60)
    failover.score(events())
    assert not failover.read_texts(events(3), 2)
    assert failover.read_texts(events(2), 2)
    assert len(scorer.threads) == 1
    scorer.answer = raising(ScorerDownError("gone"))
    failover.score(events())
    scorer.answer = lambda: None
    with pytest.raises(ScorerDownError):
        failover.read_texts(events(), 2)
