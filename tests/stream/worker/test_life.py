"""A worker's life on a real broker: dead letters, links, topics that are made anew."""

import json
import time
from pathlib import Path

import pytest

from stream.worker.linkstore import LinkStore
from stream.worker.processor import SOURCES
from tests.stream.worker.process import WorkerProcess
from tests.stream.worker.shop import Shop
from topics.letters import read_dead_letter

pytestmark = pytest.mark.kafka


def work_off(shop: Shop, worker: WorkerProcess) -> None:
    worker.start()
    worker.wait_until_ready()
    shop.wait_until_done(worker.settings.application, worker)
    assert worker.stop() == 0


def test_bad_records_become_dead_letters_and_those_around_them_are_counted(shop, tmp_path):
    shop.send(500)
    for number in range(20):
        shop.raw("shop.browse", b"bad user", b"!|%d" % number)
        shop.send(10, ["shop.browse"], seed=number)
    shop.flush()
    worker = WorkerProcess(shop.settings(tmp_path))
    work_off(shop, worker)
    values = [value for _, value, _ in shop.read(shop.prefix + "risk.deadletter")]
    letters = [read_dead_letter(value) for value in values]
    assert {letter.value for letter in letters} == {b"!|%d" % n for n in range(20)}
    assert {(letter.topic, letter.key) for letter in letters} == {("shop.browse", b"bad user")}
    assert len(shop.outputs()) == shop.n_sent.total() == 700
    assert shop.states(worker.settings.application) == dict(shop.expected)


def test_too_many_dead_letters_stop_the_worker_with_a_sentence(shop, tmp_path):
    for number in range(50):
        shop.raw("shop.reviews", b"bad user", b"!|%d" % number)
    shop.flush()
    worker = WorkerProcess(shop.settings(tmp_path, dead_letter_limit=20))
    worker.start()
    assert worker.wait() == 65
    assert "more than the limit of 20" in worker.new_log().splitlines()[-1]
    assert not shop.read(shop.prefix + "risk.deadletter")
    assert shop.lag(worker.settings.application) == 50


def test_a_record_that_the_processor_cannot_handle_stops_the_worker_unacknowledged(shop, tmp_path):
    shop.send(100)
    shop.raw("shop.orders", b"u1", b"no number at all|")
    shop.flush()
    worker = WorkerProcess(shop.settings(tmp_path))
    worker.start()
    assert worker.wait() == 70
    assert "The worker stopped: a batch of" in worker.new_log()
    assert shop.lag(worker.settings.application) > 0


def test_a_worker_without_its_topics_says_which_one_is_missing(kafka, tmp_path):
    shop = Shop(kafka)
    worker = WorkerProcess(shop.settings(tmp_path, topic_prefix="nobody."))
    worker.start()
    assert worker.wait() == 2
    assert "topic nobody.shop.orders does not exist" in worker.new_log()


def test_a_worker_with_another_number_of_partitions_says_so(shop, tmp_path):
    worker = WorkerProcess(shop.settings(tmp_path, partitions=3))
    worker.start()
    assert worker.wait() == 2
    assert "has 4 partitions and the setting `partitions` is 3" in worker.new_log()


def link_sums(folder: Path, application: str) -> dict[str, int]:
    store = LinkStore(folder / application / "links")
    sums = {key.decode(): int(value) for key, value in store.items() if key[:1] != b"\xff"}
    store.close()
    return sums


def test_every_worker_knows_the_links_of_all_partitions_once_despite_kills(shop, tmp_path):
    workers = [
        WorkerProcess(
            shop.settings(tmp_path / name, instance=name, poll_max_records=200), links=True
        )
        for name in ("one", "two")
    ]
    application = workers[0].settings.application
    for worker in workers:
        worker.start()
    for number in range(3):
        shop.send(4_000, SOURCES, seed=number)
        time.sleep(0.3)
        workers[number % 2].kill()
        workers[number % 2].start()
    for worker in workers:
        worker.wait_until_ready()
    shop.wait_until_done(application, workers[0])
    time.sleep(1)
    for worker in workers:
        assert worker.stop() == 0
    for worker in workers:
        sums = link_sums(worker.settings.data_dir, application)
        assert sum(sums.values()) >= shop.n_sent.total()
        totals = dict.fromkeys(SOURCES, 0)
        for key, value in sums.items():
            totals[key.split("/")[0]] += value
        assert totals == dict(shop.n_sent), "each source offset counts once"


def test_an_input_topic_that_is_made_anew_is_counted_from_its_beginning(shop, tmp_path):
    worker = WorkerProcess(shop.settings(tmp_path))
    shop.send(5_000)
    work_off(shop, worker)
    shop.make_again(shop.prefix + "shop.orders")
    shop.send(2_000, seed=1)  # offsets start at 0 again, below what the states have applied
    work_off(shop, worker)
    assert shop.states(worker.settings.application) == dict(shop.expected)


def test_a_changelog_that_is_made_anew_empties_the_local_states(shop, tmp_path):
    worker = WorkerProcess(shop.settings(tmp_path))
    shop.send(5_000)
    work_off(shop, worker)
    shop.make_again(worker.settings.changelog, {"cleanup.policy": "compact"})
    shop.expected.clear()
    shop.send(8_000, seed=1)  # enough that the new changelog outgrows the old position
    work_off(shop, worker)
    assert worker.stats()["rebuilt partitions"] == shop.partitions
    assert shop.states(worker.settings.application) == dict(shop.expected)


def test_a_damaged_local_store_is_filled_from_kafka_again(shop, tmp_path):
    shop.send(2_000)
    worker = WorkerProcess(shop.settings(tmp_path))
    work_off(shop, worker)
    (store,) = tmp_path.rglob("partition-0")
    (store / "CURRENT").write_text("junk\n")
    shop.send(2_000, seed=1)
    work_off(shop, worker)
    assert "is dropped and filled from Kafka again" in worker.new_log()
    assert shop.states(worker.settings.application) == dict(shop.expected)


def test_what_a_former_owner_overwrote_stands_in_the_changelog_again_when_work_begins(
    shop, tmp_path
):
    worker = WorkerProcess(shop.settings(tmp_path / "one"))
    application = worker.settings.application
    early: dict[bytes, bytes] = {}
    newest: dict[bytes, bytes] = {}
    for seed in range(2):
        shop.send(500, seed=seed)
        work_off(shop, worker)
        for key, value, _ in shop.read(worker.settings.changelog):
            early.setdefault(key, value)
            newest[key] = value
    stale = [key for key in early if early[key] != newest[key]]
    for key in stale:
        shop.raw("app.changelog", key, early[key])
    shop.flush()
    assert shop.states(application) != dict(shop.expected), "compaction would keep these"
    for folder in ("one", "two"):  # one goes on from its position, the other begins empty
        again = WorkerProcess(shop.settings(tmp_path / folder))
        work_off(shop, again)
        assert again.stats()["stale records"] == len(stale) > 9
        assert ("had overwritten" in again.new_log()) == (folder == "one")
        assert shop.states(application) == dict(shop.expected)
        assert shop.recovered_states(tmp_path / folder, application) == dict(shop.expected)


def test_stages_add_up_to_the_processor_time_of_the_worker(shop, tmp_path):
    shop.send(30_000, SOURCES)
    worker = WorkerProcess(shop.settings(tmp_path), state_bytes=200)
    work_off(shop, worker)
    stats = worker.stats()
    stages = stats["stages_cpu_s"]
    assert {"consume", "decode", "state read", "compute", "produce", "changelog"} <= set(stages)
    assert sum(stages.values()) == pytest.approx(stats["worker_cpu_s"], rel=0.1)
    assert json.dumps(stages)
