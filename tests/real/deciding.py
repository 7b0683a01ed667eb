"""Import, produce, decide and count: the way of real events from public tables to decisions."""

import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson

from tests.real.commands import riskstream
from tests.real.reference import Count, count, differing
from tests.real.states import counters
from tests.real.working import PARTITIONS, Worked, run_worker
from topics.catalog import CREDIT_SCORES, DEAD_LETTERS, DECISIONS
from topics.consuming import read_topic

BESIDE = Path(__file__).parents[3] / "shared" / "data"
DATA = Path(os.environ.get("RISKSTREAM_TEST_DATA", BESIDE))
TABLES = {"online-retail": "online_retail", "rees46": "browse_rees46", "reviews-zh": "reviews_zh"}


@dataclass(frozen=True)
class Found:
    """What went in and what came out.

    ``imported`` is what the import of each source printed; ``n_scored`` counts decisions with a
    probability of fraud, ``n_degraded`` those without the vector of a text.
    """

    imported: dict[str, str]
    expected: Count
    n_decisions: int
    n_distinct: int
    n_scored: int
    n_degraded: int
    dead: Counter[str]
    credit_users: set[str]
    counters: dict[str, Counter[str]]
    produced_s: float
    worked: Worked

    @property
    def events_per_s(self) -> float:
        """Events decided per second."""
        return self.expected.n_records / self.worked.seconds

    @property
    def differing(self) -> list[str]:
        """Users whose counters are not those of the plain count."""
        return differing(self.counters, self.expected.users)


def absent_tables() -> list[str]:
    """Return the folders of public tables that are not on this machine."""
    return [str(DATA / table) for table in TABLES.values() if not (DATA / table).is_dir()]


def decide_real(
    bootstrap: str,
    folder: Path,
    *,
    n_reviews: int | None,
    model: Path | None = None,
    say: Callable[[str], None] = print,
) -> Found:
    """Run the whole way in ``folder``, with all reviews or the first ``n_reviews``."""
    imported = {source: import_table(source, folder, n_reviews) for source in TABLES}
    for source, printed in imported.items():
        say(f"{source}: {printed}")
    expected = count(folder / "events")
    at = ("--brokers", bootstrap)
    riskstream("topics", "create", *at, "--partitions", str(PARTITIONS))
    say(f"producing {expected.n_records:,} events")
    began = time.monotonic()
    riskstream("produce", str(folder / "events"), *at)
    produced_s = time.monotonic() - began
    say("deciding them")
    worked = run_worker(bootstrap, folder, expected.n_records, model)
    ids: Counter[str] = Counter()
    n_scored = n_degraded = 0
    for record in records(bootstrap, DECISIONS):
        ids[record["event_id"]] += 1
        n_scored += record["p_fraud"] is not None
        n_degraded += record["degraded"]
    return Found(
        imported, expected, ids.total(), len(ids), n_scored, n_degraded,
        Counter(record["reason"] for record in records(bootstrap, DEAD_LETTERS)),
        {record["user_id"] for record in records(bootstrap, CREDIT_SCORES)},
        counters(bootstrap, "riskstream.changelog"),
        produced_s, worked,
    )  # fmt: skip


def import_table(source: str, folder: Path, n_reviews: int | None) -> str:
    """Import one table as a file of events below ``folder`` and return what was printed."""
    limit = ("--limit", str(n_reviews)) if source == "reviews-zh" and n_reviews else ()
    out = folder / "imported" / source
    printed = riskstream("import", source, str(DATA / TABLES[source]), "--out", str(out), *limit)
    target = folder / "events" / f"{source}.jsonl.zst"
    target.parent.mkdir(parents=True, exist_ok=True)
    (out / "events.jsonl.zst").rename(target)
    return printed


def records(bootstrap: str, topic: str):
    """Yield the records of a topic as objects."""
    for taken in read_topic(bootstrap, topic):
        yield from (orjson.loads(value) for value in taken.values if value)
