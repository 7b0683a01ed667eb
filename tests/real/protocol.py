"""The protocol of the Fraud Detection Handbook's chapter 3, for any week, by the commands.

A model learns from seven days, whose labels become known seven days after each event, and is tested
on the seven days that follow that delay. From the test leave transactions of customers of whom a
fraud became known: one that happened since the training days began and at least seven days before
the day of the test.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from stream.pipeline.features import NAMES
from tests.real.commands import riskstream
from tests.real.deciding import DATA

TABLE = DATA / "fraud_handbook/transactions.parquet"
FIRST_DAY = date(2018, 4, 1)
"""The day of the table's second 0."""

DELAY_DAYS, WEEK = 7, timedelta(days=7)
SEED = 0


@dataclass(frozen=True)
class Week:
    """A fold of the protocol: seven days of training from ``trains`` on, tested 14 days later."""

    trains: date

    @property
    def tests(self) -> date:
        """The first of the seven days of the test, and the moment of training."""
        return self.trains + 2 * WEEK

    @property
    def training(self) -> tuple[str, ...]:
        """What `riskstream train` is told."""
        delay = ("--label-delay", str(DELAY_DAYS))
        return ("--from", str(self.trains), "--until", str(self.tests), *delay)

    @property
    def testing(self) -> tuple[str, ...]:
        """What `riskstream backtest` is told."""
        return ("--from", str(self.tests), "--to", str(self.tests + WEEK))

    def earlier(self, weeks: int) -> "Week":
        """Return the fold so many weeks before.

        >>> str(PROTOCOL.earlier(1).tests)
        '2018-08-01'
        """
        return Week(self.trains - weeks * WEEK)


PROTOCOL = Week(date(2018, 7, 25))
"""The week of the handbook: tested on 2018-08-08 to 14."""


@dataclass(frozen=True, eq=False)
class Tested:
    """``n`` test rows as they were decided.

    ``features`` float[n, F] in the order of the feature table; the model's probability of fraud
    ``p`` and the forest's ``anomaly``, float[n] in 0 to 1; ``fraud`` 0 or 1; ``customer`` int[n].
    """

    features: NDArray[Any]
    p: NDArray[np.float64]
    anomaly: NDArray[np.float64]
    fraud: NDArray[np.int64]
    customer: NDArray[np.int64]


def imported(folder: Path) -> tuple[str, ...]:
    """Import the table into ``folder`` and return how the commands are told where it is."""
    riskstream("import", "handbook", str(TABLE), "--out", str(folder))
    return ("--events", str(folder), "--labels", str(folder))


def rows_of_test(week: Week) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return transaction, customer and outcome of the test rows, counted from the table itself."""
    names = ["TRANSACTION_ID", "CUSTOMER_ID", "TX_FRAUD", "TX_TIME_SECONDS"]
    table = pq.read_table(TABLE, columns=names)
    number, customer, fraud, seconds = (table[name].to_numpy().astype(np.int64) for name in names)
    day = seconds // 86_400
    begin, trained = (week.tests - FIRST_DAY).days, (week.trains - FIRST_DAY).days
    kept = np.zeros(len(day), bool)
    for test_day in range(begin, begin + 7):
        known = customer[(fraud == 1) & (day >= trained) & (day < test_day - DELAY_DAYS)]
        kept |= (day == test_day) & ~np.isin(customer, known)
    return number[kept], customer[kept], fraud[kept]


def tested(week: Week, decisions: Path) -> Tested:
    """Return the test rows of a week as they were decided."""
    number, customer, fraud = rows_of_test(week)
    decided = pq.read_table(decisions, columns=["event_id", "p_fraud", "anomaly", *NAMES])
    ids = np.array(
        [int(name.removeprefix("handbook-")) for name in decided["event_id"].to_pylist()]
    )
    order = np.argsort(ids)
    at = order[np.searchsorted(ids[order], number)]
    if not (ids[at] == number).all():
        raise ValueError(f"{decisions} lacks transactions of the test week")
    p, anomaly = (
        decided[name].to_numpy().astype(np.float64)[at] for name in ("p_fraud", "anomaly")
    )
    return Tested(matrix(decided)[at], p, anomaly, fraud, customer)


def matrix(table: pa.Table) -> NDArray[Any]:
    """Return the features of a table, float[n, F] in the order of the feature table."""
    return np.column_stack([table[name].to_numpy() for name in NAMES])


def others(rows: Path, week: Tested) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Yield name and scores of the test rows of models fitted to the very rows of a training.

    ``rows`` is what `train --export` wrote. scikit-learn's settings are its defaults.
    """
    training = pq.read_table(rows, columns=["is_fraud", *NAMES])
    x, y = matrix(training), np.array(training["is_fraud"])
    known = ~np.isnan(x).all(axis=0)  # a card stream has no texts, no reviews, no browsing
    logistic = make_pipeline(
        SimpleImputer(add_indicator=True, keep_empty_features=True), StandardScaler(),
        LogisticRegression(max_iter=2_000),
    )  # fmt: skip
    boosting = HistGradientBoostingClassifier(random_state=SEED)
    for name, other in (("gradient boosting", boosting), ("logistic regression", logistic)):
        yield name, other.fit(x[:, known], y).predict_proba(week.features[:, known])[:, 1]
