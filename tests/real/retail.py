"""`make retail`: what the customers of Online Retail spend in 90 days, by the commands.

Trains on all that was known on 2011-08-31, asks about every customer as of that day, and compares
with what each spent until 2011-11-29, net of returns, zeros included. The other methods learn from
the very rows that `train --export-asked` writes: the features of riskstream and the habits that
its spend model reads. scikit-learn's settings are its defaults. `--cut` takes an earlier day:
what had to be chosen was chosen on those.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from model.habits import FROM_PAST
from stream.pipeline.features import NAMES
from tests.real.commands import riskstream
from tests.real.deciding import DATA
from tests.real.spending import Array, Truth, lead, mae, rmse, spearman, truth_of, with_interval

TABLE = DATA / "online_retail/online_retail.parquet"
CUT, DAYS = date(2011, 8, 31), 90
N_CUSTOMERS = 3_355
FEW = ("days_since_last", "orders_one", "orders_kept", "net_one", "net_two", "lifetime")
"""Recency, frequency and money, for a linear regression that a few numbers cannot lead astray."""


def main() -> int:
    """Run it, print the table, and exit 1 where the customers are not those of the protocol."""
    parser = argparse.ArgumentParser(prog="make retail")
    parser.add_argument("--cut", type=date.fromisoformat, default=CUT, metavar="DATE")
    cut = parser.parse_args().cut
    if not TABLE.exists():
        print(f"make retail: no {TABLE}; set RISKSTREAM_TEST_DATA (see docs/data.md)")
        return 2
    with tempfile.TemporaryDirectory(prefix="riskstream-retail-") as name:
        return run(Path(name), cut)


def run(folder: Path, cut: date) -> int:
    """Do everything in ``folder``."""
    data, model = str(folder / "data"), str(folder / "model")
    asked, answers = folder / "asked.parquet", folder / "answers.parquet"
    riskstream("import", "online-retail", str(TABLE), "--out", data)
    began = time.monotonic()
    riskstream("train", "--events", data, "--until", str(cut), "--spend-horizon-days", str(DAYS),
               "--export-asked", str(asked), "--out", model)  # fmt: skip
    print(f"trained in {time.monotonic() - began:.0f} s", flush=True)
    riskstream("estimate", "--events", data, "--model", model, "--at", str(cut),
               "--out", str(answers))  # fmt: skip
    truth = truth_of(TABLE, cut, DAYS)
    told = answered(answers, truth.customers)
    n = len(truth.customers)
    right = cut != CUT or n == N_CUSTOMERS
    zero = float((truth.after == 0).mean())
    print("ok    " if right else "WRONG ", f"{n:,} customers, {zero:.1%} of them spend nothing")
    for line in report(truth, told, pq.read_table(asked)):
        print(line, flush=True)
    return 0 if right else 1


def answered(path: Path, customers: list[str]) -> pa.Table:
    """Return the estimates of ``customers``, in that order; raise ValueError where one lacks."""
    table = pq.read_table(path)
    at = {name: i for i, name in enumerate(table["user_id"].to_pylist())}
    if missing := [name for name in customers if name not in at]:
        raise ValueError(f"{path} has no answer for {len(missing)} customers, {missing[0]} first")
    return table.take(pa.array([at[name] for name in customers]))


def report(truth: Truth, told: pa.Table, asked: pa.Table) -> Iterator[str]:
    """Yield the figures of the three parts, each beside the other methods."""
    spent, others = truth.after, dict(fitted(asked, told))
    mean, median = (told[name].to_numpy() for name in ("spend_mean", "spend_median"))
    yield f"Spearman of expected spend: {with_interval(spearman, mean, spent)}"
    ranked = {"past spend": truth.before} | {
        n: others[n] for n in ("boosting, Poisson", "last value")
    }
    for name, other in ranked.items():
        ahead = lead(spearman, mean, other, spent)
        yield f"  {name:<32} {spearman(other, spent):.3f}; ahead by {ahead}"
    net = truth.net_after
    yield (
        f"  where more returned than bought counts as less than 0: {spearman(mean, net):.3f}, "
        f"past spend {spearman(truth.before, net):.3f}"
    )
    for what, metric, own, names in (
        ("MAE of the median", mae, median, ("boosting, absolute error", "median of the past")),
        ("RMSE of the mean", rmse, mean, ("boosting, Poisson", "linear regression",
                                          "linear regression, six columns", "last value")),
    ):  # fmt: skip
        yield f"{what}: {metric(own, spent):.1f}"
        for name in names:
            less = lead(metric, own, others[name], spent)
            yield (
                f"  {name:<32} {metric(others[name], spent):.1f}; riskstream's less this: "
                f"{less.value:+.1f} ({less.low:+.1f} to {less.high:+.1f})"
            )


def fitted(asked: pa.Table, told: pa.Table) -> Iterator[tuple[str, Array]]:
    """Yield name and estimates of other methods that learn from the exported rows."""
    y = asked["spend"].to_numpy().astype(np.float64)
    columns = (*FROM_PAST, *NAMES)
    x, ours = matrix(asked, columns), matrix(told, columns)
    known = np.nanmax(np.nan_to_num(x), 0) > np.nanmin(np.nan_to_num(x), 0)
    for name, loss in (
        ("boosting, Poisson", "poisson"),
        ("boosting, absolute error", "absolute_error"),
    ):
        boosting = HistGradientBoostingRegressor(loss=loss, random_state=0)
        yield name, boosting.fit(x[:, known], y).predict(ours[:, known])
    few = [columns.index(name) for name in FEW]
    for name, used in (("linear regression", np.flatnonzero(known)),
                       ("linear regression, six columns", np.array(few))):  # fmt: skip
        linear = make_pipeline(SimpleImputer(), StandardScaler(), LinearRegression())
        yield name, linear.fit(x[:, used], y).predict(ours[:, used])
    yield "last value", np.maximum(told["net_one"].to_numpy().astype(np.float64), 0.0)
    yield "median of the past", np.full(len(ours), np.median(y))


def matrix(table: pa.Table, columns: tuple[str, ...]) -> Array:
    """Return columns of a table, float64[n, len(columns)], NaN where unknown."""
    return np.column_stack([table[name].to_numpy().astype(np.float64) for name in columns])


if __name__ == "__main__":
    sys.exit(main())
