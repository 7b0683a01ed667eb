"""The product with a model: what a worker says again after kill -9 has the same scores."""

import time

import pytest

from stream.settings import Settings
from tests.stream.smallmodel import small_model
from tests.stream.worker.market import Market, traffic
from tests.stream.worker.process import WorkerProcess

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

SCORES = ("p_fraud", "anomaly", "risk", "purchasing_power")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return small_model(tmp_path_factory.mktemp("models") / "small")


@pytest.fixture
def market(kafka):
    market = Market(kafka)
    yield market
    for worker in WorkerProcess.all:
        if worker.settings.application == market.application and worker.alive():
            worker.kill()


def test_scores_are_the_same_after_kills_and_however_batches_are_cut(market, model, tmp_path):
    product = Settings(scoring="full", model_dir=model, token_key="k" * 32)
    killed = market.worker(tmp_path / "killed", product, poll_max_records=200)
    n_done = 0
    for number in range(3):
        market.give(*traffic(2_000, ["order"], seed=number, alone=True))
        killed.start()
        wait_for_outputs(market, killed, n_done + 100)
        time.sleep(0.05 * number)
        killed.kill()
        n_done = market.n_outputs()
    killed.start()
    market.wait_until_done(market.application, killed, 240)
    assert killed.stop() == 0
    # Another application reads the same events from their beginning, in batches of its own.
    again = market.worker(tmp_path / "again", product, application=f"{market.prefix}again")
    again.start()
    market.wait_until_done(again.settings.application, again, 240)
    assert again.stop() == 0
    said = market.decisions()
    assert said.keys() == {event["event_id"] for event in market.events}
    assert len({decided[0]["p_fraud"] for decided in said.values()}) > 1_000
    for first, *others in said.values():
        assert others
        assert all(is_same(first, other) for other in others)


def is_same(first, other) -> bool:
    return (
        other["decision_id"] == first["decision_id"]
        and other["features"] == first["features"]
        and [other[name] for name in SCORES]
        == pytest.approx([first[name] for name in SCORES], rel=1e-5, abs=1e-5)
        and abs(other["credit_score"] - first["credit_score"]) <= 1
    )


def wait_for_outputs(market, worker, n: int) -> None:
    deadline = time.monotonic() + 240
    while market.n_outputs() < n:
        assert worker.alive(), worker.tail()
        assert time.monotonic() < deadline, worker.tail()
        time.sleep(0.01)
