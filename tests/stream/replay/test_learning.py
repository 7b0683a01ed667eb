"""From history to a model folder."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.recipe import Recipe
from stream.loading import load_policy
from stream.replay.learning import Learning, learn, learned_rows
from tests.stream.replay.test_trainset import DAY, START, label, order
from topics.decode import Decoder
from topics.files import write_records
from topics.hashing import Tokens

DECODER = Decoder(Tokens(b"key of the tests"))


@pytest.fixture
def what(tmp_path: Path) -> Learning:
    """Three hundred orders in sixty days, one of which is labelled."""
    events, labels = tmp_path / "events.jsonl", tmp_path / "labels.jsonl"
    with write_records(events) as writer:
        writer.write([order(i, i / 5, user=f"u{i % 30}") for i in range(300)])
    with write_records(labels) as writer:
        writer.write([label(0, 0, known=1, fraud=False)])
    return Learning(
        events=events, labels=labels, from_ms=0, until_ms=START + 61 * DAY, label_delay_ms=0,
        unlabelled="negative", horizon_ms=15 * DAY, max_rows=1000, base="none", max_texts=0,
        max_seconds=0.1, seed=0, zone_ms=0, lag_ms=0, threads=1,
    )  # fmt: skip


def test_the_manifest_says_over_how_many_days_spend_was_learned(
    what: Learning, tmp_path: Path
) -> None:
    manifest = learn(DECODER, load_policy(None), what, tmp_path / "model")
    assert manifest["spend_horizon_days"] == 15
    assert "spend" in manifest["heads"]


def test_events_left_out_for_want_of_a_label_are_kept_for_pretraining_alone(
    what: Learning,
) -> None:
    some = replace(what, unlabelled="ignore")
    rows = learned_rows(DECODER, load_policy(None), some)
    assert (len(rows), rows.unanswered) == (1, None)
    rows = learned_rows(DECODER, load_policy(None), replace(some, recipe=Recipe(pretrain_epochs=1)))
    assert len(rows) == 1
    assert rows.unanswered is not None
    assert len(rows.unanswered) == 299
    assert not np.isin(rows.x.rows["event"], rows.unanswered.rows["event"]).any()
