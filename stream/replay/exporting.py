"""Training rows as a table for other tools: point-in-time features, outcomes, and their times."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from model.asked import Asked
from model.fieldchoice import find_fields
from model.habits import FROM_PAST
from model.rows import TrainingRows
from stream.pipeline.features import NAMES
from topics.parquet import TableWriter
from topics.vocabulary import EVENT_TYPES

ROWS_AT_ONCE: Final = 65_536

SCHEMA: Final = pa.schema(
    [
        ("event_id", pa.string()),
        ("user_id", pa.string()),
        ("type", pa.string()),
        ("event_time_ms", pa.int64()),
        ("known_at_ms", pa.int64()),  # null: no label
        ("is_fraud", pa.int8()),
        ("turned_bad", pa.int8()),  # null: its time is not over
        ("spend", pa.float32()),  # null: its time is not over
        ("weight", pa.float64()),  # how many events it stands for, fraud or honest
        ("text", pa.string()),
        *((name, pa.float32()) for name in NAMES),
    ]
)
"""One row per event; the features as they were at the event, null where unknown."""


ASKED: Final = pa.schema(
    [
        ("user_id", pa.string()),
        ("asked_at_ms", pa.int64()),
        ("spend", pa.float32()),
        *((name, pa.float32()) for name in (*FROM_PAST, *NAMES)),
    ]
)
"""One row per customer and moment; all features are as they were then."""


def export_asked(
    asked: Asked, user_ids: list[str], features: NDArray[np.float32], path: Path
) -> None:
    """Write the ``n`` rows that expected spend is learned from.

    ``features`` float32[n, F] are those of the feature table. Raises InputError where the file
    cannot be written.
    """
    known = np.concatenate([asked.habits[:, : len(FROM_PAST)], features], 1)
    with TableWriter(path, ASKED) as writer:
        columns = [pa.array(user_ids, pa.string()), pa.array(asked.time_ms), pa.array(asked.spend)]
        columns += [pa.array(column, mask=np.isnan(column)) for column in known.T.copy()]
        writer.write_table(pa.Table.from_arrays(columns, schema=ASKED))


def export_rows(
    rows: TrainingRows,
    event_ids: list[str],
    user_ids: list[str],
    known_ms: NDArray[np.int64],
    path: Path,
) -> None:
    """Write ``n`` rows in the order of event time.

    Behind the features stand the columns of fields, as a model reads them.
    ``known_ms`` int64[n] is when the event's label became known, 0 where it has none. Raises
    InputError where the file cannot be written.
    """
    found = rows.by_time()
    attributes = find_fields(found.x, found.user, found.label)
    schema = pa.schema([*SCHEMA, *((name, pa.float32()) for name in attributes.names)])
    order = np.argsort(rows.time_ms, kind="stable")
    with TableWriter(path, schema) as writer:
        for begin in range(0, len(order), ROWS_AT_ONCE):
            at = order[begin : begin + ROWS_AT_ONCE]
            part = rows.take(at)
            part = replace(part, x=attributes.widened(part.x, len(NAMES)))
            columns = _columns(part, event_ids, user_ids, known_ms[at], at)
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))


def _columns(
    part: TrainingRows,
    event_ids: list[str],
    user_ids: list[str],
    known: NDArray[np.int64],
    at: NDArray[np.int64],
) -> list[pa.Array]:
    """Return the columns of the rows at ``at``, which are ``part``."""
    picks = at.tolist()
    columns = [
        pa.array([event_ids[i] for i in picks], pa.string()),
        pa.array([user_ids[i] for i in picks], pa.string()),
        pa.array(EVENT_TYPES, pa.string()).take(pa.array(part.x.rows["type"])),
        pa.array(part.time_ms),
        pa.array(known, mask=known == 0),
        pa.array(part.label),
        pa.array(part.turned_bad, mask=part.turned_bad < 0),
        pa.array(part.spend, mask=np.isnan(part.spend)),
        pa.array(part.weights()),
        pa.array(part.x.texts, pa.string()),
    ]
    features = np.ascontiguousarray(part.x.features.T, np.float32)
    columns += [pa.array(column, mask=np.isnan(column)) for column in features]
    return columns
