"""The simulated shop that benchmarks run on: made once and kept."""

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from pathlib import Path
from typing import Final
from zlib import crc32

import orjson

import topics.simulator
from stream.progress import shown
from topics.files import write_records
from topics.simulator.config import SimulatorConfig
from topics.simulator.shop import Shop
from topics.simulator.spool import Record

DAYS: Final = 90
HISTORY_PER_USER: Final = 30
"""Events of an average user before anything is measured, more than the model looks back on."""

LEAD_SHARE: Final = 0.1
LEAD_LEAST: Final = 10_000
LEFT_OUT: Final = 0.09
"""Share of the orders that are left out with their reviews, so that 7 in 10 events are browsing."""

COUNTS: Final = "counts.json"
_BATCH: Final = 8_192
Advance = Callable[[float], None]


@dataclass(frozen=True)
class ShopSize:
    """How large a shop to simulate: ``n_events`` to measure, after a history for every user."""

    n_users: int
    n_events: int
    seed: int = 7

    @property
    def n_history(self) -> int:
        """Events that fill the users' histories; they are not measured."""
        return self.n_users * HISTORY_PER_USER

    @property
    def n_lead(self) -> int:
        """Events that a worker starts on, before what is measured begins."""
        return max(LEAD_LEAST, min(100_000, int(self.n_events * LEAD_SHARE)))

    @property
    def name(self) -> str:
        """A folder name that differs where the events would."""
        return f"{self.n_users}-{self.n_events}-{self.seed}-{simulator_version()}"


@dataclass(frozen=True)
class ShopFiles:
    """Where the records lie, in order of time, and how many events there are of each part."""

    history: Path
    measured: Path
    n_history: int
    n_lead: int
    n_events: int
    browse_share: float


def shop_files(size: ShopSize, cache: Path) -> ShopFiles:
    """Return the records of a shop, simulating it first if there are none in ``cache`` yet."""
    folder = cache / f"shop-{size.name}"
    if not (folder / COUNTS).exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / COUNTS).write_text(json.dumps(_simulate(size, folder)))
    counts = json.loads((folder / COUNTS).read_text())
    return ShopFiles(folder / "history.jsonl.zst", folder / "measured.jsonl.zst", **counts)


def _simulate(size: ShopSize, folder: Path) -> dict[str, float]:
    wanted = size.n_history + size.n_lead + size.n_events
    config = SimulatorConfig(
        users=size.n_users, days=DAYS, seed=size.seed, events=int(wanted * 1.08)
    )
    with shown("simulating users", size.n_users) as advance:
        shop = Shop(config, by_steps(advance))
    with shop, shown("writing events", wanted) as advance:
        records = _thinned(merge(shop.events(), shop.labels(), key=lambda r: r.time_ms))
        before = _write(folder / "history.jsonl.zst", records, size.n_history, advance)
        after = _write(folder / "measured.jsonl.zst", records, wanted - size.n_history, advance)
    n_events = sum(after.values()) - size.n_lead
    if n_events < size.n_events * 0.9:
        raise RuntimeError(f"the simulated shop has only {n_events:,} events to measure")
    return {
        "n_history": sum(before.values()),
        "n_lead": size.n_lead,
        "n_events": n_events,
        "browse_share": after["browse"] / sum(after.values()),
    }


def _write(path: Path, records: Iterator[Record], n_events: int, advance: Advance) -> Counter[str]:
    """Write records up to the ``n_events``-th event, and count the events by type."""
    types: Counter[str] = Counter()
    with write_records(path) as writer:
        while n_events > types.total():
            part = list(islice(records, min(_BATCH, n_events - types.total())))
            if not part:
                break
            types.update(record.kind for record in part if record.kind != "label")
            writer.write([record.value for record in part])
            advance(len(part))
    return types


def by_steps(advance: Advance) -> Callable[[int, int], None]:
    """Return a function that is told the total so far and hands on what was added."""
    before = 0

    def progress(done: int, _: int) -> None:
        nonlocal before
        advance(done - before)
        before = done

    return progress


def simulator_version() -> str:
    """Return a checksum of the simulator's sources: other sources, other events."""
    checksum = 0
    for path in sorted(Path(topics.simulator.__file__).parent.glob("*.py")):
        checksum = crc32(path.read_bytes(), checksum)
    return f"{checksum:08x}"


def _thinned(records: Iterator[Record]) -> Iterator[Record]:
    """Leave out some orders, all that is said of them, and the labels about that."""
    limit = int(LEFT_OUT * (1 << 32))
    gone: set[str] = set()
    for record in records:
        if record.kind != "browse":
            fields = orjson.loads(record.value)
            if record.kind == "label":
                if fields.get("event_id") in gone:
                    continue
            elif crc32((fields.get("order_id") or "").encode()) < limit:
                gone.add(fields["event_id"])
                continue
        yield record
