from math import nan
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.topics.test_outputs import REASON, decisions_of
from topics.decisions import encode_decisions
from topics.decisiontable import decision_table
from topics.outputtable import OutputWriter
from topics.reasons import Reason

NAMES = ["a", "b", "c", "d"]


def test_the_table_is_what_reading_the_encoded_records_gives(tmp_path: Path) -> None:
    odd = Reason("rule", "b", nan, nan, 0.0, "说明")
    made = decisions_of(
        7,
        reasons=[(), (REASON, odd), (), (odd,), (), (), (REASON,)],
        p_fraud=np.array([0.5, nan, 0.1, 0.2, nan, 1.0, 0.0]),
        credit_score=np.array([600, 0, 650, 300, 0, 850, 700]),
        purchasing_power=np.full(7, nan),
    )
    made.features[2, 1] = nan
    path = tmp_path / "decisions.parquet"
    with OutputWriter(path, feature_names=NAMES) as writer:
        writer.write(encode_decisions(made, decided_at_ms=7, latency_ms={}))
    found = decision_table(made, NAMES, np.full(7, 7))
    assert found.to_pylist() == pq.read_table(path).to_pylist()


def test_no_decisions_give_an_empty_table() -> None:
    assert len(decision_table(decisions_of(7).take([]), NAMES, np.zeros(0, np.int64))) == 0


def test_names_that_do_not_fit_the_features_are_refused() -> None:
    with pytest.raises(ValueError, match="4 features, 3 names"):
        decision_table(decisions_of(2), NAMES[:3], np.zeros(2, np.int64))
