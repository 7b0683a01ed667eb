"""A backtest of a small simulated shop: what is written, judged and left out."""

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest

from stream.loading import build_decoder, load_policy
from stream.pipeline.features import N_FEATURES
from stream.pipeline.scorer import NoScorer
from stream.replay.backtest import DECISIONS, Backtested, BacktestPlan, run_backtest
from stream.replay.filehistory import FileHistory
from stream.settings import Settings
from topics.files import read_records
from topics.simulator import SimulatorConfig, write_folder
from topics.simulator.config import DAY_MS
from topics.simulator.export import EVENTS_FILE, LABELS_FILE

CONFIG = SimulatorConfig(users=120, days=45, seed=3, fraud_share=0.1)
FROM_MS = CONFIG.start_ms + 35 * DAY_MS


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    write_folder(CONFIG, folder)
    return folder


def backtest(shop: Path, out: Path, **changes: object) -> Backtested:
    plan = {"from_ms": FROM_MS, "to_ms": CONFIG.end_ms, "out": out} | changes
    events = plan.pop("events", shop / EVENTS_FILE)
    labels = plan.pop("labels", shop / LABELS_FILE)
    return run_backtest(
        BacktestPlan(**plan),
        FileHistory(events, labels, build_decoder(Settings())),
        load_policy(None),
        NoScorer(N_FEATURES),
    )


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("out")


@pytest.fixture(scope="module")
def found(shop: Path, out: Path) -> Backtested:
    return backtest(shop, out)


def events_of(shop: Path) -> Iterator[dict]:
    return (orjson.loads(value) for _, _, value in read_records(shop / EVENTS_FILE))


def test_every_event_between_the_times_is_written_once_in_order(
    shop: Path, out: Path, found: Backtested
) -> None:
    table = pq.read_table(out / DECISIONS)
    later = [e for e in events_of(shop) if FROM_MS <= e["event_time"] < CONFIG.end_ms]
    times = table["event_time_ms"].to_numpy()
    assert sorted(table["event_id"].to_pylist()) == sorted(e["event_id"] for e in later)
    assert (np.diff(times) >= 0).all()
    assert (table["decided_at_ms"].to_numpy() == times).all()
    assert found.n_reported == len(later) == len(found.outcomes.label)
    earlier = sum(e["event_time"] < FROM_MS for e in events_of(shop))
    assert (found.n_history, found.n_duplicates, found.bad.n) == (earlier, 0, 0)
    assert found.outcomes.n_cold == 0
    assert found.cold is None


def test_labels_say_what_events_turned_out_to_be(shop: Path, found: Backtested, out: Path) -> None:
    labels = [orjson.loads(v) for _, _, v in read_records(shop / LABELS_FILE)]
    labels.sort(key=lambda label: label["known_at"])
    truth = {label.get("event_id"): label for label in labels}
    ids = pq.read_table(out / DECISIONS)["event_id"].to_pylist()
    expected = [truth[i]["is_fraud"] for i in ids if i in truth]
    at = np.array([i in truth for i in ids])
    assert sum(expected) >= 5
    assert found.outcomes.label[at].tolist() == expected
    assert (found.outcomes.kind[at] >= 0).all()
    assert set(found.outcomes.label[~at].tolist()) <= {0, -1}
    assert (found.outcomes.kind[~at] == -1).all()


def test_where_no_event_is_warm_the_cold_ones_stand_beside(shop: Path, tmp_path: Path) -> None:
    strangers = tmp_path / "strangers.jsonl"
    began = [e for e in events_of(shop) if e["event_time"] < CONFIG.start_ms + 20 * DAY_MS]
    late = [{k: v for k, v in e.items() if k != "account_created_at"} for e in began]
    strangers.write_bytes(b"".join(orjson.dumps(e) + b"\n" for e in late))
    times = {"from_ms": CONFIG.start_ms + 5 * DAY_MS, "to_ms": CONFIG.start_ms + 20 * DAY_MS}
    found = backtest(shop, tmp_path, events=strangers, **times)
    assert len(found.outcomes) == 0
    assert found.cold is not None
    assert len(found.cold) == found.n_reported == found.outcomes.n_cold > 100
    assert (found.cold.label == 1).any()
    assert 0 < found.span_ms < 20 * DAY_MS
    other = backtest(shop, tmp_path, events=strangers, unlabelled="ignore", **times).cold
    assert other is not None
    assert (other.label >= 0).sum() < (found.cold.label >= 0).sum()


def test_unlabelled_events_can_be_ignored(shop: Path, tmp_path: Path, found: Backtested) -> None:
    ignoring = backtest(shop, tmp_path, unlabelled="ignore").outcomes
    assert (ignoring.label[found.outcomes.kind < 0] == -1).all()
    labelled = found.outcomes.kind >= 0
    assert (ignoring.label[labelled] == found.outcomes.label[labelled]).all()


def test_shuffled_input_gives_the_same_bytes(shop: Path, out: Path, tmp_path: Path) -> None:
    rng = random.Random(1)
    for name in (EVENTS_FILE, LABELS_FILE):
        values = [value for _, _, value in read_records(shop / name)]
        rng.shuffle(values)
        (tmp_path / name).with_suffix("").write_bytes(b"\n".join(values) + b"\n")
    events, labels = (tmp_path / name for name in (EVENTS_FILE, LABELS_FILE))
    backtest(shop, tmp_path, events=events.with_suffix(""), labels=labels.with_suffix(""))
    assert (tmp_path / DECISIONS).read_bytes() == (out / DECISIONS).read_bytes()


def test_bad_records_are_told_with_file_and_line_and_the_rest_is_decided(
    shop: Path, out: Path, tmp_path: Path
) -> None:
    values = [value for _, _, value in read_records(shop / EVENTS_FILE)]
    wrong = orjson.dumps(orjson.loads(values[0]) | {"event_id": 7})
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join([b"{", *values[:50], wrong, *values[50:]]) + b"\n")
    found = backtest(shop, tmp_path, events=path)
    told = list(found.bad.located([path]))
    assert found.bad.n == len(told) == 2
    assert told[0].startswith(f"{path}, line 1: the record cannot be read")
    assert told[1].startswith(f"{path}, line 52: wrong_type: ")
    assert (tmp_path / DECISIONS).read_bytes() == (out / DECISIONS).read_bytes()


def test_users_known_as_bad_leave_the_test(shop: Path, tmp_path: Path, found: Backtested) -> None:
    dropping = backtest(shop, tmp_path, drop_known_days=5.0)
    gone = (dropping.outcomes.label == -1) & (found.outcomes.label >= 0)
    assert dropping.n_dropped == gone.sum() > 0
    labels = [orjson.loads(v) for _, _, v in read_records(shop / LABELS_FILE)]
    ids = pq.read_table(tmp_path / DECISIONS, columns=["user_id", "event_time_ms"])
    labels.sort(key=lambda label: label["known_at"])
    holds = {label.get("event_id") or label["user_id"]: label for label in labels}
    bad: dict[str, int] = {}
    for label in holds.values():
        if label["is_fraud"]:
            time = label["event_time"]
            bad[label["user_id"]] = min(time, bad.get(label["user_id"], time))
    expected = [
        bad.get(user, 1 << 62) < time - time % DAY_MS - 5 * DAY_MS
        for user, time in zip(*(column.to_pylist() for column in ids.columns), strict=True)
    ]
    assert gone.tolist() == [
        e and before >= 0 for e, before in zip(expected, found.outcomes.label.tolist(), strict=True)
    ]
