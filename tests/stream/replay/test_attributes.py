"""The shop's own fields in training, replay and reasons; and histories that lack things."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import roc_auc_score

from model.scorer import ModelScorer
from stream.commands.fields_read import fields_read
from stream.loading import load_policy
from stream.pipeline.features import NAMES
from stream.replay.history import read_history
from stream.replay.learning import Exports, Learning, learn
from stream.replay.replay import Replay, ReplaySettings
from tests.stream.replay.test_trainset import DAY, START, label, order
from topics.decode import Decoder
from topics.files import write_records
from topics.hashing import Tokens

DAYS, N, LEARNED = 60, 3_200, 45
Event = dict[str, Any]


def shop(n: int = N, *, fraud: float = 0.05, change: Callable[[Event], Event] = lambda e: e) -> Any:
    """Return events and labels; a number, a boolean and a string each tell a part of fraud."""
    rng = np.random.default_rng(7)
    events, labels = [], []
    for i in range(n):
        day, bad = DAYS * i / n, bool(rng.random() < fraud)
        given = {
            "score": round(float(rng.normal(1.3 * bad)), 3),
            "vpn": bool(rng.random() < (0.75 if bad else 0.1)),
            "client": str(rng.choice(["app", "web", "kiosk"], p=[0.2, 0.2, 0.6] if bad else
                                     [0.45, 0.45, 0.1])),
            "ticket": f"t-{i}",
        }  # fmt: skip
        one = order(i, day, user=f"u{i % 700}", attributes=given, amount=float(rng.lognormal(3)))
        events.append(change(one))
        labels.append(label(i, day, known=day + 0.5, fraud=bad, user=one["user_id"]))
    return events, labels


def learned(folder: Path, events: list[Event], labels: list[Any] | None, **changes: Any) -> Any:
    """Return the manifest and the scorer of a model of the first days; files lie in ``folder``."""
    folder.mkdir(exist_ok=True)
    for name, records in (("events", events), ("labels", labels or [])):
        with write_records(folder / f"{name}.jsonl") as writer:
            writer.write(records)
    what = Learning(
        events=folder / "events.jsonl", labels=None if labels is None else folder / "labels.jsonl",
        from_ms=0, until_ms=START + LEARNED * DAY, label_delay_ms=0, unlabelled="negative",
        horizon_ms=50 * DAY, max_rows=100_000, base="none", max_texts=0, max_seconds=2.0, seed=0,
        zone_ms=0, lag_ms=0, threads=1,
    )  # fmt: skip
    exports = changes.pop("exports", Exports())
    manifest = learn(decoder(), load_policy(None), replace(what, **changes), folder / "m", exports)
    return manifest, ModelScorer.load(folder / "m", feature_names=NAMES)


def decoder() -> Decoder:
    return Decoder(Tokens(b"key of the tests"))


def decided(folder: Path, scorer: ModelScorer) -> Any:
    """Return the events after the training, what was decided of them, and their probability."""
    replay = Replay(load_policy(None), scorer, ReplaySettings())
    paths = [folder / "events.jsonl"]
    parts = []
    for part, found in replay.run(read_history(paths, decoder())):
        at = np.flatnonzero(part.events.rows["time_ms"] >= START + LEARNED * DAY)
        parts += [(part.events.event_ids[i], found.scores.p_fraud[i], found.reasons.get(i))
                  for i in at.tolist()]  # fmt: skip
    return parts


def auc(folder: Path, scorer: ModelScorer, labels: list[Any]) -> float:
    truth = {one["event_id"]: one["is_fraud"] for one in labels}
    found = decided(folder, scorer)
    return float(roc_auc_score([truth[e] for e, *_ in found], [p for _, p, _ in found]))


@pytest.fixture(scope="module")
def with_fields(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("fields")
    events, labels = shop()
    exports = Exports(folder / "rows.parquet")
    manifest, scorer = learned(folder, events, labels, exports=exports)
    return folder, events, labels, manifest, scorer


def test_informative_fields_rank_much_better_than_none(with_fields: Any, tmp_path: Path) -> None:
    folder, events, labels, manifest, scorer = with_fields
    bare = [{k: v for k, v in event.items() if k != "attributes"} for event in events]
    manifest_bare, without = learned(tmp_path / "bare", bare, labels)
    ours, theirs = auc(folder, scorer, labels), auc(tmp_path / "bare", without, labels)
    assert theirs < 0.65
    assert ours > 0.82
    kinds = {one["name"]: one["kind"] for one in manifest["attributes"]["read"]}
    assert kinds == {"client": "string", "score": "number", "vpn": "boolean"}
    assert manifest_bare["attributes"] == {"read": [], "of_event": [], "left_out": []}
    assert any("attributes" in what for what in manifest_bare["lacks"])


@pytest.mark.parametrize("name", ["client", "score", "vpn"])
def test_each_kind_of_field_is_learned_from(with_fields: Any, tmp_path: Path, name: str) -> None:
    _, events, labels, *_ = with_fields
    few = [event | {"attributes": {name: event["attributes"][name]}} for event in events]
    _, scorer = learned(tmp_path / "m", few, labels)
    assert auc(tmp_path / "m", scorer, labels) > 0.64


def test_what_is_read_and_left_out_is_told(with_fields: Any) -> None:
    manifest = with_fields[3]
    read, left = fields_read(manifest["attributes"])
    assert read == (
        "reads 3 attributes: client (string of 3 values, in 100 % of events), "
        "score (number, in 100 % of events), vpn (boolean, in 100 % of events)"
    )
    assert left == "leaves out ticket: nearly every event has a value of its own"


def test_the_export_has_the_columns_of_fields(with_fields: Any) -> None:
    table = pq.read_table(with_fields[0] / "rows.parquet")
    assert table.column_names[-4:] == [
        "attributes.client.place", "attributes.client.share", "attributes.score", "attributes.vpn",
    ]  # fmt: skip
    assert len(table) == N * LEARNED // DAYS


def test_reasons_name_a_field_with_its_value(with_fields: Any) -> None:
    folder, *_, scorer = with_fields
    texts = [r.text for *_, reasons in decided(folder, scorer) for r in reasons or ()]
    assert any(text == 'Attribute "vpn" is true; usual for this shop: false' for text in texts)
    assert any(text.startswith('Attribute "client" is "kiosk"; usual for') for text in texts)
    assert any(text.startswith('Attribute "score" is ') for text in texts)


def test_how_an_event_is_written_changes_no_score(with_fields: Any, tmp_path: Path) -> None:
    folder, events, *_, scorer = with_fields
    whole = {e: p for e, p, _ in decided(folder, scorer)}
    times = np.array([event["event_time"] for event in events], "datetime64[ms]").astype(str)
    written = [
        event
        | {"event_time": f"{time}Z", "attributes": dict(reversed(event["attributes"].items()))}
        for event, time in zip(events, times, strict=True)
    ]  # times in words are left to the decoder that reads everything
    with write_records(tmp_path / "events.jsonl") as writer:
        writer.write(written)
    assert {e: p for e, p, _ in decided(tmp_path, scorer)} == whole


def test_buyers_without_accounts_can_be_learned_from(tmp_path: Path) -> None:
    events, labels = shop(change=lambda e: e | {"user_id": f"guest:{e['order_id']}"})
    manifest, scorer = learned(tmp_path / "m", events, labels)
    assert auc(tmp_path / "m", scorer, labels) > 0.8
    assert "no weight to what users did before" in " ".join(manifest["lacks"])


def test_a_history_without_text_can_be_learned_from_and_says_so(with_fields: Any) -> None:
    assert "no weight to words: no event has a text" in with_fields[3]["lacks"]


def test_a_few_hundred_frauds_are_enough(tmp_path: Path) -> None:
    events, labels = shop(fraud=0.083)
    manifest, scorer = learned(tmp_path / "m", events, labels)
    assert 150 < manifest["training"]["n_fraud"] < 250
    assert "fraud" in manifest["heads"]
    assert auc(tmp_path / "m", scorer, labels) > 0.8


def test_without_labels_the_forest_and_spending_remain(tmp_path: Path) -> None:
    events, _ = shop(2_000)
    manifest, scorer = learned(tmp_path / "m", events, None, horizon_ms=10 * DAY)
    assert manifest["heads"] == ["spend"]
    lacks = " ".join(manifest["lacks"])
    assert "no fraud probability" in lacks
    assert "no probability of turning bad" in lacks
    assert all(np.isnan(p) for _, p, _ in decided(tmp_path / "m", scorer))
    assert [field.name for field in scorer.fields] == ["client", "score", "vpn"]
