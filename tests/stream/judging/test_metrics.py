"""The whole of ``metrics.json``."""

import json

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from stream.judging.judged import Judged, Segment
from stream.judging.metrics import MOST_VALUES, metrics_of
from tests.stream.judging.cases import judged

CONTRACT = {
    "n", "n_fraud", "roc_auc", "average_precision", "recall_at_fpr_1pct", "precision_at_k",
    "card_precision_at_100", "ks", "log_loss", "brier", "ece",
}  # fmt: skip


def _metrics(events: Judged, n_resamples: int = 10) -> dict:
    found = metrics_of(events, unlabelled="negative", dropped_known=None, n_resamples=n_resamples)
    return json.loads(json.dumps(found, allow_nan=False))


def test_the_names_of_the_contract_are_at_the_top_and_all_is_plain_json() -> None:
    found = _metrics(judged())
    assert set(found) >= CONTRACT
    assert all(found[name] is not None for name in CONTRACT)
    assert found["schema_version"] == 1
    assert found["unlabelled"] == "negative"
    assert set(found["maximum"]) == {
        "roc_auc", "average_precision", "recall_at_fpr_1pct", "ks", "precision_at_k",
        "card_precision_at_100",
    }  # fmt: skip


def test_cold_events_and_those_left_out_take_no_part() -> None:
    events = judged(n_cold=1_000)
    events.label[::7] = -1
    found = _metrics(events)
    at = events.label >= 0
    assert found["n"] == at.sum()
    assert found["n_cold"] == 1_000
    assert found["n_decided"] == 4_000
    assert found["n_left_out"] == (events.label < 0).sum()
    assert found["roc_auc"] == pytest.approx(roc_auc_score(events.label[at], events.score[at]))
    assert found["policy"]["n"] == 3_000


def test_each_type_and_segment_is_judged_alone_and_each_kind_against_all_legitimate() -> None:
    events = judged()
    found = _metrics(events)
    orders = events.type == 0
    assert found["by_type"]["order"]["average_precision"] == pytest.approx(
        average_precision_score(events.label[orders], events.score[orders])
    )
    german = events.segments["country"].codes == 0
    assert found["by_segment"]["country"]["values"]["DE"]["n"] == german.sum()
    reviews = (events.label == 0) | (events.kind == 1)
    assert found["by_kind"]["fake_review"]["roc_auc"] == pytest.approx(
        roc_auc_score(events.label[reviews], events.score[reviews])
    )
    assert found["by_kind"]["fake_review"]["n"] == reviews.sum()
    assert found["by_scenario"] == {}


def test_amounts_weigh_where_they_are_known() -> None:
    events = judged()
    known = ~np.isnan(events.amount)
    found = _metrics(events)["by_amount"]
    assert found["n"] == known.sum()
    assert found["average_precision"] == pytest.approx(
        average_precision_score(
            events.label[known], events.score[known], sample_weight=events.amount[known]
        )
    )
    assert _metrics(judged(300, amount=np.full(300, np.nan)))["by_amount"] is None


def test_a_segment_reports_its_most_frequent_values() -> None:
    n = 2_000
    codes = np.minimum(np.random.default_rng(0).geometric(0.03, n), 79).astype(np.int16)
    names = tuple(f"v{i}" for i in range(80))
    found = _metrics(judged(n, segments={"seller": Segment(codes, names)}), 2)["by_segment"]
    assert found["seller"]["n_values"] == len(set(codes.tolist()))
    sizes = [block["n"] for block in found["seller"]["values"].values()]
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) == MOST_VALUES


def test_the_same_events_and_seed_give_the_same_numbers() -> None:
    assert _metrics(judged()) == _metrics(judged())


def test_smaller_types_of_number_change_next_to_nothing() -> None:
    events = judged()
    small = judged(
        user=(events.user // 12_345_678_901).astype(np.int32),
        score=events.score.astype(np.float32),
        p=events.p.astype(np.float32),
        amount=events.amount.astype(np.float32),
    )
    one, other = _metrics(events), _metrics(small)
    assert other["average_precision"] == one["average_precision"]
    assert other["interval_95"]["roc_auc"] == one["interval_95"]["roc_auc"]
    for name in ("log_loss", "brier", "ece"):
        assert other[name] == pytest.approx(one[name], abs=1e-6)


@pytest.mark.parametrize("label", [0, 1, -1])
def test_one_class_or_no_label_at_all_gives_none_where_nothing_is_known(label) -> None:
    found = _metrics(judged(60, label=np.full(60, label, np.int8)))
    assert found["n_fraud"] == (60 if label == 1 else 0)
    for name in ("roc_auc", "average_precision", "recall_at_fpr_1pct", "ks"):
        assert found[name] is None
        assert found["maximum"][name] is None
        assert found["interval_95"].get(name) is None


def test_no_events_at_all_are_no_error() -> None:
    found = _metrics(judged(0))
    assert found["n"] == 0
    assert found["by_day"] == []
    assert found["card_precision_at_100"] is None


def test_without_a_model_the_ranks_are_judged_and_the_probabilities_are_not() -> None:
    found = _metrics(judged(p=np.full(3_000, np.nan)))
    assert found["roc_auc"] is not None
    assert found["log_loss"] is found["brier"] is found["ece"] is None


def test_a_single_user_has_metrics_and_no_intervals() -> None:
    found = _metrics(judged(300, user=np.ones(300, np.uint64)))
    assert found["roc_auc"] is not None
    assert not any(found["interval_95"].values())
