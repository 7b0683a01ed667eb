"""Output records as rows of parquet, one column per field and, of decisions, per feature."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa

from topics.decisionrecord import TOLD
from topics.errors import InputError
from topics.jsonlines import Record
from topics.parquet import TableWriter

IDEAL: Final = "ideal.parquet"
"""In a folder of decisions replayed as logged: the same events with what their shared features
would have been had links and labels arrived at once."""

_TEXT: Final = pa.string()
_REASON: Final = pa.struct(
    [
        ("code", _TEXT),
        ("feature", _TEXT),
        ("value", pa.float64()),
        ("usual_value", pa.float64()),
        ("contribution", pa.float64()),
        ("text", _TEXT),
    ]
)
_MODEL: Final = pa.struct([("name", _TEXT), ("version", _TEXT)])
_LINK: Final = pa.struct([("entity", _TEXT), ("token", _TEXT), ("n_users", pa.int64())])

_DECIDED: Final = [
    ("schema_version", pa.int32()),
    ("decision_id", _TEXT),
    ("event_id", _TEXT),
    ("user_id", _TEXT),
    ("type", _TEXT),
    ("event_time_ms", pa.int64()),
    ("decided_at_ms", pa.int64()),
    ("revision", pa.int32()),
    ("p_fraud", pa.float64()),
    ("anomaly", pa.float64()),
    ("risk", pa.float64()),
    ("action", _TEXT),
    ("reasons", pa.list_(_REASON)),
    ("credit_score", pa.int32()),
    ("purchasing_power", pa.float64()),
    ("model", _MODEL),
    ("feature_version", _TEXT),
    ("policy_version", _TEXT),
    ("degraded", pa.bool_()),
    ("warm", pa.bool_()),
    ("late", pa.bool_()),
    ("latency_ms", pa.map_(_TEXT, pa.float64())),
]
_ARROW: Final = {str: _TEXT, float: pa.float64(), int: pa.int64(), bool: pa.bool_()}
ALERT: Final = pa.schema(
    [
        *_DECIDED,
        ("alert_id", _TEXT),
        ("abuse_type", _TEXT),
        ("severity", _TEXT),
        ("rules", pa.list_(_TEXT)),
        ("links", pa.list_(_LINK)),
        *((name, _ARROW[kind]) for name, kind in TOLD.items()),
    ]
)
"""A row of ``risk.alerts``."""
CREDIT: Final = pa.schema(
    [
        ("user_id", _TEXT),
        ("credit_score", pa.int32()),
        ("band", _TEXT),
        ("previous_score", pa.int32()),
        ("p_bad", pa.float64()),
        ("purchasing_power", pa.float64()),
        ("updated_at_ms", pa.int64()),
        ("event_id", _TEXT),
        ("reasons", pa.list_(_REASON)),
        ("model", _MODEL),
        ("policy_version", _TEXT),
    ]
)
"""A row of ``credit.scores``."""


def decision_schema(feature_names: Sequence[str]) -> pa.Schema:
    """Return the columns of ``decisions.parquet``: the fields, then float32 of each feature.

    >>> decision_schema(["gap_s"]).names[-2:]
    ['latency_ms', 'gap_s']
    """
    fields = [*_DECIDED, *((name, pa.float32()) for name in feature_names)]
    if len({name for name, _ in fields}) != len(fields):
        raise ValueError("a feature has the name of a field of risk.decisions")
    return pa.schema(fields)


class OutputWriter(TableWriter):
    """Writes records of an output topic as rows of ``schema``; fields it lacks are left out.

    With ``feature_names`` the schema is that of decisions. Unknown features are null.
    """

    def __init__(
        self, path: Path, schema: pa.Schema | None = None, feature_names: Sequence[str] = ()
    ) -> None:
        super().__init__(path, schema or decision_schema(feature_names))
        self._names = list(feature_names)
        self._plain = pa.schema([f for f in self._schema if f.name not in set(self._names)])

    def write(self, records: Iterable[Record | bytes]) -> None:
        """Append records: objects, or their JSON; ``features`` is their array, or names to values.

        Raises InputError where the array has another length than the names.
        """
        rows = [orjson.loads(r) if isinstance(r, bytes) else dict(r) for r in records]
        if not rows:
            return
        table = pa.Table.from_pylist([_pairs(row) for row in rows], schema=self._plain)
        if self._names:
            values = self._features(rows)
            for name, column in zip(self._names, values.T, strict=True):
                table = table.append_column(
                    pa.field(name, pa.float32()), pa.array(column, mask=np.isnan(column))
                )
        self.write_table(table)

    def _features(self, rows: list[dict[str, Any]]) -> "np.ndarray[Any, np.dtype[np.float32]]":
        n = len(self._names)
        arrays = []
        for row in rows:
            features = row["features"]
            if isinstance(features, dict):
                features = [features.get(name) for name in self._names]
            if len(features) != n:
                raise InputError(
                    f"decision {row.get('decision_id')} has {len(features)} features of version "
                    f"{row.get('feature_version')}, and there are {n} names; "
                    "read it with the release that wrote it"
                )
            arrays.append(features)
        return np.ascontiguousarray(np.array(arrays, np.float64).astype(np.float32))


def _pairs(row: dict[str, Any]) -> dict[str, Any]:
    """Return the row with its map as pairs, which is how Arrow takes one."""
    if isinstance(latency := row.get("latency_ms"), dict):
        row["latency_ms"] = list(latency.items())
    return row
