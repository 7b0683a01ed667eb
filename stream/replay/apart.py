"""The first half of a replay in a process of its own, so that both halves run at once."""

import multiprocessing
import pickle
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from stream.pipeline.aggregates import N_AGGREGATES
from stream.pipeline.observe import Seen
from stream.replay.badrecords import BadRecords
from stream.replay.filehistory import History
from stream.replay.history import Slice
from stream.replay.observer import Observer, ReplaySettings
from stream.replay.segments import read_columns

HistoryOf = Callable[[], History]
"""Opens a history; a function of a module with arguments that can be pickled."""


@dataclass(frozen=True)
class Span:
    """What of a history to observe: all before ``to_ms``, with past events from ``from_ms`` on.

    ``by`` names the columns that events are reported by.
    """

    from_ms: int
    to_ms: int
    settings: ReplaySettings
    by: tuple[str, ...] = ()


def observed(history: History, span: Span, bad: BadRecords) -> Iterator[tuple[Slice, Seen]]:
    """Yield each slice with what is known at its events; ``bad`` takes what cannot be read."""
    observer = Observer(span.settings)
    reached = False
    for part in history.slices(span.to_ms, bad):
        reached = reached or part.events.rows["time_ms"].max(initial=0) >= span.from_ms
        seen = observer.observe(part, want_past=reached)
        by = read_columns(part.values, span.by) if span.by else {}
        yield replace(part, by=by), seen


def observed_apart(
    open_history: HistoryOf, span: Span, bad: BadRecords
) -> Iterator[tuple[Slice, Seen]]:
    """Do what `observed` does, in another process; slices come without labels and states.

    What goes wrong there is raised here. The process ends with the iterator.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(
        target=_observe, args=(theirs, open_history, span), name="observe", daemon=True
    )
    process.start()
    theirs.close()
    try:
        while True:
            kind, content = _received(ours, process)
            if kind == "slice":
                yield content
            elif kind == "error":
                raise content
            else:
                bad.take(content)
                return
    finally:
        process.terminate()
        process.join()
        ours.close()


def _received(ours: Connection, process: Any) -> tuple[str, Any]:
    try:
        message: tuple[str, Any] = pickle.loads(ours.recv_bytes())
    except EOFError:
        process.join()
        raise RuntimeError(
            f"the process that reads the history ended early, with exit code {process.exitcode}"
        ) from None
    return message


def _observe(theirs: Connection, open_history: HistoryOf, span: Span) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends this one
    signal.signal(signal.SIGTERM, _end)
    bad = BadRecords()
    try:
        for part, seen in observed(open_history(), span, bad):
            _send(theirs, "slice", _light(part, seen))
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # nothing is left to remove, and it ends
        _send(theirs, "end", bad)
    except BrokenPipeError:
        return  # the first process has gone
    except Exception as error:
        _send(theirs, "error", error)


def _end(*_: object) -> None:
    """End with an exception, which removes the temporary files of a sort."""
    raise SystemExit


def _send(theirs: Connection, kind: str, content: object) -> None:
    theirs.send_bytes(pickle.dumps((kind, content), protocol=5))


def _light(part: Slice, seen: Seen) -> tuple[Slice, Seen]:
    """Leave out what the second half of a replay does not read: two thirds of the bytes."""
    nothing = np.zeros(0, np.int64)
    no_labels = part.labels.take([])
    users = replace(
        seen.users,
        aggregates=np.zeros((0, N_AGGREGATES)),
        flags=nothing,
        label_change=np.zeros((0, 2), np.int64),
        packed=np.zeros(0, np.uint8),
    )
    known = replace(seen.known, answers=np.zeros((0, 0, 0)))
    return replace(part, labels=no_labels, label_seq=nothing, values=[]), replace(
        seen, users=users, known=known
    )
