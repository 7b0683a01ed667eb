"""Two files of decisions side by side, so that what belongs together is read together."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from topics.errors import InputError
from topics.vocabulary import ACTIONS

ROWS: Final = 65_536
NEEDED: Final = ("event_id", "user_id", "type", "event_time_ms", "risk", "action")
VERSIONS: Final = ("model", "feature_version", "policy_version")
AMOUNT: Final = "amount"


class Run:
    """One ``decisions.parquet``, read a part at a time.

    ``versions`` has the model's name and version, the features' and the policy's version and ``n``
    decisions. Raises InputError where the file is not there or lacks a column.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = pq.ParquetFile(path)
        except (OSError, pa.ArrowInvalid) as error:
            raise InputError(f"{path} cannot be read as decisions: {error}") from error
        names = set(self._file.schema_arrow.names)
        if missing := [name for name in (*NEEDED, *VERSIONS) if name not in names]:
            raise InputError(f"{path} has no column {missing[0]!r}; are these decisions?")
        self._columns = [*NEEDED, *([AMOUNT] if AMOUNT in names else [])]
        self.versions = self._versions()

    def parts(self) -> Iterator[pa.Table]:
        """Yield the rows: ``action`` as its code, ``amount`` and ``risk`` float64, NaN unknown."""
        for batch in self._file.iter_batches(ROWS, columns=self._columns):
            part = pa.Table.from_batches([batch])
            yield pa.table(
                {
                    **{name: part[name] for name in NEEDED[:4]},
                    "risk": _numbers(part["risk"]),
                    "action": action_codes(part["action"]),
                    AMOUNT: _numbers(part[AMOUNT])
                    if AMOUNT in part.column_names
                    else pa.array(np.full(len(part), np.nan)),
                }
            )

    def in_order(self) -> bool:
        """Tell whether the rows are in event-time order."""
        last = -np.inf
        for batch in self._file.iter_batches(ROWS, columns=["event_time_ms"]):
            times = batch.column(0).to_numpy()
            if len(times) and (times[0] < last or (np.diff(times) < 0).any()):
                return False
            last = times[-1] if len(times) else last
        return True

    def _versions(self) -> dict[str, Any]:
        n = self._file.metadata.num_rows
        first = next(self._file.iter_batches(1, columns=list(VERSIONS)), None) if n else None
        of = first.to_pylist()[0] if first is not None else dict.fromkeys(VERSIONS)
        return {"n": n, **of}


def matched(before: Run, after: Run) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Yield rows of both such that the rows of one event are in the same pair.

    Where both are in event-time order only what the other has not reached yet is held. Where one is
    not, both are read whole, a few columns of them.
    """
    if before.in_order() and after.in_order():
        yield from _merged(before, after)
    else:
        yield pa.concat_tables(before.parts()), pa.concat_tables(after.parts())


def _merged(before: Run, after: Run) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Walk both by time; a moment's rows are given out once both are past it."""
    sources = [before.parts(), after.parts()]
    held: list[pa.Table | None] = [None, None]
    reached: list[float] = [-np.inf, -np.inf]
    while min(reached) < np.inf:
        slow = int(reached[1] < reached[0])
        part = next(sources[slow], None)
        if part is None:
            reached[slow] = np.inf
        elif len(part):
            mine = held[slow]
            held[slow] = part if mine is None else pa.concat_tables([mine, part])
            reached[slow] = part["event_time_ms"][-1].as_py()
        cuts = [_n_before(table, min(reached)) for table in held]
        if any(cuts):
            empty = next(table for table in held if table is not None).slice(0, 0)
            first, second = (
                empty if table is None else table.slice(0, cut).combine_chunks()
                for table, cut in zip(held, cuts, strict=True)
            )
            held = [
                None if table is None else table.slice(cut).combine_chunks()
                for table, cut in zip(held, cuts, strict=True)
            ]
            yield first, second


def _n_before(table: pa.Table | None, moment: float) -> int:
    if table is None:
        return 0
    return int(np.searchsorted(table["event_time_ms"].to_numpy(), moment))


def _numbers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.fill_null(column.cast(pa.float64()), np.nan)


def action_codes(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the codes of actions that are given by name; raises InputError for any other."""
    codes = pc.index_in(column, value_set=pa.array(ACTIONS))
    if codes.null_count:
        known = ", ".join(ACTIONS)
        raise InputError(f"a decision has an action other than {known}; are these decisions?")
    return codes.cast(pa.int8())
