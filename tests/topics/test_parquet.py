"""Parquet of others: every value has a form in JSON, or its column is named."""

from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from topics.errors import InputError
from topics.parquet import rows


def contents(path: Path) -> list[Any]:
    return [orjson.loads(value) for values in rows(path, n_rows=100) for value in values]


def refused(path: Path) -> str:
    with pytest.raises(InputError) as raised:
        contents(path)
    assert str(raised.value).startswith(str(path))
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (pa.array([5, None], pa.duration("s")), 5000),
        (pa.array([5_000_001, None], pa.duration("ns")), 5),
        (pa.array([[2_000_000], None], pa.list_(pa.duration("ns"))), [2]),
        (pa.array([3600, None], pa.time32("s")), "01:00:00"),
        (pa.array([3_600_000_001_001, None], pa.time64("ns")), "01:00:00.000001"),
        (pa.array([[("a", 1_000_001)], None], pa.map_(pa.string(), pa.timestamp("ns"))), {"a": 1}),
        (pa.array([[1_000_001, 0], None], pa.list_(pa.timestamp("ns"), 2)), [1, 0]),
    ],
    ids=lambda given: str(given.type) if isinstance(given, pa.Array) else "",
)
def test_times_and_durations_of_every_type_have_a_value(
    tmp_path: Path, column: pa.Array, value: Any
) -> None:
    path = tmp_path / "theirs.parquet"
    pq.write_table(pa.table({"user_id": ["a", "b"], "x": column}), path)
    assert contents(path) == [{"user_id": "a", "x": value}, {"user_id": "b"}]


@pytest.mark.parametrize(
    "column",
    [
        pa.array([[("a", 1), ("a", 2)]], pa.map_(pa.string(), pa.int64())),
        pa.array([[(1, 1)]], pa.map_(pa.int64(), pa.int64())),
        pa.StructArray.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]),
        pa.array([b"\xff"]).view(pa.string()),
    ],
    ids=["repeated key", "number as key", "repeated part", "not UTF-8"],
)
def test_a_column_that_json_cannot_hold_is_named_in_one_sentence(
    tmp_path: Path, column: pa.Array
) -> None:
    path = tmp_path / "theirs.parquet"
    pq.write_table(pa.table({"user_id": ["a"], "odd one": column}), path)
    assert "column 'odd one' of type" in refused(path)


def test_json_in_a_text_column_that_is_nested_too_deep_is_named_in_one_sentence(
    tmp_path: Path,
) -> None:
    path = tmp_path / "theirs.parquet"
    pq.write_table(pa.table({"attributes": ['{"a":' * 300 + "1" + "}" * 300]}), path)
    assert "column 'attributes'" in refused(path)


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "theirs.parquet"
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]), path)
    assert "2 columns 'a'" in refused(path)
