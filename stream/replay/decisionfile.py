"""`decisions.parquet`, written beside the replay on a thread of its own."""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final, Self

import pyarrow as pa

from stream.pipeline.features import NAMES
from topics.decisions import Decisions
from topics.decisiontable import decision_table
from topics.outputtable import decision_schema
from topics.parquet import TableWriter

GROUP_ROWS: Final = 65_536
"""Rows of a row group at least, but for the last."""


class DecisionFile:
    """Takes decisions in their order; the file appears when the ``with`` block ends without error.

    A decision counts as decided at its event's time, so that the same decisions give the same
    bytes. One batch is written while the next is computed.
    """

    def __init__(self, path: Path) -> None:
        self._writer = TableWriter(path, decision_schema(NAMES))
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="decisions")
        self._last: Future[None] = self._pool.submit(lambda: None)
        self._held: list[pa.Table] = []

    def write(self, decisions: Decisions) -> None:
        """Append a batch; raises what went wrong with the one before."""
        self._last.result()
        self._last = self._pool.submit(self._add, decisions)

    def _add(self, decisions: Decisions) -> None:
        self._held.append(decision_table(decisions, NAMES, decisions.event_time_ms))
        if sum(map(len, self._held)) >= GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._held:
            self._writer.write_table(pa.concat_tables(self._held).combine_chunks())
        self._held = []

    def __enter__(self) -> Self:
        self._writer.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        try:
            if kind is None:
                self._last.result()
                self._flush()
        except BaseException as error:
            kind = type(error)
            raise
        finally:
            self._pool.shutdown()
            self._writer.__exit__(kind, *rest)
