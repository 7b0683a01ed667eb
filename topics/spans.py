"""One field of a scanned object: its value goes where it belongs, or it is not plain.

``spans`` int64[n_fields, 3] are those of `scan_object`. Every function tells whether the value, or
its absence, is as it should be.
"""

import numpy as np
from numpy.typing import NDArray

from topics.compiled import inlined
from topics.jsonnumber import exact
from topics.jsonvalue import ABSENT, ESCAPED, FALSE, INTEGER, NULL, NUMBER, TEXT, TRUE, Bytes


@inlined
def identity(
    spans: NDArray[np.int64], field: int, out: NDArray[np.int32], column: int, i: int
) -> bool:
    """Take a text without escapes into ``out`` int32[n, I, 2]; it may be absent."""
    if spans[field, 0] == TEXT:
        out[i, column, 0], out[i, column, 1] = spans[field, 1], spans[field, 2]
        return True
    return spans[field, 0] in (ABSENT, NULL)


@inlined
def written(
    spans: NDArray[np.int64], field: int, out: NDArray[np.int32], i: int, which: int
) -> bool:
    """Take a text into ``out`` int32[n, 2, 3]; it may have escapes or be absent."""
    if spans[field, 0] in (TEXT, ESCAPED):
        for k in range(3):
            out[i, which, k] = spans[field, k]
        return True
    return spans[field, 0] in (ABSENT, NULL)


@inlined
def ranged(
    data: Bytes,
    spans: NDArray[np.int64],
    field: int,
    least: float,
    most: float,
    out: NDArray[np.float64],
    i: int,
    column: int,
) -> bool:
    """Take a number between two into ``out`` float64[n, C]; it may be absent."""
    if spans[field, 0] in (INTEGER, NUMBER):
        number = exact(data, spans[field, 1], spans[field, 2])
        out[i, column] = number
        return bool(least <= number <= most)
    return spans[field, 0] in (ABSENT, NULL)


@inlined
def flag(spans: NDArray[np.int64], field: int) -> int:
    """Return 1 for true, 0 for false or absent, -1 for anything else."""
    if spans[field, 0] == TRUE:
        return 1
    return 0 if spans[field, 0] in (ABSENT, NULL, FALSE) else -1
