"""The parts of `make retail`, without its data."""

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.real.retail import FEW, answered, fitted
from tests.real.spending import lead, mae, rmse, spearman, truth_of, with_interval


def test_the_truth_is_net_of_returns_and_ends_with_the_days(tmp_path: Path) -> None:
    lines = [
        (1.0, "2011-01-01 10:00:00", 2, 5.0), (1.0, "2011-01-10 00:00:00", 3, 1.0),
        (1.0, "2011-01-19 23:59:00", 1, 4.0), (1.0, "2011-01-20 00:00:00", 9, 9.0),
        (2.0, "2011-01-09 23:59:00", 1, 8.0), (2.0, "2011-01-12 10:00:00", -1, 8.0),
        (None, "2011-01-01 10:00:00", 1, 1.0), (3.0, "2011-01-15 10:00:00", 1, 1.0),
    ]  # fmt: skip
    names = ("CustomerID", "InvoiceDate", "Quantity", "UnitPrice")
    table = {
        name: list(column) for name, column in zip(names, zip(*lines, strict=True), strict=True)
    }
    pq.write_table(pa.table(table), tmp_path / "t.parquet")
    truth = truth_of(tmp_path / "t.parquet", date(2011, 1, 10), 10)
    assert truth.customers == ["1", "2"]
    assert truth.before.tolist() == [10, 8]
    assert truth.net_after.tolist() == [7, -8]
    assert truth.after.tolist() == [7, 0]


def test_a_lead_is_paired_and_changes_sign_with_the_order() -> None:
    rng = np.random.default_rng(0)
    spent = rng.lognormal(3, 1, 400)
    good, bad = spent * rng.lognormal(0, 0.3, 400), spent * rng.lognormal(0, 2, 400)
    for metric in (spearman, mae, rmse):
        ahead, back = lead(metric, good, bad, spent, 200), lead(metric, bad, good, spent, 200)
        assert ahead.value == pytest.approx(metric(good, spent) - metric(bad, spent))
        assert ahead.low < ahead.value < ahead.high
        assert back.low == pytest.approx(-ahead.high)
    nothing = lead(spearman, good, 2 * good, spent, 50)
    assert (nothing.value, nothing.low, nothing.high) == (0, 0, 0)
    alone = with_interval(spearman, good, spent, 200)
    assert alone.low < alone.value < alone.high


def test_a_customer_without_an_answer_is_an_error(tmp_path: Path) -> None:
    pq.write_table(pa.table({"user_id": ["b", "a"], "x": [2, 1]}), tmp_path / "t.parquet")
    assert answered(tmp_path / "t.parquet", ["a", "b"])["x"].to_pylist() == [1, 2]
    with pytest.raises(ValueError, match="1 customers, c first"):
        answered(tmp_path / "t.parquet", ["a", "c"])


def test_other_methods_learn_from_the_exported_rows() -> None:
    from model.habits import FROM_PAST  # noqa: PLC0415 - as the table's columns
    from stream.pipeline.features import NAMES  # noqa: PLC0415

    rng = np.random.default_rng(0)
    pace = rng.lognormal(3, 1, 600)
    columns = {name: np.full(600, np.nan) for name in (*FROM_PAST, *NAMES)}
    columns |= dict.fromkeys(FEW, pace)
    table = pa.table(columns | {"spend": pace})
    for name, found in fitted(table, table):
        if name == "median of the past":
            assert set(found) == {np.median(pace)}
        else:
            assert spearman(found, pace) > 0.99, name
