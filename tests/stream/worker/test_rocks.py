import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from stream.worker.damage import DamagedStoreError
from stream.worker.rocks import Rocks, block_cache


def test_keys_are_found_by_their_beginning(tmp_path) -> None:
    rocks = Rocks(tmp_path / "store", block_cache(1 << 20))
    rocks.write([(b"wa", b"1"), (b"wb", b""), (b"x", b"2"), (b"v", b"3"), (b"wc", b"4")])
    rocks.write([(b"wc", None)])
    assert list(rocks.keys(b"w")) == [b"wa", b"wb"]
    assert list(rocks.keys(b"y")) == []
    rocks.close()


def test_what_was_written_too_long_ago_is_dropped_by_a_compaction(tmp_path) -> None:
    rocks = Rocks(tmp_path / "store", block_cache(1 << 20), kept_s=3)
    rocks.write([(b"old", b"1"), (b"renewed", b"1")])
    time.sleep(4.1)
    rocks.write([(b"renewed", b"2"), (b"new", b"2")])
    rocks.compact()
    assert list(rocks.items()) == [(b"new", b"2"), (b"renewed", b"2")]
    rocks.close()
    again = Rocks(tmp_path / "store", block_cache(1 << 20), kept_s=3)
    assert again.get_many([b"old", b"new"]) == [None, b"2"]
    again.close()


def test_a_compaction_after_a_reopening_drops_nothing_new(tmp_path) -> None:
    pairs = [(b"%d" % i, b"ends in zeros" + bytes(4)) for i in range(10)]
    for _ in range(3):
        rocks = Rocks(tmp_path / "store", block_cache(1 << 20), kept_s=1_000)
        rocks.write(pairs)
        rocks.close()
        again = Rocks(tmp_path / "store", block_cache(1 << 20), kept_s=1_000)
        again.compact()
        assert list(again.items()) == pairs
        again.close()


def first(folder: Path, pattern: str) -> Path:
    return next(iter(sorted(folder.glob(pattern))))


def scribble(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(os.urandom(path.stat().st_size // 2))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "junk in CURRENT": lambda folder: (folder / "CURRENT").write_text("junk\n"),
    "no CURRENT": lambda folder: (folder / "CURRENT").unlink(),
    "no manifest": lambda folder: first(folder, "MANIFEST*").unlink(),
    "a table that is cut off": lambda folder: os.truncate(first(folder, "*.sst"), 1000),
    "no table": lambda folder: first(folder, "*.sst").unlink(),
}


@pytest.fixture
def filled(tmp_path) -> Path:
    folder = tmp_path / "store"
    rocks = Rocks(folder, block_cache(1 << 20))
    rocks.write([(b"%d" % i, os.urandom(500)) for i in range(1000)])
    rocks.close()
    return folder


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_store_begins_anew_when_it_is_opened_and_says_so(filled, damage, caplog) -> None:
    damage(filled)
    rocks = Rocks(filled, block_cache(1 << 20))
    assert list(rocks.items()) == []
    assert f"{filled} is dropped and filled from Kafka again" in caplog.text
    rocks.close()


def test_damage_that_shows_when_it_is_read_ends_the_worker_and_is_mended_at_the_next_start(
    filled,
) -> None:
    scribble(first(filled, "*.sst"))
    rocks = Rocks(filled, block_cache(1 << 20))
    with pytest.raises(DamagedStoreError, match="start the worker again"):
        rocks.get_many([b"%d" % i for i in range(1000)])
    rocks.close()
    again = Rocks(filled, block_cache(1 << 20))
    assert list(again.items()) == []
    again.write([(b"1", b"2")])
    again.close()
    assert Rocks(filled, block_cache(1 << 20)).get(b"1") == b"2"


def test_a_damaged_table_is_no_empty_store(filled) -> None:
    """An iterator of RocksDB ends where it cannot read on, as it does at the end."""
    scribble(first(filled, "*.sst"))
    rocks = Rocks(filled, block_cache(1 << 20))
    with pytest.raises(DamagedStoreError, match="start the worker again"):
        list(rocks.keys(b""))
    rocks.close()


def test_a_store_that_another_holds_is_not_dropped(filled) -> None:
    rocks = Rocks(filled, block_cache(1 << 20))
    with pytest.raises(Exception, match="lock"):
        Rocks(filled, block_cache(1 << 20))
    assert len(list(rocks.items())) == 1000
    rocks.close()
