"""From history to a model folder."""

from pathlib import Path

from stream.loading import load_policy
from stream.replay.learning import Learning, learn
from tests.stream.replay.test_trainset import DAY, START, label, order
from topics.decode import Decoder
from topics.files import write_records
from topics.hashing import Tokens


def test_the_manifest_says_over_how_many_days_spend_was_learned(tmp_path: Path) -> None:
    events, labels = tmp_path / "events.jsonl", tmp_path / "labels.jsonl"
    with write_records(events) as writer:
        writer.write([order(i, i / 5, user=f"u{i % 30}") for i in range(300)])
    with write_records(labels) as writer:
        writer.write([label(0, 0, known=1, fraud=False)])
    what = Learning(
        events=events, labels=labels, from_ms=0, until_ms=START + 61 * DAY, label_delay_ms=0,
        unlabelled="negative", horizon_ms=15 * DAY, max_rows=1000, base="none", max_texts=0,
        max_seconds=0.1, seed=0, zone_ms=0, lag_ms=0, threads=1,
    )  # fmt: skip
    decoder = Decoder(Tokens(b"key of the tests"))
    manifest = learn(decoder, load_policy(None), what, tmp_path / "model")
    assert manifest["spend_horizon_days"] == 15
    assert "spend" in manifest["heads"]
