"""Partitions of one number are read together while a worker is behind."""

import math
import random
from dataclasses import dataclass

import pytest
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
    alignment = Alignment(clock=clock)
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
    alignment = Alignment(clock=clock)
    alignment.note(ORDERS, 0, has_more=True)
    clock.now_s = SILENT_S - 0.1
    assert alignment.until(REVIEWS, HOUR_MS) < HOUR_MS
    clock.now_s = SILENT_S + 0.1
    assert alignment.until(REVIEWS, HOUR_MS) > HOUR_MS


def test_a_partition_that_was_not_asked_is_waited_for():
    clock = Clock()
    alignment = Alignment(clock=clock)
    alignment.note(ORDERS, 0, has_more=True)
    clock.now_s = 10 * SILENT_S
    alignment.spare(lambda place: place == ORDERS)
    assert alignment.until(REVIEWS, HOUR_MS) < HOUR_MS


def test_one_whose_records_turn_out_to_be_none_is_not_waited_for():
    alignment = Alignment()
    alignment.note(ORDERS, 0, has_more=True)
    alignment.note(ORDERS, None, has_more=False)
    assert alignment.until(REVIEWS, HOUR_MS) > HOUR_MS


def held(alignment, clock, place, next_ms) -> float:
    """Return for how many seconds a partition waits until it may be read, and let it be read."""
    began_s = clock.now_s
    alignment.spare(lambda place: True)
    while alignment.until(place, next_ms) < next_ms:
        alignment.hold(place)
        clock.now_s += 1.0
        alignment.spare(lambda place: True)
    alignment.note(place, next_ms, has_more=True)
    return clock.now_s - began_s


def test_a_partition_is_not_held_for_ever_and_not_again_by_the_same_one():
    clock = Clock()
    alignment = Alignment(clock=clock)
    alignment.note(ORDERS, 0, has_more=True)
    assert HELD_S < held(alignment, clock, REVIEWS, HOUR_MS) <= HELD_S + 2
    assert held(alignment, clock, REVIEWS, 2 * HOUR_MS) == 0
    alignment.note(BROWSE, 2 * HOUR_MS, has_more=True)
    assert held(alignment, clock, REVIEWS, 3 * HOUR_MS) > HELD_S  # by browsing


def test_a_partition_waits_again_for_one_that_has_kept_up_with_it():
    clock = Clock()
    alignment = Alignment(clock=clock)
    alignment.note(ORDERS, 0, has_more=True)
    assert held(alignment, clock, REVIEWS, HOUR_MS) > HELD_S
    alignment.note(ORDERS, HOUR_MS, has_more=True)
    assert held(alignment, clock, REVIEWS, HOUR_MS) == 0
    assert held(alignment, clock, REVIEWS, 2 * HOUR_MS) == 0  # it has not for long
    alignment.note(ORDERS, 2 * HOUR_MS, has_more=True)
    assert held(alignment, clock, REVIEWS, 2 * HOUR_MS) == 0
    clock.now_s += HELD_S + 1
    assert held(alignment, clock, REVIEWS, 2 * HOUR_MS) == 0
    assert held(alignment, clock, REVIEWS, 3 * HOUR_MS) > HELD_S


@pytest.mark.parametrize("live_share", [0.0, 0.5])
def test_a_backfill_of_old_records_holds_up_live_ones_at_most_once(live_share):
    """Browsing of two years ago, with live browsing between it or without, beside live orders."""
    clock = Clock()
    alignment = Alignment(clock=clock)
    chance = random.Random(1)
    now_ms = 2 * 365 * 24 * HOUR_MS
    alignment.note(ORDERS, now_ms, has_more=False)
    waits_s, due_s = [], 0.0
    while clock.now_s < 3_600:
        live_ms = now_ms + 1_000 * clock.now_s
        is_live = chance.random() < live_share
        alignment.note(BROWSE, live_ms if is_live else 60_000 * clock.now_s, has_more=True)
        if alignment.until(ORDERS, now_ms + 1_000 * due_s) < now_ms + 1_000 * due_s:
            alignment.hold(ORDERS)
        else:
            waits_s.append(clock.now_s - due_s)
            alignment.note(ORDERS, live_ms, has_more=False)
            due_s = clock.now_s + 1
        clock.now_s += 1
    assert sum(wait_s > 2 for wait_s in waits_s) <= 1
    assert sum(waits_s) <= HELD_S + 10


def test_labels_wait_for_nothing_and_nothing_waits_for_them():
    labels = TP("risk.labels", 0)
    alignment = Alignment("risk.labels")
    alignment.note(labels, 0, has_more=True)
    alignment.note(ORDERS, HOUR_MS, has_more=True)
    assert alignment.until(ORDERS, 2 * HOUR_MS) > 2 * HOUR_MS
    assert alignment.until(labels, 3 * HOUR_MS) == math.inf


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
