"""A store that is filled with all links at once holds what it would if they had come one by one."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.pipeline.links import LINK, N_KINDS
from stream.worker.entities import EntityStore
from stream.worker.entityload import EntityLoad
from stream.worker.linksink import LinkRecord
from stream.worker.linkstore import LinkStore
from stream.worker.tablefiles import fill_store
from tests.stream.worker.test_entities import Held
from topics.columns import Rows
from topics.scratch import ScratchFolder

LAG_MS = 2_000
START = 1_700_000_000_000
DAY_MS = 86_400_000


def spread(numbers):
    """Return numbers as tokens are: 64 bits that look random; 0 stays 0."""
    tokens = np.asarray(numbers, np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return tokens ^ tokens >> np.uint64(29)


def history(seed: int, n_records: int, n_each: int, n_events: int, span_ms: int) -> list[Rows]:
    """Return records of links, some with labels, of few events and entities and many users."""
    chance = np.random.default_rng(seed)
    parts = []
    for number in range(n_records):
        n = int(chance.integers(1, n_each + 1))
        rows = np.zeros(n, LINK)
        rows["offset"] = np.arange(n) + 1_000 * number
        rows["event"] = spread(chance.integers(1, n_events + 1, n))
        rows["user"] = chance.integers(0, 1 << 47, n) * (chance.random(n) < 0.7)
        rows["time_ms"] = START + number * span_ms // n_records + chance.integers(0, 60_000, n)
        rows["event_ms"] = rows["time_ms"] - 5
        rows["amount"] = chance.random(n).round(2) * chance.integers(0, 2, n)
        rows["is_label"] = chance.random(n) < (0.3 if seed % 2 else number % 3 == 0)
        label = rows["is_label"] == 1
        rows["kept"] = ~label & (chance.random(n) < 0.8)
        rows["is_order"] = ~label & (chance.random(n) < 0.5)
        rows["labels"], rows["frauds"] = label, label * chance.integers(-1, 2, n)
        kinds = chance.integers(0, [40, 40, 9, 9, 2, 1], (n, N_KINDS))
        rows["tokens"] = spread(kinds + 100 * np.arange(N_KINDS) + 1) * (kinds % 4 != 3)
        rows["tokens"][label] = 0
        parts.append(rows)
    return parts


def records(parts: list[Rows]) -> list[LinkRecord]:
    return [LinkRecord(0, at, 0, 0, -1, rows.tobytes()) for at, rows in enumerate(parts)]


def one_by_one(given: list[LinkRecord]) -> dict[bytes, bytes]:
    entities, held = EntityStore(LAG_MS), Held()
    entities.open(held)
    for record in given:
        held.write(list(entities.apply([record])))
    return dict(held)


def at_once(load: EntityLoad, given: list[LinkRecord], n_each: int = 7) -> dict[bytes, bytes]:
    for first in range(0, len(given), n_each):
        load.add(given[first : first + n_each])
    keys, values = [], []
    for some, theirs in load.sorted():
        keys += some
        values += theirs
    load.close()
    assert keys == sorted(set(keys))
    return dict(zip(keys, values, strict=True))


@pytest.fixture
def folders(tmp_path) -> Iterator[Path]:
    """Folders, one for each load."""

    def folders():
        for number in itertools.count():
            folder = tmp_path / str(number)
            folder.mkdir()
            yield folder

    return folders()


@pytest.mark.parametrize("span_ms", [1_000, 3 * 3_600_000, 60 * DAY_MS])
@pytest.mark.parametrize("n_events", [30, 3_000])
@pytest.mark.parametrize("seed", range(4))
def test_the_bytes_are_those_of_records_that_come_one_by_one(folders, seed, n_events, span_ms):
    given = records(history(seed, 60, 40, n_events, span_ms))
    expected = one_by_one(given)
    assert {key[:1] for key in expected} >= {b"e", b"n"} | ({b"w"} if n_events > 1_000 else set())
    assert at_once(EntityLoad(next(folders), LAG_MS), given) == expected


@given(
    seed=st.integers(0, 1 << 30),
    n_records=st.integers(1, 30),
    n_each=st.sampled_from([1, 3, 60]),
    n_events=st.integers(1, 200),
    memory=st.sampled_from([1, 500, 20_000, 1 << 20]),
)
@settings(max_examples=60, deadline=None)
def test_the_bytes_do_not_depend_on_what_fits_in_memory(seed, n_records, n_each, n_events, memory):
    given = records(history(seed, n_records, n_each, n_events, DAY_MS))
    with ScratchFolder("riskstream-test-") as folder:
        load = EntityLoad(folder, LAG_MS, range_bytes=memory, run_bytes=memory)
        assert at_once(load, given, n_each) == one_by_one(given)


def test_rows_that_were_handed_over_before_are_left_out(folders):
    rows = history(1, 1, 50, 20, DAY_MS)[0]
    again = LinkRecord(0, 1, 0, 0, int(rows["offset"][9]), rows.tobytes())
    first = LinkRecord(0, 0, 0, 0, -1, rows[:10].tobytes())
    loaded = at_once(EntityLoad(next(folders), LAG_MS), [first, again])
    assert loaded == one_by_one(records([rows[:10], rows[10:]]))


def test_a_store_that_is_filled_at_once_is_read_and_written_like_any_other(tmp_path):
    parts = history(3, 40, 40, 500, DAY_MS)
    with ScratchFolder("load-", tmp_path) as scratch:
        store = LinkStore(tmp_path / "links")
        load = EntityLoad(scratch, LAG_MS)
        load.add(records(parts[:30]))
        fill_store(store, load.sorted(), scratch)
        load.close()
    store.close()
    store = LinkStore(tmp_path / "links")
    entities = EntityStore(LAG_MS)
    entities.open(store)
    for record in records(parts[30:]):
        store.write(entities.apply([record]))
    store.compact()
    assert dict(store.items()) == one_by_one(records(parts))
    store.close()


def test_tables_of_an_empty_store_are_no_more_than_it_needs(tmp_path):
    store = LinkStore(tmp_path / "links")
    fill_store(store, [([], []), ([b"a"], [b"1"]), ([b"b", b"c"], [b"", b"3"])], tmp_path)
    assert dict(store.items()) == {b"a": b"1", b"b": b"", b"c": b"3"}
    store.close()
