"""`riskstream train`: what it says of the model, and what it refuses before it learns."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import stream.replay.learning
from stream import cli
from stream.pipeline.features import NAMES
from tests.model.smallencoder import small_encoder
from tests.stream.replay.test_trainset import DAY, START, label, order
from topics.files import write_records

WORDS = ["train", "--events", "none", "--labels", "none", "--until", "2025-02-01", "--out", "none"]


@pytest.mark.parametrize(
    ("flag", "value", "told"),
    [
        ("--label-delay", "nan", "from 0 to 3650"),
        ("--label-delay", "inf", "from 0 to 3650"),
        ("--label-delay", "-1", "from 0 to 3650"),
        ("--spend-horizon-days", "0", "from 1 to 365"),
        ("--spend-horizon-days", "-30", "from 1 to 365"),
        ("--spend-horizon-days", "100000", "from 1 to 365"),
        ("--max-rows", "-1", "at least 1"),
        ("--max-rows", "0", "at least 1"),
        ("--max-texts", "-1", "at least 0"),
        ("--max-seconds", "nan", "at least 0"),
        ("--seed", "-1", "from 0 to 4294967295"),
    ],
)
def test_a_number_out_of_range_is_one_line_and_exit_2(
    capsys: pytest.CaptureFixture[str], flag: str, value: str, told: str
) -> None:
    assert cli.main([*WORDS, flag, value]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert f"{flag} is " in error
    assert error.endswith(f"; it must be {told}\n")


def test_numbers_within_their_ranges_are_accepted(capsys: pytest.CaptureFixture[str]) -> None:
    good = ["--label-delay", "0.5", "--spend-horizon-days", "7", "--max-rows", "1000"]
    assert cli.main([*WORDS, *good]) == 2
    assert "must be" not in capsys.readouterr().err


@pytest.mark.parametrize(("base", "n_lines"), [("auto", 1), ("none", 0)])
def test_an_encoder_that_is_not_there_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, base: str, n_lines: int
) -> None:
    monkeypatch.setattr(stream.replay.learning, "packed_weights", lambda: None)
    assert cli.main([*WORDS, "--base", base]) == 2
    assert capsys.readouterr().err.count("no text encoder is installed") == n_lines


@pytest.fixture
def shop(tmp_path: Path) -> tuple[Path, Path]:
    """Three hundred honest orders in sixty days, one of which is labelled."""
    events, labels = tmp_path / "events.jsonl", tmp_path / "labels.jsonl"
    with write_records(events) as writer:
        writer.write([order(i, i / 5, user=f"u{i % 30}") for i in range(300)])
    with write_records(labels) as writer:
        writer.write([label(0, 0, known=1, fraud=False)])
    return events, labels


def train(
    events: Path, labels: Path, out: Path, until: float = 61, extra: Sequence[object] = ()
) -> int:
    words = ["train", "--events", events, "--labels", labels, "--until", START + int(until * DAY)]
    words += ["--out", out, "--base", "none", "--max-seconds", 0, "--label-delay", 0.5, *extra]
    return cli.main([str(word) for word in words])


def test_what_the_model_cannot_tell_is_said_and_from_how_many_frauds_it_learned(
    shop: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(*shop, tmp_path / "model") == 0
    printed = capsys.readouterr().out
    assert "learned from 300 events, 0 of them known as fraud\n" in printed
    assert (
        "this model gives no fraud probability: "
        "too few events labelled as fraud to learn from\n" in printed
    )
    assert "this model gives no probability of turning bad" in printed
    assert "training ran into --max-seconds after 0 whole epochs" in printed
    assert "average precision" not in printed  # no table without rows
    assert "how well the parts rank is not known: the newest events are without a bad" in printed
    assert "how well spend is told is not known: too few users" in printed


def test_pretraining_needs_no_labels_and_its_loss_is_in_the_manifest_and_in_tensorboard(
    shop: tuple[Path, Path], tmp_path: Path
) -> None:
    pytest.importorskip("tensorboard")
    words = ["train", "--events", shop[0], "--until", START + 61 * DAY, "--base", "none",
             "--pretrain-epochs", 2, "--tensorboard", tmp_path / "logs",
             "--out", tmp_path / "model"]  # fmt: skip
    assert cli.main([str(word) for word in words]) == 0
    training = json.loads((tmp_path / "model/manifest.json").read_bytes())["training"]
    first, second = training["pretraining_loss"]
    assert 0 < second < first
    (log,) = (tmp_path / "logs").iterdir()
    assert b"loss/pretraining" in log.read_bytes()


def test_a_number_of_epochs_out_of_range_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*WORDS, "--pretrain-epochs", "-1"]) == 2
    assert capsys.readouterr().err == (
        "riskstream train: --pretrain-epochs is -1; it must be a whole number from 0 to 1000\n"
    )


def test_fine_tuning_says_what_it_lacks_before_anything_is_learned(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "peft", None)
    for words, said in {
        ("lora", "none"): "--fine-tune needs a text encoder; install riskstream[offline], or "
        "name one with --base",
        ("lora", "some"): "--fine-tune lora needs PEFT; install riskstream[finetune]",
        ("full", "some"): "none does not exist",
    }.items():
        assert cli.main([*WORDS, "--fine-tune", words[0], "--base", words[1]]) == 2
        error = capsys.readouterr().err
        assert said in error
        assert error.count("\n") == 1


def test_too_few_texts_to_fine_tune_on_are_said_and_the_model_is_there(
    shop: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = small_encoder(tmp_path / "encoder")
    assert train(*shop, tmp_path / "model", extra=["--base", base, "--fine-tune", "full"]) == 0
    assert (
        "the text encoder stays frozen: of 0 texts 0 are fraud; "
        "50 that are and 50 that are not are needed\n" in capsys.readouterr().out
    )
    assert not (tmp_path / "model/encoder").exists()


def test_files_that_hold_nothing_to_learn_from_are_named(
    shop: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events, labels = shop
    for said, words in {
        f"{events} holds no labels; give --labels a file of labels": (events, events),
        f"{labels} holds no events; give --events a file of events": (labels, labels),
    }.items():
        assert train(*words, tmp_path / "model") == 2
        assert capsys.readouterr().err.endswith(f"riskstream train: {said}\n")


def test_times_without_events_are_answered_with_the_times_that_have_some(
    shop: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(*shop, tmp_path / "model", until=0) == 2
    error = capsys.readouterr().err
    assert f"no event of {shop[0]} lies between --from and --until" in error
    assert "they are from 2023-11-14T22:13:20Z to 2024-01-13T17:25:20Z" in error


def test_a_folder_that_holds_something_is_not_written_over(
    shop: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(*shop, tmp_path) == 2
    assert f"{tmp_path} is not empty; choose another --out" in capsys.readouterr().err


def test_a_place_where_no_folder_can_be_made_is_said_before_anything_is_learned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert train(tmp_path / "none", tmp_path / "none", tmp_path / "file" / "model") == 2
    assert f"cannot make {tmp_path}/file/model: Not a directory\n" in capsys.readouterr().err


def test_the_training_rows_are_exported_with_their_times_and_named_features(
    shop: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events, labels = shop
    rows = tmp_path / "rows.parquet"
    words = ["train", "--events", events, "--labels", labels, "--from", START + 10 * DAY,
             "--until", START + 50 * DAY, "--label-delay", 2, "--export", rows]  # fmt: skip
    assert cli.main([str(word) for word in words]) == 0
    table = pq.read_table(rows)
    assert f"{len(table):,} rows, 0 of them fraud" in capsys.readouterr().out
    times = table["event_time_ms"].to_numpy()
    assert (times.min(), times.max()) == (START + 10 * DAY, START + int(47.8 * DAY))
    assert (np.diff(times) > 0).all()
    assert table["event_id"].to_pylist()[0] == "e50"
    assert table["user_id"].to_pylist()[0] == "u20"
    assert table["known_at_ms"].null_count == len(table)
    assert set(table["is_fraud"].to_pylist()) == {0}
    assert table["amount"].to_pylist()[:2] == [60.0, 61.0]
    assert table["turned_bad"].null_count > 0
    assert list(NAMES) == table.column_names[-len(NAMES) :]


def test_a_label_of_an_exported_row_has_the_time_at_which_it_became_known(
    shop: tuple[Path, Path], tmp_path: Path
) -> None:
    events, labels = shop
    rows = tmp_path / "rows.parquet"
    words = ["train", "--events", events, "--labels", labels, "--until", START + 50 * DAY,
             "--unlabelled", "ignore", "--export", rows]  # fmt: skip
    assert cli.main([str(word) for word in words]) == 0
    (row,) = pq.read_table(rows).to_pylist()
    assert (row["event_id"], row["known_at_ms"], row["is_fraud"]) == ("e0", START + DAY, 0)


def late_shop(tmp_path: Path) -> list[object]:
    """Return how a shop is trained on whose every tenth order is known as fraud 14 days later."""
    events, labels = tmp_path / "events.jsonl", tmp_path / "labels.jsonl"
    with write_records(events) as writer:
        writer.write([order(i, i / 10, user=f"u{i % 30}") for i in range(600)])
    with write_records(labels) as writer:
        writer.write([label(i, i / 10, known=i / 10 + 14) for i in range(0, 600, 10)])
    return ["--events", events, "--labels", labels, "--until", START + 60 * DAY]


def test_without_a_delay_that_of_the_labels_counts_and_is_said_and_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", *late_shop(tmp_path), "--base", "none", "--max-seconds", 0]
    assert cli.main([str(word) for word in [*words, "--out", tmp_path / "model"]]) == 0
    said = "95% of known frauds came within 14 days: --label-delay is 14\n"
    assert capsys.readouterr().out.startswith(said)
    training = json.loads((tmp_path / "model/manifest.json").read_bytes())["training"]
    assert (training["label_delay_days"], training["n_rows"], training["n_fraud"]) == (14, 460, 46)
    assert training["until_ms"] < START + 46 * DAY


def test_a_delay_that_is_given_counts_and_not_that_of_the_labels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", *late_shop(tmp_path), "--export", tmp_path / "rows.parquet"]
    assert cli.main([str(word) for word in [*words, "--label-delay", 0]]) == 0
    assert capsys.readouterr().out.startswith("600 rows, 46 of them fraud")


def test_train_without_anything_to_write_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(WORDS[:-2]) == 2
    assert "give --out for a model, --export for its rows" in capsys.readouterr().err
    assert cli.main([*WORDS[:-2], "--export", "rows.parquet", "--tensorboard", "logs"]) == 2
    assert "--tensorboard tells of a training; give --out" in capsys.readouterr().err
    assert cli.main([*WORDS, "--export", "rows.csv"]) == 2
    assert "must end in .parquet" in capsys.readouterr().err
