"""`riskstream backtest` as a person runs it: files, figures, and one line for what is wrong."""

from pathlib import Path

import orjson
import pyarrow.parquet as pq
import pytest

from stream import cli
from stream.pipeline.features import NAMES
from tests.stream.smallmodel import small_model
from topics.files import read_records
from topics.simulator import SimulatorConfig, write_folder
from topics.simulator.config import DAY_MS
from topics.simulator.export import EVENTS_FILE, LABELS_FILE

CONFIG = SimulatorConfig(users=80, days=42, seed=4, fraud_share=0.15)
START = CONFIG.start_ms + 34 * DAY_MS


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    write_folder(CONFIG, folder)
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_model(tmp_path_factory.mktemp("models") / "small")


def words(shop: Path, model: Path, out: Path, *more: str, start: int = START) -> list[str]:
    return [
        "backtest", "--events", str(shop / EVENTS_FILE), "--labels", str(shop / LABELS_FILE),
        "--model", str(model), "--from", str(start), "--to", str(CONFIG.end_ms), "--out", str(out),
        *more,
    ]  # fmt: skip


def test_decisions_and_metrics_are_written(
    shop: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(words(shop, model, tmp_path, "--drop-known", "30")) == 0
    table = pq.read_table(tmp_path / "decisions.parquet")
    assert table["p_fraud"].null_count == 0
    assert set(NAMES) < set(table.column_names)
    metrics = orjson.loads((tmp_path / "metrics.json").read_bytes())
    assert metrics["run"]["n_reported"] == len(table) == metrics["n_decided"]
    assert metrics["n_fraud"] > 0
    assert metrics["unlabelled"] == "negative"
    assert metrics["dropped_known"] >= 0
    printed = capsys.readouterr().out
    assert f"{len(table):,} events decided" in printed
    assert f"{metrics['average_precision']:.4f}" in printed


def test_a_bad_record_is_named_and_left_out(
    shop: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "events.jsonl"
    values = [value for _, _, value in read_records(shop / EVENTS_FILE)]
    path.write_bytes(b"\n".join([*values[:3], b'{"user_id": "u"}', *values[3:]]) + b"\n")
    said = words(shop, model, tmp_path / "out", "--events", str(path))
    assert cli.main(said) == 0
    assert f"left out: {path}, line 4: type is ''" in capsys.readouterr().err.replace("\n", "")
    assert orjson.loads((tmp_path / "out/metrics.json").read_bytes())["run"]["n_bad_records"] == 1


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--from", "2031-01-01", "--to", "2031-01-02"), "holds no event between --from"),
        (("--from", "2025-02-02", "--to", "2025-02-02"), "is not before --to"),
        (("--drop-known", "-1"), "--drop-known is -1.0; give 0 to 3650 days"),
        (("--events", "nowhere.jsonl"), "nowhere.jsonl does not exist"),
        (("--model", "nowhere"), "nowhere"),
    ],
)
def test_what_is_wrong_is_one_line_and_exit_2(
    shop: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    more: tuple[str, ...], told: str,
) -> None:  # fmt: skip
    assert cli.main(words(shop, model, tmp_path, *more)) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert not list(tmp_path.glob("*"))
