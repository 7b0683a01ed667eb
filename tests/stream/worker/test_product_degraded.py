"""A model that is away: rules and forest decide, and when it is back all is decided again."""

import time

import pytest

from stream.settings import Settings
from tests.real.reference import differing
from tests.stream.smallmodel import small_model
from tests.stream.worker.breakable import DOWN, HANGING, WRONG
from tests.stream.worker.market import Market, traffic
from tests.stream.worker.process import WorkerProcess
from tests.stream.worker.riskworker import RiskWorker

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

N = 600


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return small_model(tmp_path_factory.mktemp("models") / "small")


@pytest.fixture
def market(kafka):
    yield Market(kafka)
    WorkerProcess.kill_all()


def worker_of(market, model, folder, **product) -> RiskWorker:
    faults = folder / "faults"
    faults.mkdir(parents=True)
    settings = Settings(scoring="full", model_dir=model, token_key="k" * 32, **product)
    plain = market.worker(folder, settings)
    return RiskWorker(plain.settings, settings, faults)


def wait_until(done, worker, what: str) -> None:
    deadline = time.monotonic() + 240
    while not done():
        assert worker.alive(), worker.tail()
        assert time.monotonic() < deadline, f"{what}: {worker.tail()}"
        time.sleep(0.2)


def revised(market) -> dict[str, dict]:
    return {
        event_id: record
        for event_id, records in market.decisions().items()
        for record in records
        if record["revision"] == 1
    }


@pytest.mark.parametrize("fault", [DOWN, HANGING])
def test_degraded_events_are_decided_again_with_the_model(market, model, tmp_path, fault) -> None:
    market.give(*traffic(N, ["order"], seed=1, alone=True))
    worker = worker_of(market, model, tmp_path / "w", score_timeout_ms=1_000)
    worker.start()
    market.wait_until_done(market.application, worker, 240)
    healthy = {event_id: records[0] for event_id, records in market.decisions().items()}
    assert not any(record["degraded"] for record in healthy.values())

    (tmp_path / "w" / "faults" / fault).touch()
    market.give(*traffic(N, ["order"], seed=2, alone=True))
    market.wait_until_done(market.application, worker, 240)
    said = {k: v for k, v in market.decisions().items() if k not in healthy}
    assert len(said) == N
    for records in said.values():
        assert [record["revision"] for record in records] == [0]
        assert records[0]["degraded"]
        assert records[0]["p_fraud"] is None
        assert records[0]["anomaly"] is not None

    (tmp_path / "w" / "faults" / fault).unlink()
    wait_until(lambda: len(revised(market)) == N, worker, "not all is decided again")
    again = revised(market)
    assert again.keys() == said.keys()
    for event_id, record in again.items():
        (first,) = said[event_id]
        assert record["decision_id"] == f"{event_id}.1"
        assert not record["degraded"]
        assert record["p_fraud"] is not None
        assert record["anomaly"] == pytest.approx(first["anomaly"], abs=1e-9)
        assert record["features"] == first["features"]
    alerts = [record for record in market.records("risk.alerts") if record["revision"] == 1]
    assert {a["event_id"] for a in alerts} == {
        event_id for event_id, record in again.items() if record["action"] != "allow"
    }
    assert worker.stop() == 0
    assert worker.stats()["decided again"] == N
    assert not differing(market.counters(), market.count().users)


def test_what_is_decided_again_is_what_a_healthy_worker_decides(market, model, tmp_path) -> None:
    market.give(*traffic(N, ["order"], seed=3, alone=True))
    worker = worker_of(market, model, tmp_path / "w")
    (tmp_path / "w" / "faults" / DOWN).touch()
    worker.start()
    market.wait_until_done(market.application, worker, 240)
    (tmp_path / "w" / "faults" / DOWN).unlink()
    wait_until(lambda: len(revised(market)) == N, worker, "not all is decided again")
    assert worker.stop() == 0
    healthy = market.worker(
        tmp_path / "other",
        Settings(scoring="full", model_dir=model, token_key="k" * 32),
        application=f"{market.prefix}other",
    )
    healthy.start()
    market.wait_until_done(healthy.settings.application, healthy, 240)
    assert healthy.stop() == 0
    for records in market.decisions().values():
        first, second = (
            next(r for r in reversed(records) if r["revision"] == revision) for revision in (0, 1)
        )
        assert not first["degraded"]  # that of the healthy worker, which came last
        assert second["p_fraud"] == pytest.approx(first["p_fraud"], abs=1e-5)
        assert second["action"] == first["action"]


def test_a_mistake_in_the_code_ends_the_worker_and_nothing_is_lost(market, model, tmp_path) -> None:
    worker = worker_of(market, model, tmp_path / "w")
    worker.start()
    market.give(*traffic(N, ["order"], seed=4, alone=True))
    market.wait_until_done(market.application, worker, 240)
    (tmp_path / "w" / "faults" / WRONG).touch()
    market.give(*traffic(N, ["order"], seed=5, alone=True))
    deadline = time.monotonic() + 60
    while worker.alive():
        assert time.monotonic() < deadline, worker.tail()
        time.sleep(0.1)
    assert "a mistake in the code" in worker.tail()
    assert market.n_outputs() == N
    (tmp_path / "w" / "faults" / WRONG).unlink()
    worker.start()
    market.wait_until_done(market.application, worker, 240)
    assert worker.stop() == 0
    assert market.decisions().keys() == {event["event_id"] for event in market.events}
    assert not differing(market.counters(), market.count().users)
