"""A new folder is filled from the changelog before its worker joins, in a process of its own."""

import asyncio
import os
import shutil
import signal
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from stream.worker.catchup import wait_for_links
from stream.worker.cluster import Cluster
from stream.worker.filling import FILLED, SCRATCH, Filling
from stream.worker.partition import PartitionStore, partition_folder
from stream.worker.rocks import block_cache
from tests.stream.worker.process import WorkerProcess
from tests.stream.worker.shop import Shop
from topics.consuming import bounds
from topics.errors import InputError

pytestmark = pytest.mark.kafka


def states_in(folder: Path, shop: Shop) -> dict[bytes, bytes]:
    """Return all stored values, after checking that each partition is read to its end."""
    topic, found = f"{shop.prefix}app.changelog", {}
    for number, (_, end) in bounds(shop.brokers, topic).items():
        store = PartitionStore(partition_folder(folder, number), block_cache(1 << 20), 1 << 20)
        assert store.position == end - 1
        found |= store.items()
        store.close()
    return found


@pytest.fixture
def filled(shop, tmp_path):
    """A shop whose application has worked off 8,000 events, and the folder of its worker."""
    worker = WorkerProcess(shop.settings(tmp_path / "first"))
    shop.send(8_000)
    worker.start()
    shop.wait_until_done(worker.settings.application, worker)
    assert worker.stop() == 0
    return shop, tmp_path / "first" / worker.settings.application


def work_off(shop: Shop, folder: Path) -> None:
    """Let the worker of a folder decide what is there, and write the changelog."""
    worker = WorkerProcess(shop.settings(folder.parent))
    worker.start()
    shop.wait_until_done(worker.settings.application, worker)
    assert worker.stop() == 0


def begin(shop: Shop, folder: Path, at_least: int = 1) -> Filling | None:
    topic = f"{shop.prefix}app.changelog"
    life = Cluster(shop.settings(folder)).lives([topic])[topic]
    folder.mkdir(exist_ok=True)
    return Filling.begin(shop.brokers, topic, life, folder, at_least)


def wait(filling: Filling | None) -> Filling:
    assert filling is not None
    filling.finish()
    return wait_for(filling, "end")


def wait_for(filling: Filling, doing: str) -> Filling:
    deadline = time.monotonic() + 60
    while filling.doing != doing:
        filling.poll()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return filling


def test_the_stores_hold_what_those_of_the_worker_hold_that_wrote_the_changelog(filled, tmp_path):
    shop, written = filled
    filling = wait(begin(shop, tmp_path / "new"))
    filling.stop()
    assert filling.n_read == filling.n_wanted > 400
    assert filling.n_stale == 0
    assert states_in(tmp_path / "new", shop) == states_in(written, shop)


def test_what_a_killed_worker_left_beside_its_stores_is_removed(filled, tmp_path):
    shop, _ = filled
    left = tmp_path / "new" / f"{SCRATCH}1"
    left.mkdir(parents=True)
    (left / "records-0").write_bytes(b"some")
    wait(begin(shop, tmp_path / "new")).stop()
    assert not list((tmp_path / "new").glob(f"{SCRATCH}*"))


@pytest.mark.parametrize("left_empty", [(), (1,)])
def test_what_was_filled_in_part_is_filled_to_the_end(filled, tmp_path, left_empty):
    shop, written = filled
    wait(begin(shop, tmp_path / "new")).stop()
    for number in left_empty:  # as a kill leaves a partition beside those that are done
        shutil.rmtree(partition_folder(tmp_path / "new", number))
    shop.send(3_000, seed=1)
    work_off(shop, written)
    wait(begin(shop, tmp_path / "new")).stop()
    assert states_in(tmp_path / "new", shop) == states_in(written, shop)


def test_it_follows_until_it_has_to_finish(filled, tmp_path):
    shop, written = filled
    filling = begin(shop, tmp_path / "new")
    assert filling is not None
    n_wanted = wait_for(filling, "following").n_wanted
    for seed in (1, 2):
        shop.send(3_000, seed=seed)
        work_off(shop, written)
    wait(filling).stop()
    assert states_in(tmp_path / "new", shop) == states_in(written, shop)
    assert filling.n_read == filling.n_wanted > n_wanted


def test_a_worker_fills_a_new_folder_once_and_goes_on_from_there(filled, tmp_path):
    shop, _ = filled
    settings = shop.settings(tmp_path / "second", fill_from_records=1)
    mark = tmp_path / "second" / settings.application / FILLED
    shop.send(2_000, seed=1)
    worker = WorkerProcess(settings)
    worker.start()
    shop.wait_until_done(settings.application, worker)
    assert worker.stop() == 0
    assert mark.exists()
    assert worker.stats()["recovered records"] > 400
    worker.start()
    assert worker.stop() == 0
    assert worker.stats()["recovered records"] == 0
    assert shop.states(settings.application) == dict(shop.expected)


def test_nothing_is_begun_for_a_folder_that_was_filled_or_a_small_changelog(filled, tmp_path):
    shop, _ = filled
    assert begin(shop, tmp_path / "new", at_least=1_000_000) is None
    (tmp_path / "new" / FILLED).touch()
    assert begin(shop, tmp_path / "new") is None
    with pytest.raises(InputError, match=r"none\.changelog does not exist"):
        Filling.begin(shop.brokers, "none.changelog", 1, tmp_path, 1)


def test_a_process_whose_worker_has_gone_ends_and_leaves_the_locks(filled, tmp_path):
    shop, _ = filled
    filling = begin(shop, tmp_path / "new")
    assert filling is not None
    filling._ours.close()
    filling._process.join(60)
    assert filling._process.exitcode == 1
    wait(begin(shop, tmp_path / "new")).stop()


def test_a_process_that_is_killed_is_told_as_such(filled, tmp_path):
    shop, _ = filled
    filling = begin(shop, tmp_path / "new")
    assert filling is not None
    assert filling._process.pid is not None
    os.kill(filling._process.pid, signal.SIGKILL)
    with pytest.raises(RuntimeError, match=r"ended early, with exit code -9; start the worker"):
        wait(filling)


def test_a_worker_that_still_reads_links_hears_of_a_filling_that_died(filled, tmp_path):
    shop, _ = filled
    filling = begin(shop, tmp_path / "new")
    assert filling is not None
    assert filling._process.pid is not None
    os.kill(filling._process.pid, signal.SIGKILL)
    reader = SimpleNamespace(caught_up=False, sorting=False, advance=lambda: (1, 2))

    async def wait_with(filling: Filling) -> str:
        app = SimpleNamespace(finished=asyncio.Event(), failure="")

        def fail(sentence: str, error: BaseException) -> None:
            app.failure = sentence
            app.finished.set()

        app.fail = fail
        await asyncio.wait_for(wait_for_links(reader, app, filling), 20)
        return app.failure

    assert "exit code -9" in asyncio.run(wait_with(filling))
    filling.stop()


def test_a_record_that_is_none_of_ours_is_told_with_its_topic(filled, tmp_path):
    shop, _ = filled
    shop._producer.produce(f"{shop.prefix}app.changelog", b"short", b"user")
    shop.flush()
    settings = shop.settings(tmp_path / "second", fill_from_records=1)
    worker = WorkerProcess(settings)
    worker.start()
    assert worker.wait(60) == 70
    said = worker.new_log().splitlines()[-1]
    assert f"{settings.changelog}, partition " in said
    assert ", key b'user': a value of 5 bytes is no stored state; " in said
