"""A simulated shop as files: what the summary says is what the files hold."""

from collections import Counter

import orjson
import pytest

from topics.errors import InputError
from topics.files import files_of, read_records
from topics.simulator import SimulatorConfig, write_folder

CONFIG = SimulatorConfig(users=400, days=25, seed=2, fraud_share=0.05)


def contents(path):
    return [orjson.loads(value) for _, _, value in read_records(path)]


def test_the_summary_counts_what_the_files_hold(tmp_path):
    stages = Counter()
    summary = write_folder(CONFIG, tmp_path, lambda stage, done, total: stages.update([stage]))
    events = contents(tmp_path / "events.jsonl.zst")
    labels = contents(tmp_path / "labels.jsonl.zst")
    truth = contents(tmp_path / "truth" / "truth.jsonl.zst")
    assert summary.types == Counter(event["type"] for event in events)
    assert summary.labels == Counter((label["kind"], label["is_fraud"]) for label in labels)
    assert summary.cases == Counter(t["scenario"] for t in truth if t["case"])
    assert summary.fraud == Counter(t["scenario"] for t in truth if t["type"] != "browse")
    assert summary.fraud_share == pytest.approx(0.05, rel=0.5)
    for name, n_bytes in summary.n_bytes.items():
        assert (tmp_path / name).stat().st_size == n_bytes
    assert set(stages) == {"people", "events", "labels", "truth"}


def test_the_folder_read_as_a_whole_has_events_and_labels_but_not_the_truth(tmp_path):
    write_folder(CONFIG, tmp_path)
    assert [path.name for path in files_of(tmp_path)] == ["events.jsonl.zst", "labels.jsonl.zst"]


def test_the_same_seed_writes_the_same_files(tmp_path):
    for name in ("a", "b"):
        write_folder(CONFIG, tmp_path / name)
    for name in ("events.jsonl.zst", "labels.jsonl.zst", "truth/truth.jsonl.zst"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="file"):
        write_folder(CONFIG, tmp_path / "file")
