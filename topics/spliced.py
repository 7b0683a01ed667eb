"""Records joined out of columns of JSON that was written a whole column at a time."""

from collections.abc import Sequence, Sized
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Self

import numpy as np
import orjson
from numpy.typing import NDArray

from topics.compiled import compiled

_COMMA: Final = ord(",")
_CLOSE: Final = ord("]")


@dataclass(frozen=True, eq=False)
class Fragments:
    """``n`` pieces of JSON, the i-th at ``data[begins[i]:ends[i]]``; both int64[n]."""

    data: bytes
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, pieces: Sequence[bytes]) -> Self:
        """Take pieces that are JSON already."""
        return cls(b"".join(pieces), *_one_after_another(pieces))

    @classmethod
    def of_choices(cls, codes: NDArray[Any], choices: Sequence[bytes]) -> Self:
        """Take ``choices[codes[i]]``, JSON already, for each row."""
        few = cls.of(choices)
        at = codes.astype(np.int64)
        return cls(few.data, few.begins[at], few.ends[at])

    @classmethod
    def of_numbers(cls, column: NDArray[Any]) -> Self:
        """Write each number, null for NaN; of a matrix each row as an array."""
        plain = np.ascontiguousarray(column)
        data = orjson.dumps(plain, option=orjson.OPT_SERIALIZE_NUMPY)
        found = np.frombuffer(data, np.uint8)
        begins, ends = np.ones(len(plain), np.int64), np.full(len(plain), len(data) - 1)
        if len(plain) > 1:
            if plain.ndim == 1:
                ends[:-1] = np.flatnonzero(found == _COMMA)
            else:  # the first so many brackets that close are those of the rows
                ends[:-1] = np.flatnonzero(found == _CLOSE)[: len(plain) - 1] + 1
            begins[1:] = ends[:-1] + 1
        return cls(data, begins, ends)

    @classmethod
    def of_texts(cls, texts: Sequence[str]) -> Self:
        """Write each text as it stands between quotes."""
        whole = "".join(texts)
        if whole.isascii() and whole.isprintable() and '"' not in whole and "\\" not in whole:
            return cls(whole.encode(), *_one_after_another(texts))
        return cls.of([orjson.dumps(text)[1:-1] for text in texts])

    def null_where(self, absent: NDArray[np.bool_]) -> Self:
        """Return the same with null in some rows."""
        end = len(self.data)
        begins = np.where(absent, end, self.begins)
        return type(self)(self.data + b"null", begins, np.where(absent, end + 4, self.ends))


def _one_after_another(pieces: Sequence[Sized]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where pieces begin and end that stand one after another, twice int64[n]."""
    sizes = np.fromiter(map(len, pieces), np.int64, len(pieces))
    ends = np.cumsum(sizes)
    return ends - sizes, ends


def spliced(parts: Sequence[bytes | Fragments], n: int) -> list[bytes]:
    r"""Return ``n`` records, each made of all parts in their order; plain bytes stand in each.

    >>> name = Fragments.of_texts(["a", 'b"'])
    >>> spliced([b'{"name":"', name, b'","n":', Fragments.of_numbers(np.array([1, 2])), b"}"], 2)
    [b'{"name":"a","n":1}', b'{"name":"b\\"","n":2}']
    """
    if not n:
        return []
    begins, ends = np.empty((n, len(parts)), np.int64), np.empty((n, len(parts)), np.int64)
    kept: dict[int, int] = {}  # where the data of a column begins: some stand in a record twice
    pieces: list[bytes] = []
    size = 0
    for i, part in enumerate(parts):
        data = part if isinstance(part, bytes) else part.data
        if id(data) not in kept:
            kept[id(data)], size = size, size + len(data)
            pieces.append(data)
        start = kept[id(data)]
        begins[:, i] = start + (0 if isinstance(part, bytes) else part.begins)
        ends[:, i] = start + (len(data) if isinstance(part, bytes) else part.ends)
    total = np.cumsum((ends - begins).sum(axis=1))
    out = np.empty(int(total[-1]), np.uint8)
    _splice(np.frombuffer(b"".join(pieces), np.uint8), begins, ends, out)
    joined = out.tobytes()
    del out, begins, ends, pieces  # as large as the records, which are cut while these would wait
    return [joined[a:b] for a, b in pairwise([0, *total.tolist()])]


@compiled
def _splice(
    data: NDArray[np.uint8],
    begins: NDArray[np.int64],
    ends: NDArray[np.int64],
    out: NDArray[np.uint8],
) -> None:
    at = 0
    for i in range(begins.shape[0]):
        for k in range(begins.shape[1]):
            first, n = begins[i, k], ends[i, k] - begins[i, k]
            for j in range(n):
                out[at + j] = data[first + j]
            at += n
