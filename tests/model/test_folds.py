"""Time-ordered folds: nothing that became known after a cut teaches what is judged behind it."""

from dataclasses import replace

import numpy as np
import pytest

from model.folds import Fold, KnownRows, folds_of
from tests.model.shop import DAY_MS, history
from topics.errors import InputError

HORIZON_MS = 30 * DAY_MS


def known(n: int = 3_000, after_days: float = 1.0, fraud: float = 0.05) -> KnownRows:
    """Rows of sixty days, each of whose frauds was labelled some days later."""
    rows = history(n, fraud=fraud)
    there = rows.label == 1
    return KnownRows(rows, np.where(there, rows.time_ms + int(after_days * DAY_MS), 0))


def folds(rows: KnownRows, n: int = 3, *, delay_days: int = 2, negative: bool = True) -> list[Fold]:
    return folds_of(rows, n, delay_ms=delay_days * DAY_MS, horizon_ms=HORIZON_MS, negative=negative)


def test_the_newer_half_is_judged_once_and_each_fold_learns_from_what_lies_before() -> None:
    rows = known()
    found = folds(rows)
    judged = np.concatenate([fold.judged_at for fold in found])
    np.testing.assert_array_equal(judged, np.arange(1_500, 3_000))
    times = rows.rows.time_ms
    for fold in found:
        assert times[fold.judged_at].min() >= fold.cut_ms
        assert times[fold.learned_at].max() < fold.cut_ms - 2 * DAY_MS
        np.testing.assert_array_equal(fold.learned.time_ms, times[fold.learned_at])
    assert len(found[0].learned) < len(found[1].learned) < len(found[2].learned)


def test_a_label_that_became_known_after_the_cut_is_not_known_in_the_fold() -> None:
    rows = known(after_days=10)
    for fold in folds(rows):
        late = rows.known_ms[fold.learned_at] > fold.cut_ms
        assert late.any()
        assert (fold.learned.label[late] == 0).all()
        early = ~late
        np.testing.assert_array_equal(
            fold.learned.label[early], rows.rows.label[fold.learned_at][early]
        )


def test_a_fraud_kept_for_its_label_alone_is_learned_from_only_where_that_is_known() -> None:
    rows = known(after_days=10)
    drawn = np.random.default_rng(3).random(len(rows.rows)) < 0.8
    kept = np.flatnonzero(drawn | (rows.rows.label == 1))
    thinned = replace(rows.rows, drawn=drawn, share=0.8).take(kept)
    for fold in folds(KnownRows(thinned, rows.known_ms[kept])):
        late = rows.known_ms[kept][fold.learned_at] > fold.cut_ms
        assert fold.learned.drawn is not None
        assert late.any()
        assert fold.learned.drawn[late].all()
        assert not fold.learned.drawn[~late].all()
        assert (fold.learned.weights()[late] == 1 / 0.8).all()


def test_where_events_without_a_label_are_left_out_so_are_those_of_late_labels() -> None:
    rows = known(after_days=10)
    for fold in folds(rows, negative=False):
        assert (rows.known_ms[fold.learned_at] <= fold.cut_ms).all()
        np.testing.assert_array_equal(fold.learned.label, rows.rows.label[fold.learned_at])


def test_spend_and_turning_bad_are_known_only_where_their_time_was_over() -> None:
    rows = known()
    for fold in folds(rows):
        young = fold.learned.time_ms + HORIZON_MS > fold.cut_ms
        assert np.isnan(fold.learned.spend[young]).all()
        assert np.isfinite(fold.learned.spend[~young]).all()
        open_ = fold.learned.time_ms + HORIZON_MS + 2 * DAY_MS > fold.cut_ms
        assert (fold.learned.turned_bad[open_] == -1).all()
        assert (fold.learned.turned_bad[~open_] >= 0).all()
        assert fold.learned.asked is None


@pytest.mark.parametrize(
    ("rows", "delay_days", "told"),
    [
        (known(600), 25, "fold 1 of 3 has [0-9]+ events to learn from, 200 are needed"),
        (known(3_000, after_days=80), 2, "fold 1 of 3 has 0 frauds for the network to learn from"),
    ],
)
def test_too_little_to_learn_from_is_told_with_what_to_do(
    rows: KnownRows, delay_days: int, told: str
) -> None:
    with pytest.raises(InputError, match=told) as error:
        folds(rows, delay_days=delay_days)
    assert "begin earlier with --from, or ask for fewer --folds" in str(error.value)


def test_a_fold_without_fraud_to_be_judged_on_is_told() -> None:
    rows = known()
    label = rows.rows.label.copy()
    label[2_500:] = 0
    with pytest.raises(InputError, match="fold 3 of 3 has no fraud, or nothing else, to be judged"):
        folds(replace(rows, rows=replace(rows.rows, label=label)))


def test_rows_are_put_in_the_order_of_time_together_with_when_they_became_known() -> None:
    rows = known(500)
    mixed = np.random.default_rng(0).permutation(500)
    again = KnownRows(rows.rows.take(mixed), rows.known_ms[mixed]).by_time()
    np.testing.assert_array_equal(again.rows.time_ms, rows.rows.time_ms)
    np.testing.assert_array_equal(again.known_ms, rows.known_ms)
