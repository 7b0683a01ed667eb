"""Later days of a simulated market, decided and compared with its truth."""

from pathlib import Path

import numpy as np
import orjson
import pytest

from model.baseline import fit_boosting
from stream.bench.exam import BESIDE, HONEST, Exam, examine
from stream.bench.simulated import simulated
from stream.loading import build_decoder, load_policy
from stream.pipeline.features import N_FEATURES
from stream.pipeline.scorer import NoScorer
from stream.settings import Settings
from topics.files import read_records
from topics.simulator import SimulatorConfig
from topics.simulator.config import DAY_MS

CONFIG = SimulatorConfig(users=150, days=20, seed=5, fraud_share=0.1)
FROM_MS = CONFIG.start_ms + 12 * DAY_MS


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulated(CONFIG, tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def exam(shop: Path) -> Exam:
    rng = np.random.default_rng(0)
    features = rng.random((200, N_FEATURES)).astype(np.float32)
    label = (features[:, 0] > 0.5).astype(np.int8)
    boosting = fit_boosting(features, label, features, label, seed=0)
    settings = Settings()
    return examine(
        shop, FROM_MS, build_decoder(settings), load_policy(settings.policy),
        NoScorer(N_FEATURES), boosting,
    )  # fmt: skip


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


def test_boosting_scores_every_event_from_its_features(exam: Exam) -> None:
    assert np.isfinite(exam.boosting).all()
    assert len(exam.features) == len(exam.at) == len(exam.texts) == len(exam.user)


def test_a_simulated_market_is_kept(shop: Path) -> None:
    before = (shop / "events.jsonl.zst").stat().st_mtime_ns
    assert simulated(CONFIG, shop.parent) == shop
    assert (shop / "events.jsonl.zst").stat().st_mtime_ns == before
