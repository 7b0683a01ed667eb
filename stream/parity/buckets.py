"""Decisions spread over files by the hash of their event, so that a part fits into memory."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from math import ceil
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from topics.blake import Blake

ROWS_PER_BUCKET: Final = 25_000
MOST_BUCKETS: Final = 500  # all are open at once; a process may usually open 1,024 files
_HASH_KEY: Final = b"riskstream parity buckets"


def n_buckets(n_rows: int) -> int:
    """Return over how many files to spread ``n_rows`` decisions.

    >>> n_buckets(1), n_buckets(200_000), n_buckets(10**9)
    (1, 8, 500)
    """
    return min(max(1, ceil(n_rows / ROWS_PER_BUCKET)), MOST_BUCKETS)


def spread(
    tables: Iterable[pa.Table], folder: Path, n: int, *, progress: Callable[[float], None]
) -> list[Path]:
    """Write each row into one of ``n`` files by its ``event_id``, in the order of the input.

    Returns the files; none where there is no table. An event lands in the file of the same number,
    whatever the set it comes from.
    """
    paths = [folder / f"{bucket}.arrows" for bucket in range(n)]
    hashed = Blake(_HASH_KEY)
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with ExitStack() as stack:
        writers: list[Any] = []
        for table in tables:
            if not writers:
                writers = [
                    stack.enter_context(pa.ipc.new_stream(path, table.schema, options=options))
                    for path in paths
                ]
            buckets = hashed.column(table["event_id"].to_pylist()) % np.uint64(n)
            order = np.argsort(buckets, kind="stable")
            ends = np.searchsorted(buckets[order], np.arange(n, dtype=np.uint64), "right").tolist()
            ordered = table.take(order)
            for writer, start, end in zip(writers, [0, *ends], ends, strict=False):
                if end > start:
                    writer.write_table(ordered.slice(start, end - start))
            progress(len(table))
    return paths if writers else []


def read_bucket(path: Path) -> pa.Table:
    """Return the rows of one file."""
    with pa.ipc.open_stream(path) as reader:
        return reader.read_all()
