"""Later days of a simulated market, decided and compared with its truth."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import orjson
import pytest

from stream.bench.exam import BESIDE, HONEST, Exam, examine
from stream.bench.simulated import simulated
from stream.loading import build_decoder, load_policy
from stream.pipeline.features import N_FEATURES
from stream.pipeline.scorer import NoScorer
from stream.settings import Settings
from topics.files import read_records
from topics.scores import ScoreInput, Scores
from topics.simulator import SimulatorConfig
from topics.simulator.config import DAY_MS

CONFIG = SimulatorConfig(users=150, days=20, seed=5, fraud_share=0.1)
FROM_MS = CONFIG.start_ms + 12 * DAY_MS


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulated(CONFIG, tmp_path_factory.mktemp("cache"))


class Hours(NoScorer):
    """Says the hour of the event: as the whole, and shifted as the one and the other part."""

    def score(self, x: ScoreInput) -> Scores:
        return replace(super().score(x), p_fraud=hours(x.rows))

    def apart(self, x: ScoreInput) -> tuple[np.ndarray, np.ndarray]:
        return hours(x.rows) + 100, hours(x.rows) + 200


def hours(rows: np.ndarray) -> np.ndarray:
    return rows["time_ms"] // 3_600_000 % 24 / 24


@pytest.fixture(scope="module")
def exam(shop: Path) -> Exam:
    settings = Settings()
    decoder, policy = build_decoder(settings), load_policy(settings.policy)
    return examine(shop, FROM_MS, decoder, policy, Hours(N_FEATURES))


def test_all_later_events_are_judged_and_all_cases_among_them_found(shop: Path, exam: Exam) -> None:
    events = [orjson.loads(value) for _, _, value in read_records(shop / "events.jsonl.zst")]
    later = {e["event_id"]: e["type"] for e in events if e["event_time"] >= FROM_MS}
    truth = [orjson.loads(v) for _, _, v in read_records(shop / "truth" / "truth.jsonl.zst")]
    fraud = [t for t in truth if t["event_id"] in later]
    assert len(exam.step) == len(later)
    assert len(exam.at) == sum(kind != "browse" for kind in later.values())
    for code, name in enumerate(exam.scenarios):
        cases = sum(t["case"] and t["scenario"] == name for t in fraud)
        assert (exam.scenario == code).sum() == cases
    assert (exam.scenario == BESIDE).sum() == sum(not t["case"] for t in fraud)
    assert (exam.scenario == HONEST).sum() == len(later) - len(fraud)


def test_what_the_parts_say_belongs_to_the_same_events_as_the_whole(exam: Exam) -> None:
    assert len(np.unique(exam.score)) == 24
    np.testing.assert_allclose(exam.network, exam.score + 100)
    np.testing.assert_allclose(exam.boosting, exam.score + 200)
    assert len(exam.features) == len(exam.at) == len(exam.texts) == len(exam.user)


def test_a_simulated_market_is_kept(shop: Path) -> None:
    before = (shop / "events.jsonl.zst").stat().st_mtime_ns
    assert simulated(CONFIG, shop.parent) == shop
    assert (shop / "events.jsonl.zst").stat().st_mtime_ns == before
