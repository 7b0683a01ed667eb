"""Where a file cannot be written, one sentence names it and nothing is left of it."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from topics.errors import InputError
from topics.files import SUFFIXES, write_records
from topics.jsonlines import JsonLinesWriter
from topics.parquet import TableWriter
from topics.partial import partial_name

FULL = Path("/dev/full")
"""The system's own device that answers every write with "no space left"."""
NUMBERS = pa.table({"n": pa.array(range(1000))})

needs_full = pytest.mark.skipif(not FULL.exists(), reason="the system has no /dev/full")


def on_a_full_disk(folder: Path, name: str) -> Path:
    """Return a path below which the disk is full, with an old file of that name."""
    path = folder / name
    path.write_bytes(b"the old one")
    partial_name(path).symlink_to(FULL)
    return path


def assert_only_the_old_file_is_left(path: Path) -> None:
    assert [(entry.name, entry.read_bytes()) for entry in path.parent.iterdir()] == [
        (path.name, b"the old one")
    ]


@needs_full
@pytest.mark.parametrize("n", [1, 100_000])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_is_one_sentence_that_names_the_file(
    tmp_path: Path, suffix: str, n: int
) -> None:
    path = on_a_full_disk(tmp_path, f"a{suffix}")
    records: list[dict[str, Any]] = [{"event_id": os.urandom(8).hex()} for _ in range(n)]
    with pytest.raises(InputError) as raised, write_records(path) as writer:
        writer.write(records)
    assert str(raised.value) == f"cannot write {path}: No space left on device"
    assert_only_the_old_file_is_left(path)


@needs_full
def test_a_table_on_a_full_disk_is_one_sentence_that_names_the_file(tmp_path: Path) -> None:
    path = on_a_full_disk(tmp_path, "a.parquet")
    with pytest.raises(InputError) as raised, TableWriter(path, NUMBERS.schema) as writer:
        writer.write_table(NUMBERS)
    assert str(raised.value) == f"cannot write {path}: No space left on device"
    assert_only_the_old_file_is_left(path)


def test_a_disk_that_fills_up_in_the_middle_of_a_table_is_told_just_so(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"the old one")
    with pytest.raises(InputError, match=r"a\.parquet: File too large$") as raised:
        write_within_a_limit(path, 100_000)
    assert "\n" not in str(raised.value)
    assert_only_the_old_file_is_left(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_signal_just_when_the_file_is_made_leaves_nothing_behind(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def interrupted(*_: object, **__: object) -> None:
        made.extend(tmp_path.iterdir())
        raise KeyboardInterrupt

    monkeypatch.setattr(JsonLinesWriter, "_compressed", interrupted)
    create = pq.ParquetWriter.__init__
    monkeypatch.setattr(pq.ParquetWriter, "__init__", lambda *a, **k: interrupted(create(*a, **k)))
    with pytest.raises(KeyboardInterrupt), write_records(tmp_path / f"a{suffix}"):
        pass
    assert made
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_interruption_leaves_nothing_behind(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"the old one")
    with pytest.raises(KeyboardInterrupt), write_records(path) as writer:
        writer.write(interrupted())
    assert_only_the_old_file_is_left(path)


def interrupted() -> Iterator[dict[str, Any]]:
    """Yield one record, and stop as Ctrl-C does."""
    yield {"event_id": "e"}
    raise KeyboardInterrupt


def write_within_a_limit(path: Path, n_bytes: int) -> None:
    """Write a table while no file of this process may be longer than ``n_bytes``."""
    import resource  # noqa: PLC0415 (not on every system)

    table = pa.table({"text": [os.urandom(64).hex() for _ in range(10_000)]})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with TableWriter(path, table.schema) as writer:
        resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
        try:
            for _ in range(4):
                writer.write_table(table)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
