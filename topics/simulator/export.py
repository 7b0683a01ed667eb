"""A simulated shop as files: events, labels and the truth, each in order of time."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

import orjson

from topics.errors import InputError
from topics.files import write_records
from topics.simulator.config import SimulatorConfig
from topics.simulator.shop import Shop
from topics.simulator.spool import Record

EVENTS_FILE: Final = "events.jsonl.zst"
LABELS_FILE: Final = "labels.jsonl.zst"
TRUTH_FILE: Final = "truth/truth.jsonl.zst"
"""In a folder of its own, because a folder of events and labels is read as a whole."""

_BATCH: Final = 8_192

Progress = Callable[[str, int, int | None], None]
"""Called with a stage (people, events, labels, truth), how much of it is done, and of how much."""


@dataclass
class Summary:
    """What was written.

    ``types`` counts events by type; ``fraud`` the fraudulent order and review events and ``cases``
    the ones among all events that a shop should have stopped, by scenario; ``labels`` by kind and
    whether it is fraud; ``n_bytes`` by file.
    """

    types: Counter[str] = field(default_factory=Counter)
    fraud: Counter[str] = field(default_factory=Counter)
    cases: Counter[str] = field(default_factory=Counter)
    labels: Counter[tuple[str, bool]] = field(default_factory=Counter)
    n_bytes: dict[str, int] = field(default_factory=dict)

    @property
    def fraud_share(self) -> float:
        """The share of order and review events that are fraud, 0 to 1."""
        return self.fraud.total() / max(1, self.types["order"] + self.types["review"])


def write_folder(
    config: SimulatorConfig, folder: Path, progress: Progress | None = None
) -> Summary:
    """Simulate a shop into ``folder``, which is made if it does not exist; return what was written.

    Raises InputError when the folder cannot be written to.
    """
    report = progress or (lambda stage, done, total: None)
    summary = Summary()
    with Shop(config, lambda done, total: report("people", done, total)) as shop:
        for name, records in (
            (EVENTS_FILE, shop.events()),
            (LABELS_FILE, shop.labels()),
            (TRUTH_FILE, shop.truth()),
        ):
            path = folder / name
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                with write_records(path) as writer:
                    for values in _counted(summary, records, path.name.split(".")[0], report):
                        writer.write(values)
                summary.n_bytes[name] = path.stat().st_size
            except OSError as error:
                raise InputError(f"cannot write {path}: {error.strerror or error}") from error
    return summary


def _counted(
    summary: Summary, records: Iterator[Record], stage: str, report: Progress
) -> Iterator[list[bytes]]:
    n = 0
    while batch := list(islice(records, _BATCH)):
        for record in batch:
            if record.kind == "truth":
                truth = orjson.loads(record.value)
                summary.fraud[truth["scenario"]] += truth["type"] != "browse"
                summary.cases[truth["scenario"]] += truth["case"]
            elif record.kind == "label":
                label = orjson.loads(record.value)
                summary.labels[label["kind"], label["is_fraud"]] += 1
            else:
                summary.types[record.kind] += 1
        n += len(batch)
        report(stage, n, None)
        yield [record.value for record in batch]
