"""The folder of the local stores: damaged, or on a disk that is full."""

import dataclasses
import os
import subprocess
from pathlib import Path

import pytest

from tests.chaos.load import Load
from tests.chaos.watch import Watch, alive, finish, supervised
from tests.stream.worker.market import Market, traffic
from tests.stream.worker.process import WorkerProcess

pytestmark = [pytest.mark.kafka, pytest.mark.chaos]

DISK_BYTES = 24 << 20


def scribble(path: Path) -> None:
    """Overwrite the first half of a file."""
    with path.open("r+b") as file:
        file.write(os.urandom(max(1, path.stat().st_size // 2)))


def damage_tables(folder: Path) -> int:
    tables = sorted(folder.rglob("*.sst"))
    for path in tables:
        scribble(path)
    return len(tables)


def damage_lists(folder: Path) -> int:
    """Break the file by which each store finds its tables."""
    lists = sorted(folder.rglob("CURRENT"))
    for path in lists:
        path.write_text("junk\n")
    return len(lists)


def damage_some(folder: Path) -> int:
    """Remove a table or cut it off, in every other store."""
    tables = sorted(folder.rglob("*.sst"))[::2]
    for number, path in enumerate(tables):
        path.unlink() if number % 2 else os.truncate(path, path.stat().st_size // 3)
    return len(tables)


DAMAGES = {
    "its tables overwritten": damage_tables,
    "its lists overwritten": damage_lists,
    "tables missing or cut off": damage_some,
}


@pytest.mark.quick
@pytest.mark.parametrize("name", DAMAGES)
def test_a_local_store_that_is_damaged(market, tmp_path, judge, name):
    worker = market.worker(tmp_path)
    market.give(*traffic(5_000, ["order", "browse", "review"], seed=1))
    worker.start()
    finish(market, alive(worker), worker)
    assert DAMAGES[name](tmp_path / market.application) > 1
    market.give(*traffic(5_000, ["order", "browse", "review"], seed=2))
    watch = Watch(market)
    worker.start()
    seconds = watch.seconds(supervised(worker))
    finish(market, supervised(worker), worker)
    assert "is dropped and filled from Kafka again" in worker.log.read_text()
    judge(market, f"the local stores are damaged: {name}",
          "the damage is found, the store dropped and filled from Kafka again", 1,
          [seconds])  # fmt: skip


@pytest.fixture
def small_disk(tmp_path):
    """A file system of a few megabytes, where the system lets us make one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no `mount` here")
    if done.returncode:
        pytest.skip(f"a small disk cannot be made here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Leave no room on the disk of a folder."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            return ballast


@pytest.fixture
def narrow(kafka):
    """Topics of one partition, whose store is soon large enough to be written."""
    yield Market(kafka, partitions=1)
    WorkerProcess.kill_all()


@pytest.mark.slow
def test_a_disk_that_is_full(narrow, small_disk, tmp_path, judge):
    market = narrow
    worker = market.worker(small_disk / "state")
    worker.log = tmp_path / "log.txt"  # what it says must not need the disk
    worker.settings = dataclasses.replace(worker.settings, stats_path=tmp_path / "stats.json")
    worker._arguments = (worker.settings, str(worker.log), *worker._arguments[2:])
    with Load(market, 3_000):
        worker.start()
        Watch(market).seconds(alive(worker), 240)
        ballast = fill(small_disk)
        assert worker.wait(60) == 70, worker.tail()
        last = worker.new_log().splitlines()[-1]
        assert last.startswith("The worker stopped: "), last
        assert "No space left on device" in last
        worker.start()
        assert worker.wait(60) == 2, worker.tail()
        last = worker.new_log().splitlines()[-1]
        assert last.startswith(f"the local store {small_disk}"), last
        assert "No space left on device" in last
        ballast.unlink()
        watch = Watch(market)
        worker.start()
        seconds = watch.seconds(supervised(worker))
    finish(market, supervised(worker), worker)
    judge(market, "the disk of the local stores is full",
          "the worker ends with 70 before the acknowledgement, at the next start with 2, each time "
          "with a sentence; counted from the start after there is room", 2, [seconds])  # fmt: skip
