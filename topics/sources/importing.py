"""Writes a converted data set as files of events and labels."""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from topics.errors import InputError
from topics.files import Writer, write_records
from topics.sources import SOURCES
from topics.sources.conversion import Converted, Options

EVENTS: Final = "events.jsonl.zst"
LABELS: Final = "labels.jsonl.zst"


@dataclass(frozen=True)
class Imported:
    """How many events (by type and status or action) and labels (by kind) were written.

    ``left_out`` counts what the source says is no event, by reason.
    """

    events: Counter[tuple[str, str]] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)


def import_source(
    name: str,
    path: Path,
    out: Path,
    options: Options,
    *,
    limit: int | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> Imported:
    """Convert the data set ``name`` at ``path`` and write it to the folder ``out``.

    ``limit``: stop after this many events. ``labels.jsonl.zst`` is written only where there are
    labels. Raises InputError for a broken table, and where ``out`` has labels of another import.
    """
    done = Imported()
    labels: Writer | None = None
    with ExitStack() as files:
        events = files.enter_context(write_records(out / EVENTS))
        for part in SOURCES[name].convert(path, options):
            kept = part if limit is None else _first(part, limit - done.events.total())
            events.write(kept.events)
            if kept.labels:
                labels = labels or files.enter_context(write_records(out / LABELS))
                labels.write(kept.labels)
            _count(done, kept)
            progress(len(kept.events))
            if limit is not None and done.events.total() >= limit:
                break
        if not done.events:
            raise InputError(f"{path} gave no events; is it the data set {name}?")
        if labels is None and (out / LABELS).exists():
            raise InputError(
                f"{out} has {LABELS} of another import, and {name} gives no labels; "
                "choose another --out"
            )
    return done


def _first(part: Converted, n: int) -> Converted:
    events = part.events[:n]
    ids = {event["event_id"] for event in events}
    labels = [label for label in part.labels if label["event_id"] in ids]
    return Converted(events, labels, part.left_out)


def _count(done: Imported, part: Converted) -> None:
    done.events.update(
        (event["type"], event.get("status") or event.get("action") or "") for event in part.events
    )
    done.labels.update(label["kind"] for label in part.labels)
    done.left_out.update(part.left_out)
