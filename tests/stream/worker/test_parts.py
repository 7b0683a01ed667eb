"""Smaller parts of the worker: dead letters, watchdog, health server, stages, metrics."""

import asyncio
import dataclasses
import json
import sys
import threading
import time
import urllib.error
import urllib.request

import numpy as np
import pytest
from faust.types import TP

from stream.metrics import Metrics
from stream.worker.deadletters import WINDOW, DeadLetters, DeadLettersError
from stream.worker.folder import held_folder
from stream.worker.health import HealthServer
from stream.worker.lag import Lag
from stream.worker.processor import RecordBatch
from stream.worker.progress import Progress
from stream.worker.settings import WorkerSettings
from stream.worker.stages import Stages
from stream.worker.states import States
from stream.worker.watchdog import Watchdog
from topics.deadletter import Bad
from topics.errors import InputError


def batch(n: int, first: int = 0) -> RecordBatch:
    offsets = np.arange(first, first + n)
    return RecordBatch("shop.orders", 0, 3, offsets, offsets, [b"k"] * n, [b"\xffv"] * n)


def test_a_dead_letter_says_why_and_where_and_holds_the_record():
    letters, reasons = DeadLetters(5).encode(batch(4), [Bad(2, "not_json", "no brace")], 99)
    assert (letters.topic, letters.keys, reasons) == ("risk.deadletter", [b"k"], {"not_json": 1})
    assert letters.partitions.tolist() == [3]
    (text,) = letters.values
    assert json.loads(text) == {
        "reason": "not_json",
        "detail": "no brace",
        "topic": "shop.orders",
        "partition": 3,
        "offset": 2,
        "key": "aw==",
        "value": "/3Y=",
        "failed_at_ms": 99,
    }


def test_more_dead_letters_than_the_limit_within_the_window_are_refused():
    letters = DeadLetters(3)
    letters.encode(batch(100), [Bad(n, "not_json", "") for n in range(3)], 0)
    with pytest.raises(DeadLettersError, match=r"^4 of the last 10,000 .* 3, up to offset 100 "):
        letters.encode(batch(10, 100), [Bad(0, "not_json", "")], 0)


def test_dead_letters_that_are_far_apart_are_not_too_many():
    letters = DeadLetters(3)
    for number in range(10):
        first = number * (10 + WINDOW // 3)
        letters.encode(batch(10, first), [Bad(0, "not_json", "")], 0)
        letters.encode(batch(WINDOW // 3, first + 10), [], 0)
        assert number >= 0


def bad(positions) -> list[Bad]:
    return [Bad(position, "not_json", "") for position in positions]


def test_the_window_is_the_last_records_however_many_a_poll_returns():
    letters = DeadLetters(3)
    letters.encode(batch(2 * WINDOW), bad([0, 1, 2, WINDOW, WINDOW + 1, WINDOW + 2]), 0)
    letters.encode(batch(5, 2 * WINDOW), bad([0, 1]), 0)
    with pytest.raises(DeadLettersError, match=f"^4 of .* offset {2 * WINDOW + 6} "):
        letters.encode(batch(2 * WINDOW, 2 * WINDOW + 5), bad([0, 1]), 0)


def test_too_many_bad_records_amid_a_large_poll_are_refused():
    middle = range(WINDOW // 2, WINDOW // 2 + 4)
    with pytest.raises(DeadLettersError, match=f"up to offset {WINDOW // 2 + 3} "):
        DeadLetters(3).encode(batch(3 * WINDOW), bad(middle), 0)


def test_bad_records_that_are_read_again_count_once():
    letters = DeadLetters(3)
    for _ in range(5):
        letters.encode(batch(10), bad([1, 2]), 0)
        letters.encode(batch(5, 10), bad([3]), 0)
    with pytest.raises(DeadLettersError):
        letters.encode(batch(5, 15), bad([0]), 0)


def test_the_watchdog_ends_a_worker_that_is_behind_and_stands_still():
    ended = threading.Event()
    dog = Watchdog(0.1, lambda: 7, lambda: True, lambda sentence: ended.set())
    dog.start()
    assert ended.wait(5)
    dog.stop()


def test_a_watchdog_that_fails_ends_the_worker_with_a_sentence():
    ended: list[str] = []
    done = threading.Event()

    def end(sentence: str) -> None:
        ended.append(sentence)
        done.set()

    asked = iter([7])  # the second question raises
    dog = Watchdog(0.1, lambda: next(asked), lambda: True, end)
    dog.start()
    assert done.wait(5)
    dog.stop()
    assert ended == [
        "the watchdog failed: StopIteration(); ending the process, which is safe to start again"
    ]


def test_a_healthy_partition_does_not_hide_the_lag_of_a_stuck_one():
    metrics = Metrics()
    lag = Lag(metrics.lag, "test.")
    lag.note(TP("test.shop.orders", 0), 9)
    lag.note(TP("test.shop.orders", 1), 0)
    assert lag.any()
    assert 'riskstream_lag{partition="0",topic="shop.orders"} 9.0' in metrics.page().decode()


def test_a_revoked_partition_has_no_lag_any_more_and_no_gauge():
    metrics = Metrics()
    lag = Lag(metrics.lag)
    lag.note(TP("shop.orders", 0), 9)
    lag.note(TP("shop.orders", 1), 0)
    lag.drop([TP("shop.orders", 0), TP("shop.browse", 0)])
    assert not lag.any()
    assert 'partition="0"' not in metrics.page().decode()
    assert 'riskstream_lag{partition="1",topic="shop.orders"} 0.0' in metrics.page().decode()


def test_unfinished_batches_may_be_counted_while_partitions_come_and_go():
    progress, failed, stopping = Progress(), [], threading.Event()

    def count() -> None:
        while not stopping.is_set():
            try:
                progress.n_unfinished()
            except RuntimeError as error:
                failed.append(error)
                return

    thread = threading.Thread(target=count)
    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        thread.start()
        for number in range(30_000):
            progress.hand_over(TP("t", number % 500), 0, 1)
            progress.forget([TP("t", (number - 300) % 500)])
    finally:
        sys.setswitchinterval(switch)
        stopping.set()
        thread.join()
    assert not failed


@pytest.mark.parametrize("moving", [True, False], ids=["moving", "nothing to do"])
def test_the_watchdog_leaves_others_alone(moving):
    ended = []
    progress = iter(range(1_000_000))
    dog = Watchdog(0.05, lambda: next(progress) if moving else 0, lambda: moving, ended.append)
    dog.start()
    time.sleep(0.3)
    dog.stop()
    assert not ended


def test_the_health_server_answers_and_says_what_is_wrong():
    problem = ["waiting for partitions"]
    metrics = Metrics()
    metrics.events.labels("shop.orders").inc(3)
    server = HealthServer("127.0.0.1", 0, lambda: "", lambda: problem[0], metrics.page)
    server.start()

    def get(path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}") as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    assert get("/live") == (200, "ok\n")
    assert get("/ready") == (503, "waiting for partitions\n")
    problem[0] = ""
    assert get("/ready") == (200, "ok\n")
    assert 'riskstream_events_total{topic="shop.orders"} 3.0' in get("/metrics")[1]
    assert get("/tables")[0] == 404
    server.stop()


def test_a_port_that_is_taken_is_a_mistake_that_names_the_setting():
    first = HealthServer("127.0.0.1", 0, str, str, bytes)
    first.start()
    with pytest.raises(InputError, match=r"Address already in use; .*RISKSTREAM_HTTP_PORT"):
        HealthServer("127.0.0.1", first.port, str, str, bytes)
    first.stop()


def test_a_folder_that_is_in_use_is_a_mistake_until_its_worker_has_ended(tmp_path):
    settings = WorkerSettings(brokers="127.0.0.1:9", data_dir=tmp_path)
    with held_folder(settings):
        with pytest.raises(InputError, match="RISKSTREAM_DATA_DIR"), held_folder(settings):
            pass
        with held_folder(dataclasses.replace(settings, application="another")):
            pass
    with held_folder(settings):
        pass


def test_a_partition_that_leaves_while_the_metrics_are_read_counts_nothing(tmp_path):
    async def look_up(numbers):
        return dict.fromkeys(numbers, (1, 5))

    states = States(tmp_path, 1 << 20, 2, look_up)
    asyncio.run(states.assign({0, 1}))
    states.partition(0).write([b"k"], [b"v" * 9_000], 0, 1)
    before = states.n_bytes()
    states.partition(0).close()
    assert 0 < states.n_bytes() < before
    states.partition(1).close()


def test_what_a_batch_counts_goes_to_its_own_metric():
    metrics = Metrics()
    metrics.count({"decisions.hold": 2, "alerts": 1, "duplicates": 4, "late": 5})
    page = metrics.page().decode()
    assert 'riskstream_decisions_total{action="hold"} 2.0' in page
    assert "riskstream_alerts_total 1.0" in page
    assert "riskstream_duplicates_total 4.0" in page
    assert 'riskstream_counted_total{what="late"} 5.0' in page


def spin(seconds: float) -> None:
    begin = time.thread_time()
    while time.thread_time() - begin < seconds:
        pass


def test_stages_add_up_to_the_process():
    begin = time.process_time()
    stages = Stages()
    stages.register("event loop")
    with stages.measure("decode"):
        spin(0.1)
    spin(0.05)
    thread = threading.Thread(target=spin, args=(0.08,))
    thread.start()
    stages.register("consume", thread)
    thread.join()
    found = stages.seconds()
    assert found["decode"] == pytest.approx(0.1, abs=0.02)
    assert found["event loop"] == pytest.approx(0.05, abs=0.03)
    assert sum(found.values()) == pytest.approx(time.process_time() - begin, abs=0.02)
