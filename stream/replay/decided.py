"""A backtest that was written to a folder, beside what its events say and what became of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from stream.judging.judged import Judged
from stream.replay.backtest import DECISIONS, METRICS
from stream.replay.badrecords import BadRecords
from stream.replay.filehistory import FileHistory
from stream.replay.history import read_history
from stream.replay.matched import action_codes
from stream.replay.outcomes import Collector, Said
from stream.replay.segments import Segments, read_columns
from stream.replay.spool import Spool
from stream.replay.truth import Truth
from topics.decode import Decoder
from topics.errors import InputError
from topics.hashing import Tokens
from topics.scratch import ScratchFolder

_COLUMNS: Final = ("event_id", "p_fraud", "risk", "action", "warm")


@dataclass(frozen=True, eq=False)
class DecidedRun:
    """The decisions of a backtest's folder, in the order of ``event`` uint64[n], their tokens.

    ``said`` has a row for each; ``run`` is what ``metrics.json`` says of the run, ``unlabelled``
    what an event without a label counted as.
    """

    event: NDArray[np.uint64]
    said: Said
    run: dict[str, Any]
    unlabelled: str

    @classmethod
    def read(cls, folder: Path, tokens: Tokens) -> Self:
        """Read a folder; raises InputError where it is not the output of a backtest."""
        metrics = _metrics(folder / METRICS)
        table = _decisions(folder / DECISIONS)
        event = tokens.many(table["event_id"].to_pylist())
        order = np.argsort(event, kind="stable")
        p_fraud, risk = (
            pc.fill_null(table[name].cast(pa.float64()), np.nan).to_numpy()
            for name in ("p_fraud", "risk")
        )
        said = Said(
            p_fraud,
            risk,
            action_codes(table["action"]).to_numpy().astype(np.uint8),
            table["warm"].to_numpy(),
        )
        return cls(event[order], said.take(order), metrics["run"], metrics["unlabelled"])

    def place(self, events: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return where each event's decision stands, int64[n]; -1: it has none."""
        at = np.minimum(np.searchsorted(self.event, events), len(self.event) - 1)
        return np.where(self.event[at] == events, at, -1)


def judged_again(
    run: DecidedRun,
    events: Path,
    labels: Path,
    decoder: Decoder,
    by: Sequence[str],
    advance: Callable[[float], None],
) -> Judged:
    """Return what the run decided beside the labels, with the columns ``by`` as segments.

    Raises InputError where a decision's event is not in ``events``, or no event has a column.
    """
    found = np.zeros(len(run.event), np.bool_)
    history = FileHistory(events, labels, decoder)
    with ScratchFolder("riskstream-evaluate-") as folder, Spool(folder) as spool:
        with Spool(folder) as waiting:
            truth = Truth.of(history.labels(), waiting, bad_from_ms=0)
        collector = Collector(truth, run.unlabelled, None, Segments(by, spool), spool)
        for part in read_history([events], decoder, from_ms=run.run["from_ms"],
                                 until_ms=run.run["to_ms"], bad=BadRecords()):  # fmt: skip
            place = run.place(part.events.rows["event"])
            first = np.sort(np.unique(place, return_index=True)[1])
            at = first[(place[first] >= 0) & ~found[place[first]]]
            found[place[at]] = True
            if len(at):
                columns = read_columns(part.values, by)
                collector.take(replace(part, by=columns), run.said.take(place[at]), at)
            advance(len(part.events))
        if not found.all():
            raise InputError(
                f"{int((~found).sum()):,} of {len(found):,} decided events are not in {events}; "
                "give the events that the backtest read"
            )
        return collector.judged()


def _metrics(path: Path) -> dict[str, Any]:
    try:
        metrics: Any = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise InputError(
            f"{path} cannot be read: {error}; give the --out folder of a backtest"
        ) from error
    run = metrics.get("run") if isinstance(metrics, dict) else None
    if not (isinstance(run, dict) and {"from_ms", "to_ms"} <= run.keys()):
        raise InputError(f"{path} does not say what was run; give the --out folder of a backtest")
    return dict(metrics)


def _decisions(path: Path) -> pa.Table:
    try:
        file = pq.ParquetFile(path)
        missing = [name for name in _COLUMNS if name not in file.schema_arrow.names]
        if missing:
            raise InputError(f"{path} has no column {missing[0]!r}; are these decisions?")
        table = file.read(columns=list(_COLUMNS))
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"{path} cannot be read as decisions: {error}") from error
    if not len(table):
        raise InputError(f"{path} holds no decision; run the backtest over a time with events")
    return table
