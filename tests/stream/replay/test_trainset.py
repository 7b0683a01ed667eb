"""Training rows: as things were at each event, with what became known by the moment of training."""

from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from model.rows import TrainingRows
from stream.loading import load_policy
from stream.pipeline.features import N_FEATURES, POSITION
from stream.pipeline.scorer import NoScorer
from stream.replay.history import read_history
from stream.replay.newest import known_frauds
from stream.replay.replay import Replay, ReplaySettings
from stream.replay.trainset import Trainset, TrainsetSettings
from topics.decode import Decoder
from topics.errors import InputError
from topics.hashing import Tokens

DAY = 86_400_000
START = 1_700_000_000_000


class Watching(NoScorer):
    wants_past = True


def order(i: int, day: float, user: str = "u", **more: Any) -> dict[str, Any]:
    return {
        "type": "order", "event_id": f"e{i}", "user_id": user, "status": "placed",
        "event_time": START + int(day * DAY), "order_id": f"o{i}", "amount": 10.0 + i,
        "currency": "EUR", "seller_id": "s",
    } | more  # fmt: skip


def label(i: int, day: float, *, known: float, fraud: bool = True, user: str = "u") -> Any:
    return {
        "label_id": f"l{i}-{known}", "user_id": user, "kind": "fraud" if fraud else "legitimate",
        "is_fraud": fraud, "event_id": f"e{i}", "event_time": START + int(day * DAY),
        "known_at": START + int(known * DAY), "source": "test",
    }  # fmt: skip


def rows_of(
    tmp_path: Path, events: list[Any], labels: list[Any], *, until: float, **settings: Any
) -> TrainingRows:
    paths = []
    for name, records in (("labels", labels), ("events", events)):
        if not records:
            continue
        path = tmp_path / f"{name}.jsonl"
        path.write_bytes(b"".join(orjson.dumps(r) + b"\n" for r in records))
        paths.append(path)
    until_ms = START + int(until * DAY)
    chosen = {"from_ms": 0, "until_ms": until_ms} | settings
    decoder = Decoder(Tokens(b"key of the tests"))
    frauds = known_frauds(tmp_path / "labels.jsonl" if labels else None, decoder, until_ms)
    trainset = Trainset(TrainsetSettings(**chosen), frauds)
    replay = Replay(load_policy(None), Watching(N_FEATURES), ReplaySettings())
    history = read_history(paths, decoder, until_ms=until_ms)
    for part, decided in replay.run(history):
        trainset.add(part, decided)
    return trainset.rows()


def test_a_label_counts_only_from_when_it_was_known(tmp_path: Path) -> None:
    events = [order(0, 0), order(1, 1), order(2, 3)]
    labels = [label(0, 0, known=2), label(1, 1, known=9)]
    rows = rows_of(tmp_path, events, labels, until=5)
    assert rows.label.tolist() == [1, 0, 0]
    frauds = rows.x.features[:, POSITION["user_frauds"]]
    assert frauds.tolist() == [0.0, 0.0, 1.0]
    share = rows.x.features[:, POSITION["seller_fraud_share_7d"]]
    assert share[2] == pytest.approx(1 / 2)


def test_a_label_known_at_the_time_of_its_event_tells_nothing_of_events_of_that_time(
    tmp_path: Path,
) -> None:
    events = [order(0, 0), order(1, 0), order(2, 1), order(3, 1.5)]
    rows = rows_of(tmp_path, events, [label(0, 0, known=0), label(2, 1, known=1)], until=5)
    by_event = rows.x.features[np.argsort(rows.x.rows["amount"])]
    since = by_event[:, POSITION["days_since_user_fraud"]]
    assert np.isnan(since[:2]).all()
    assert since[2:].tolist() == [1.0, 0.5]
    assert by_event[:, POSITION["user_frauds"]].tolist() == [0, 0, 1, 2]
    assert by_event[:, POSITION["seller_frauds_7d"]].tolist() == [0, 0, 1, 2]


def test_the_newest_label_wins(tmp_path: Path) -> None:
    labels = [label(0, 0, known=3, fraud=False), label(0, 0, known=2)]
    rows = rows_of(tmp_path, [order(0, 0), order(1, 4)], labels, until=5)
    assert rows.label.tolist() == [0, 0]
    assert rows.x.features[1, POSITION["user_frauds"]] == 0


def test_a_label_that_was_taken_back_makes_no_user_bad_and_leaves_no_event_out(
    tmp_path: Path,
) -> None:
    paid = order(7, 2.5, order_id="o2", status="paid")
    labels = [label(2, 2, known=3), label(2, 2, known=4, fraud=False)]
    rows = rows_of(tmp_path, [order(0, 0), order(2, 2), paid], labels, until=40).by_time()
    assert rows.label.tolist() == [0, 0, 0]
    assert rows.turned_bad.tolist() == [0, 0, 0]
    about_user = [one | {"label_id": f"u{i}", "event_id": None} for i, one in enumerate(labels)]
    rows = rows_of(tmp_path, [order(0, 0), order(2, 2)], about_user, until=40)
    assert rows.turned_bad.tolist() == [0, 0]
    rows = rows_of(tmp_path, [order(0, 0), order(2, 2)], about_user[:1], until=40)
    assert rows.turned_bad.tolist() == [1, 0]


def test_later_events_of_a_bad_order_are_left_out(tmp_path: Path) -> None:
    paid = order(7, 0.5, order_id="o0", status="paid")
    rows = rows_of(tmp_path, [order(0, 0), paid], [label(0, 0, known=1)], until=5)
    assert rows.label.tolist() == [1, -1]


def test_unlabelled_events_can_be_ignored(tmp_path: Path) -> None:
    events = [order(0, 0), order(1, 1)]
    rows = rows_of(tmp_path, events, [label(0, 0, known=1)], until=5, unlabelled="ignore")
    assert rows.label.tolist() == [1, -1]


def test_events_too_young_for_their_labels_stay_out(tmp_path: Path) -> None:
    events = [order(i, i) for i in range(5)]
    rows = rows_of(tmp_path, events, [], until=5, label_delay_ms=2 * DAY, from_ms=START + DAY)
    assert rows.time_ms.tolist() == [START + DAY, START + 2 * DAY]


def horizons(days: int) -> dict[str, int]:
    return {"horizon_ms": days * DAY, "bad_horizon_ms": days * DAY}


def test_spend_and_turning_bad_look_ahead_and_stop_at_the_horizon(tmp_path: Path) -> None:
    events = [order(0, 0), order(1, 1), order(2, 5), order(3, 0, user="other")]
    labels = [label(2, 5, known=6)]
    rows = rows_of(tmp_path, events, labels, until=9, **horizons(4)).by_time()
    spend = dict(zip(rows.x.rows["amount"].tolist(), rows.spend.tolist(), strict=True))
    assert (spend[10.0], spend[11.0], spend[13.0]) == (11.0, 12.0, 0.0)
    bad = dict(zip(rows.x.rows["amount"].tolist(), rows.turned_bad.tolist(), strict=True))
    assert (bad[10.0], bad[11.0], bad[13.0]) == (0, 1, 0)


def test_turning_bad_is_within_thirty_days_over_whatever_time_spend_is_summed(
    tmp_path: Path,
) -> None:
    events, labels = [order(0, 0), order(1, 1), order(2, 8)], [label(2, 8, known=9)]
    rows = rows_of(tmp_path, events, labels, until=31, horizon_ms=2 * DAY).by_time()
    assert rows.spend.tolist() == [11.0, 0.0, 0.0]
    assert rows.turned_bad.tolist() == [1, 1, -1]


def test_what_is_not_over_yet_is_unknown(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, [order(0, 0), order(1, 3)], [], until=4, **horizons(2))
    assert np.isnan(rows.spend).tolist() == [False, True]
    assert rows.turned_bad.tolist() == [0, -1]


@pytest.mark.parametrize("n_users", [1, 50, 2000])
def test_above_the_limit_all_frauds_are_kept_and_a_known_share_of_the_rest(
    tmp_path: Path, n_users: int
) -> None:
    events = [order(i, i / 1000, user=f"u{i % n_users}") for i in range(2000)]
    labels = [label(i, i / 1000, known=4, user=f"u{i % n_users}") for i in range(0, 2000, 50)]
    taken_back = [label(i, i / 1000, known=4.5, fraud=False, user=f"u{i % n_users}") for i in (0,)]
    rows = rows_of(tmp_path, events, labels + taken_back, until=40, max_rows=600)
    assert 300 < len(rows) <= 600
    assert (rows.label == 1).sum() == 39
    assert rows.drawn is not None
    assert rows.share in {0.5, 0.25}
    assert rows.weights().sum() == pytest.approx(2000, rel=0.1)
    assert set(rows.weights()[rows.label == 1].tolist()) == {1.0}
    # What became of users is told of those only who were drawn by chance, as good as bad.
    assert (rows.turned_bad[rows.drawn] >= 0).all()
    assert (rows.turned_bad[~rows.drawn] == -1).all()
    assert np.isnan(rows.spend[~rows.drawn]).all()
    assert 0 < (~rows.drawn).sum() < 39
    assert (rows.label[~rows.drawn] == 1).all()


def test_where_frauds_alone_are_too_many_all_events_are_drawn_alike(tmp_path: Path) -> None:
    events = [order(i, i / 1000) for i in range(2000)]
    labels = [label(i, i / 1000, known=4) for i in range(0, 2000, 2)]
    rows = rows_of(tmp_path, events, labels, until=5, max_rows=600)
    assert 200 < len(rows) <= 600
    assert rows.label.mean() == pytest.approx(0.5, abs=0.1)
    assert rows.weights().tolist() == [1.0] * len(rows)
    assert rows.log_share == 0.0


def test_below_the_limit_nothing_is_drawn(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, [order(i, i / 10) for i in range(20)], [], until=5, max_rows=20)
    assert (len(rows), rows.drawn, rows.log_share) == (20, None, 0.0)


def test_a_record_that_cannot_be_read_is_named_with_file_and_line(tmp_path: Path) -> None:
    for wrong, what in (({"amount": -1}, "amount"), ({"event_time": None}, "event_time")):
        bad = order(1, 0) | wrong
        with pytest.raises(InputError) as told:
            rows_of(tmp_path, [order(0, 0), bad], [label(0, 0, known=1)], until=5)
        assert str(told.value).startswith(f"{tmp_path / 'events.jsonl'}, line 2: ")
        assert what in str(told.value)
        assert str(told.value).endswith("; mend or remove the record")
