"""Partitions of one number are read together while a worker is behind."""

import math
from dataclasses import dataclass

from faust.types import TP

from stream.worker.alignment import HELD_S, OTHERS_S, SILENT_S, WINDOW_MS, Alignment

ORDERS, BROWSE, REVIEWS = (TP(f"shop.{name}", 0) for name in ("orders", "browse", "reviews"))
ELSEWHERE = TP("shop.orders", 1)
HOUR_MS = 3_600_000


@dataclass
class Clock:
    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_partition_waits_for_the_others_of_its_number_alone():
    alignment = Alignment()
    alignment.note(ORDERS, HOUR_MS, has_more=True)
    alignment.note(BROWSE, 2 * HOUR_MS, has_more=True)
    alignment.note(ELSEWHERE, 0, has_more=True)
    assert alignment.until(REVIEWS, 3 * HOUR_MS) == HOUR_MS + WINDOW_MS
    assert alignment.until(BROWSE, 3 * HOUR_MS) == HOUR_MS + WINDOW_MS


def test_what_is_behind_all_others_may_get_as_far_ahead_of_them():
    alignment = Alignment()
    alignment.note(ORDERS, HOUR_MS, has_more=True)
    alignment.note(BROWSE, 2 * HOUR_MS, has_more=True)
    assert alignment.until(ORDERS, HOUR_MS + 1) == 2 * HOUR_MS + WINDOW_MS


def test_one_that_is_read_to_its_end_is_not_waited_for():
    clock = Clock()
    alignment = Alignment(clock)
    alignment.note(ORDERS, 0, has_more=False)
    assert alignment.until(REVIEWS, HOUR_MS) == HOUR_MS + WINDOW_MS  # browsing may yet come up
    clock.now_s = OTHERS_S
    assert alignment.until(REVIEWS, HOUR_MS) == math.inf


def test_what_is_behind_all_others_goes_on_however_old_it_says_it_is():
    alignment = Alignment()
    alignment.note(ORDERS, HOUR_MS, has_more=True)
    for stamp in (-1, 0, HOUR_MS - 1):
        assert alignment.until(REVIEWS, stamp) >= stamp


def test_after_a_pause_of_all_topics_none_waits_for_another():
    alignment = Alignment()
    for place in (ORDERS, BROWSE):
        alignment.note(place, 0, has_more=True)
    assert alignment.until(BROWSE, 2 * HOUR_MS) < 2 * HOUR_MS  # orders may come before
    assert alignment.until(ORDERS, HOUR_MS) > HOUR_MS
    alignment.note(ORDERS, HOUR_MS, has_more=True)
    assert alignment.until(ORDERS, 3 * HOUR_MS) < 3 * HOUR_MS
    assert alignment.until(BROWSE, 2 * HOUR_MS) > 2 * HOUR_MS


def test_a_partition_that_is_asked_in_vain_is_not_waited_for():
    clock = Clock()
    alignment = Alignment(clock)
    alignment.note(ORDERS, 0, has_more=True)
    clock.now_s = SILENT_S - 0.1
    assert alignment.until(REVIEWS, HOUR_MS) < HOUR_MS
    clock.now_s = SILENT_S + 0.1
    assert alignment.until(REVIEWS, HOUR_MS) > HOUR_MS


def test_a_partition_that_was_not_asked_is_waited_for():
    clock = Clock()
    alignment = Alignment(clock)
    alignment.note(ORDERS, 0, has_more=True)
    clock.now_s = 10 * SILENT_S
    alignment.spare(lambda place: place == ORDERS)
    assert alignment.until(REVIEWS, HOUR_MS) < HOUR_MS


def test_one_whose_records_turn_out_to_be_none_is_not_waited_for():
    alignment = Alignment()
    alignment.note(ORDERS, 0, has_more=True)
    alignment.note(ORDERS, None, has_more=False)
    assert alignment.until(REVIEWS, HOUR_MS) > HOUR_MS


def test_a_partition_is_not_held_for_ever():
    clock = Clock()
    alignment = Alignment(clock)
    alignment.hold(REVIEWS)
    for clock.now_s in (HELD_S / 2, HELD_S - 0.1, HELD_S + 0.1):
        alignment.note(ORDERS, 0, has_more=True)
        alignment.hold(REVIEWS)
        assert (alignment.until(REVIEWS, HOUR_MS) > HOUR_MS) == (clock.now_s > HELD_S)
    alignment.note(REVIEWS, HOUR_MS, has_more=True)
    assert alignment.until(REVIEWS, HOUR_MS + 1) < HOUR_MS  # orders are still waited for


def test_a_single_record_of_a_wrong_time_is_forgotten_with_the_next():
    alignment = Alignment()
    for wrong_ms in (70 * 365 * 24 * HOUR_MS, -1):
        alignment.note(ORDERS, wrong_ms, has_more=True)
        alignment.until(ORDERS, HOUR_MS)
        assert alignment.until(REVIEWS, 2 * HOUR_MS) == HOUR_MS + WINDOW_MS


def test_nothing_is_held_after_an_assignment():
    alignment = Alignment()
    alignment.note(ORDERS, 0, has_more=True)
    alignment.forget()
    assert alignment.until(REVIEWS, HOUR_MS) > HOUR_MS
