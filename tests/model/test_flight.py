from collections.abc import Iterator

import numpy as np
import torch

from model.flight import Answer, one_behind, sent


def test_answers_come_in_order_and_one_batch_late() -> None:
    log: list[str] = []

    def started() -> Iterator[tuple[int, Answer]]:
        for number in range(3):
            log.append(f"start {number}")
            yield number, Answer(torch.full((2,), float(number)))

    for number, found in one_behind(started()):
        log.append(f"read {number}")
        assert found.tolist() == [number, number]
    assert log == ["start 0", "start 1", "read 0", "start 2", "read 1", "read 2"]


def test_nothing_started_is_nothing_read() -> None:
    assert list(one_behind([])) == []


def test_what_is_sent_and_read_is_what_was_given() -> None:
    for array in (np.arange(6, dtype=np.int32).reshape(2, 3), np.zeros((0, 4), np.float32)):
        there = sent(array, torch.device("cpu"))
        assert there.dtype == torch.from_numpy(array).dtype
        np.testing.assert_array_equal(there.numpy(), array)
    assert Answer(torch.ones(2, dtype=torch.bfloat16)).read().dtype == np.float32
