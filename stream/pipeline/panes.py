"""The panes of one width: adding to them, forgetting old ones, and their packed form."""

from typing import Any

from stream.pipeline.compiled import kernel
from stream.pipeline.packing import (
    get_real,
    get_signed,
    get_varint,
    put_real,
    put_signed,
    put_varint,
)
from stream.pipeline.windows import PANE_MS, is_kept


@kernel
def copy_row(rows: Any, source: int, to: int) -> None:
    """Copy one row of rows [n, m] over another."""
    for j in range(rows.shape[1]):
        rows[to, j] = rows[source, j]


@kernel
def add_to_pane(  # type: ignore[no-untyped-def]
    n_panes, pane_at, pane_count, pane_sum, level, time_ms, newest_ms, counts, sums, max_column
) -> int:
    """Add ``counts`` and ``sums`` to the pane of ``time_ms``; return how many panes there are.

    Panes that no event can ask for any more are dropped first, and an event that belongs to such
    a pane is not added. ``max_column`` of the sums holds a maximum (-1: none does).
    """
    n = 0
    for i in range(n_panes):
        if is_kept(pane_at[i], level, newest_ms):
            if n != i:
                pane_at[n] = pane_at[i]
                copy_row(pane_count, i, n)
                copy_row(pane_sum, i, n)
            n += 1
    pane = time_ms // PANE_MS[level]
    if not is_kept(pane, level, newest_ms):
        return n
    at = n
    while at > 0 and pane_at[at - 1] >= pane:
        at -= 1
    if at == n or pane_at[at] != pane:
        for i in range(n, at, -1):
            pane_at[i] = pane_at[i - 1]
            copy_row(pane_count, i - 1, i)
            copy_row(pane_sum, i - 1, i)
        pane_at[at] = pane
        pane_count[at] = 0
        pane_sum[at] = 0.0
        n += 1
    for c in range(len(counts)):
        pane_count[at, c] += counts[c]
    for x in range(len(sums)):
        if x == max_column:
            pane_sum[at, x] = max(pane_sum[at, x], sums[x])
        else:
            pane_sum[at, x] += sums[x]
    return n


@kernel
def pack_panes(  # type: ignore[no-untyped-def]
    n_panes, pane_at, pane_count, pane_sum, out: Any, at: int, real: Any, real_bytes: Any
) -> int:
    """Write the panes at ``out[at]``, only what is not zero; return the position after them."""
    n_counts = pane_count.shape[1]
    at = put_varint(out, at, n_panes)
    previous = 0
    for i in range(n_panes):
        at = put_signed(out, at, pane_at[i] - previous)
        previous = pane_at[i]
        mask = 0
        for c in range(n_counts):
            if pane_count[i, c] != 0:
                mask |= 1 << c
        for x in range(pane_sum.shape[1]):
            if pane_sum[i, x] != 0.0:
                mask |= 1 << (n_counts + x)
        at = put_varint(out, at, mask)
        for c in range(n_counts):
            if mask >> c & 1:
                at = put_signed(out, at, pane_count[i, c])
        for x in range(pane_sum.shape[1]):
            if mask >> (n_counts + x) & 1:
                at = put_real(out, at, pane_sum[i, x], real, real_bytes)
    return at


@kernel
def unpack_panes(  # type: ignore[no-untyped-def]
    pane_at, pane_count, pane_sum, data: Any, at: int, real: Any, real_bytes: Any
) -> tuple[int, int]:
    """Read the panes at ``data[at]``; return how many there are and the position after them."""
    n_counts = pane_count.shape[1]
    n_panes, at = get_varint(data, at)
    previous = 0
    for i in range(n_panes):
        step, at = get_signed(data, at)
        previous += step
        pane_at[i] = previous
        mask, at = get_varint(data, at)
        for c in range(n_counts):
            pane_count[i, c] = 0
            if mask >> c & 1:
                pane_count[i, c], at = get_signed(data, at)
        for x in range(pane_sum.shape[1]):
            pane_sum[i, x] = 0.0
            if mask >> (n_counts + x) & 1:
                pane_sum[i, x], at = get_real(data, at, real, real_bytes)
    return n_panes, at
