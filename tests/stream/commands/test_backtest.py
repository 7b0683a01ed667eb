"""`riskstream backtest` as a person runs it: files, figures, and one line for what is wrong."""

from importlib.resources import files
from pathlib import Path

import orjson
import pyarrow.parquet as pq
import pytest

from stream import cli
from stream.pipeline.features import NAMES
from tests.stream.commands.smallshop import CONFIG, START
from tests.stream.report.reader import Reader
from tests.stream.report.test_page import value_at
from tests.stream.smallmodel import small_model
from topics.files import read_records
from topics.simulator.config import DAY_MS
from topics.simulator.export import EVENTS_FILE, LABELS_FILE


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
    trained = metrics["trained"]
    assert {"fused", "gradient_boosting", "logistic_regression", "forest"} < set(trained["parts"])
    assert trained["verdicts"]
    printed = capsys.readouterr().out
    assert f"{len(table):,} events decided" in printed
    assert f"{metrics['average_precision']:.4f}" in printed
    for said in trained["verdicts"]:
        assert f"by the model's own training, {said}\n" in printed
    assert printed.endswith(f"; all figures: {tmp_path / 'report.html'}\n")


def test_the_report_shows_the_metrics_and_the_difference_of_two_runs_by_one_or_two_processes(
    shop: Path, model: Path, tmp_path: Path
) -> None:
    one, two, policy = tmp_path / "one", tmp_path / "two", tmp_path / "policy.json"
    document = orjson.loads((files("stream") / "policy.json").read_bytes())
    thresholds = {"order": {"step_up": 0.001, "hold": 0.5}}
    policy.write_bytes(orjson.dumps(document | {"version": "mine", "thresholds": thresholds}))
    assert cli.main(words(shop, model, one, "--processes", "1")) == 0
    assert cli.main(words(shop, model, two, "--processes", "2")) == 0
    written = [(out / "decisions.parquet").read_bytes() for out in (one, two)]
    assert written[0] == written[1]
    other = tmp_path / "other"
    said = words(shop, model, other, "--against", str(one), "--policy", str(policy))
    assert cli.main(said) == 0
    metrics = orjson.loads((other / "metrics.json").read_bytes())
    assert metrics["against"]["n_both"] == metrics["run"]["n_reported"]
    assert metrics["against"]["stricter"]["n"] > 0
    reader = Reader((other / "report.html").read_text())
    numbers = [e.attributes for e in reader.elements if "data-value" in e.attributes]
    assert len(numbers) > 500
    for number in numbers:
        assert orjson.loads(number["data-value"]) == value_at(number["data-path"], metrics)


def test_a_folder_that_holds_events_and_labels_is_read_once(
    shop: Path, model: Path, tmp_path: Path
) -> None:
    both = ("--events", str(shop), "--labels", str(shop))
    assert cli.main(words(shop, model, tmp_path / "apart")) == 0
    assert cli.main([*words(shop, model, tmp_path / "both"), *both]) == 0
    written = [(tmp_path / of / "decisions.parquet").read_bytes() for of in ("apart", "both")]
    assert written[0] == written[1]
    metrics = orjson.loads((tmp_path / "both/metrics.json").read_bytes())
    assert metrics["run"]["n_duplicates"] == 0


def test_figures_are_reported_by_columns_of_the_events(
    shop: Path, model: Path, tmp_path: Path
) -> None:
    by = ("--by", "channel", "--by", "payment.method", "--by", "channel")
    assert cli.main(words(shop, model, tmp_path / "out", *by)) == 0
    metrics = orjson.loads((tmp_path / "out/metrics.json").read_bytes())
    assert list(metrics["by_segment"]) == ["channel", "payment.method"]
    channels = metrics["by_segment"]["channel"]["values"]
    assert len(channels) > 1
    assert metrics["n"] / 2 < sum(block["n"] for block in channels.values()) <= metrics["n"]
    methods = metrics["by_segment"]["payment.method"]["values"]
    assert sum(block["n"] for block in methods.values()) <= metrics["by_type"]["order"]["n"]
    for channel in channels:
        assert channel in (tmp_path / "out/report.html").read_text()


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


def test_labels_that_say_nothing_of_the_events_are_asked_about(
    shop: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = words(shop, model, tmp_path, "--labels", str(shop / EVENTS_FILE))
    assert cli.main(said) == 0
    assert "no judged event is labelled as fraud: are these the" in capsys.readouterr().out


def test_an_earlier_run_that_is_broken_is_told_before_the_replay(
    shop: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("stream.replay.backtest.run_backtest", lambda *_, **__: pytest.fail("ran"))
    other = tmp_path / "other"
    other.mkdir()
    (other / "decisions.parquet").write_bytes(b"PAR1")
    assert cli.main(words(shop, model, tmp_path / "out", "--against", str(other))) == 2
    error = capsys.readouterr().err
    assert f"{other}/decisions.parquet cannot be read as decisions" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--by", "town"), "no reported event has the column town"),
        (("--against", "nowhere"), "nowhere holds no decisions.parquet"),
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


def test_a_history_that_is_too_short_to_judge_is_said_and_the_cold_events_stand_beside(
    shop: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events = [orjson.loads(value) for _, _, value in read_records(shop / EVENTS_FILE)]
    began = CONFIG.end_ms - 10 * DAY_MS
    short = tmp_path / "short.jsonl"
    short.write_bytes(
        b"".join(
            orjson.dumps({k: v for k, v in e.items() if k != "account_created_at"}) + b"\n"
            for e in events if e["event_time"] >= began
        )
    )  # fmt: skip
    said = words(shop, model, tmp_path / "out", "--events", str(short), start=began)
    assert cli.main(said) == 0
    metrics = orjson.loads((tmp_path / "out/metrics.json").read_bytes())
    assert (metrics["n"], metrics["roc_auc"]) == (0, None)
    n, cold = metrics["n_decided"], metrics["cold"]
    assert n == metrics["n_cold"] == cold["n"] + cold["n_left_out"] > 0
    assert cold["n_fraud"] > 0
    assert 0 <= cold["roc_auc"] <= 1
    why = f"shorter than 30 days: all {n:,} events are of users not yet known for 30 days"
    assert cold["why"].endswith(why)
    printed = capsys.readouterr().out
    assert why in printed
    assert f"{cold['roc_auc']:.4f}" in printed
    assert "are these the labels" not in printed
    assert why in (tmp_path / "out/report.html").read_text()
