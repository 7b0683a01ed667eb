"""Output records as parquet: every field and every feature in a column of its own."""

from math import nan
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from topics.decisionrecord import TOLD, AlertRecord, CreditRecord, Decided, DecisionRecord
from topics.errors import InputError
from topics.files import read_records
from topics.outputtable import ALERT, CREDIT, OutputWriter, decision_schema

NAMES = ["gap_s", "n_orders_1d", "new_device"]
REASON = {"code": "c", "feature": "gap_s", "value": 1.5, "usual_value": None, "contribution": 0.25,
          "text": "Soon after the last one."}  # fmt: skip
DECIDED: dict[str, Any] = {
    "schema_version": 1, "decision_id": "e.0", "event_id": "e", "user_id": "u", "type": "order",
    "event_time_ms": 1_700_000_000_000, "decided_at_ms": 1_700_000_000_050, "revision": 0,
    "p_fraud": 0.25, "anomaly": None, "risk": 0.5, "action": "hold", "reasons": [REASON],
    "credit_score": 600, "purchasing_power": 12.5, "model": {"name": "m", "version": "1"},
    "feature_version": "f", "policy_version": "p", "degraded": False, "warm": True, "late": False,
    "latency_ms": {"score": 1.5, "read": 0.5},
}  # fmt: skip
TELLING: dict[str, Any] = {
    "status": "placed", "step": None, "order_id": "o", "amount": 12.5, "currency": "EUR",
    "n_items": 2.0, "seller_id": "s", "method": "card", "sku": "a", "category": "c", "query": "q",
    "price": 9.5, "review_id": "r", "rating": 4, "verified_purchase": True, "said": "good",
}  # fmt: skip
FEATURES = np.array([[0.1, nan, 1.0], [nan, 2.0, 1e30]], np.float32)


def decisions() -> list[bytes]:
    return [
        orjson.dumps(
            DECIDED | {"event_id": f"e{i}", "features": row}, option=orjson.OPT_SERIALIZE_NUMPY
        )
        for i, row in enumerate(FEATURES)
    ]


def test_each_feature_has_a_column_with_the_same_bits(tmp_path: Path) -> None:
    path = tmp_path / "decisions.parquet"
    with OutputWriter(path, feature_names=NAMES) as writer:
        writer.write(decisions()[:1])
        writer.write([])
        writer.write([orjson.loads(decisions()[1])])
    table = pq.read_table(path)
    assert table.schema.remove_metadata() == decision_schema(NAMES)
    for name, column in zip(NAMES, FEATURES.T, strict=True):
        values = table.column(name)
        assert values.is_null().to_pylist() == np.isnan(column).tolist()
        read = values.to_numpy()
        np.testing.assert_array_equal(read.view(np.uint32)[~np.isnan(column)],
                                      column.copy().view(np.uint32)[~np.isnan(column)])  # fmt: skip
    row = table.to_pylist(maps_as_pydicts="strict")[1]
    assert {name: row[name] for name in DECIDED} == DECIDED | {"event_id": "e1"}


def test_features_may_come_by_name(tmp_path: Path) -> None:
    path = tmp_path / "decisions.parquet"
    with OutputWriter(path, feature_names=NAMES) as writer:
        writer.write([DECIDED | {"features": {"new_device": 1.0, "gap_s": 2.0}}])
    row = pq.read_table(path).to_pylist()[0]
    assert [row[name] for name in NAMES] == [2.0, None, 1.0]


def test_another_number_of_features_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"decision e\.0 has 2 features of version f"):
        write(tmp_path / "a.parquet", DECIDED | {"features": [1, 2]})
    assert not list(tmp_path.iterdir())


def write(path: Path, record: dict[str, Any]) -> None:
    with OutputWriter(path, feature_names=NAMES) as writer:
        writer.write([record])


def test_a_feature_may_not_hide_a_field() -> None:
    with pytest.raises(ValueError, match="name of a field"):
        decision_schema(["risk"])


@pytest.mark.parametrize(
    ("schema", "record"),
    [
        (ALERT, DECIDED | {"alert_id": "a", "abuse_type": "fraud", "severity": "high",
                           "rules": ["r"],
                           "links": [{"entity": "ip", "token": "t", "n_users": 3}]} | TELLING),
        (CREDIT, {"user_id": "u", "credit_score": 700, "band": "B", "previous_score": None,
                  "p_bad": 0.1, "purchasing_power": 5.5, "updated_at_ms": 7, "event_id": "e",
                  "reasons": [REASON], "model": {"name": "m", "version": "1"},
                  "policy_version": "p"}),
    ],
)  # fmt: skip
def test_alerts_and_credit_records_keep_all_their_fields(
    tmp_path: Path, schema: pa.Schema, record: dict[str, Any]
) -> None:
    path = tmp_path / "rows.parquet"
    with OutputWriter(path, schema) as writer:
        writer.write([record])
    assert pq.read_table(path).to_pylist(maps_as_pydicts="strict") == [record]
    assert [orjson.loads(value).get("user_id") for _, _, value in read_records(path)] == ["u"]


def test_the_columns_are_the_fields_of_the_records() -> None:
    assert set(ALERT.names) == set(AlertRecord.__struct_fields__)
    assert set(CREDIT.names) == set(CreditRecord.__struct_fields__)
    assert {*decision_schema([]).names, "features"} == set(DecisionRecord.__struct_fields__)


def test_what_an_alert_tells_of_its_event_is_apart_from_its_own_fields() -> None:
    assert set(TELLING) == set(TOLD)
    assert not set(TOLD) & {*Decided.__struct_fields__, "alert_id", "rules", "links"}
