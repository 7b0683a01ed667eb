"""Which decision of one set is about the same event as which of the other."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Matched:
    """Decisions about the same events: row i of both tables is about the same one.

    ``missing`` are the decisions of ``logged`` without a counterpart, ``extra`` those of
    ``replayed``.
    """

    logged: pa.Table
    replayed: pa.Table
    missing: pa.Table
    extra: pa.Table


def counting(table: pa.Table) -> pa.Table:
    """Return one decision per event, in the order of the table: the first of the highest revision.

    >>> counting(pa.table({"event_id": ["a", "b", "a", "a"], "revision": [0, 0, 1, 1],
    ...                    "risk": [0.1, 0.2, 0.3, 0.4]}))["risk"].to_pylist()
    [0.2, 0.3]
    """
    ids = pc.dictionary_encode(table["event_id"]).combine_chunks().indices.to_numpy()
    order = np.lexsort((-table["revision"].to_numpy().astype(np.int64), ids))  # stable
    first = np.diff(ids[order], prepend=-1) != 0
    return table if first.all() else table.take(np.sort(order[first]))


def match(logged: pa.Table, replayed: pa.Table) -> Matched:
    """Pair the decisions of two sets with one decision per event each."""
    at = pc.index_in(replayed["event_id"], value_set=logged["event_id"].combine_chunks())
    found = pc.is_valid(at)
    absent = np.ones(len(logged), np.bool_)
    absent[at.drop_null().to_numpy()] = False
    return Matched(
        logged.take(at.drop_null()),
        replayed.filter(found),
        logged.filter(pa.array(absent)),
        replayed.filter(pc.invert(found)),
    )


def judged(table: pa.Table) -> NDArray[np.bool_]:
    """Return bool[n], which decisions are warm and complete, so that they can be compared."""
    return flag(table, "warm") & ~flag(table, "degraded")


def flag(table: pa.Table, name: str) -> NDArray[np.bool_]:
    """Return a column of booleans as bool[n]."""
    values: Any = table[name].to_numpy()
    return np.asarray(values, np.bool_)
