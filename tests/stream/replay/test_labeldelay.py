"""The delay of labels, read from the labels that have come."""

from typing import Any

import numpy as np
import pytest

from stream.replay.labeldelay import LabelDelay, label_delay
from topics.columns import LABEL, Rows

DAY = 86_400_000
HOUR = 3_600_000
START = 1_700_000_000_000


def labels_of(days: Any, delays: Any, until: float, fraud: Any = 1, first_event: int = 1) -> Rows:
    """Return labels, one for each event, those that are known on day ``until``."""
    days, delays = np.broadcast_arrays(np.asarray(days, float), delays)
    rows = np.zeros(len(days), LABEL)
    rows["event"] = np.arange(len(days)) + first_event
    rows["label"], rows["user"], rows["is_fraud"] = rows["event"], 1, fraud
    rows["time_ms"] = START + days * DAY
    rows["known_ms"] = rows["time_ms"] + delays * DAY
    return rows[rows["known_ms"] < START + until * DAY]


def found(labels: Rows, until: float, unlabelled: str = "negative", start: float = 0) -> LabelDelay:
    times = {"from_ms": START + int(start * DAY), "until_ms": START + int(until * DAY)}
    return label_delay(labels, **times, unlabelled=unlabelled)


def test_labels_that_are_known_at_once_have_no_delay() -> None:
    delay = found(labels_of(np.arange(100), 0, 100), 100)
    assert delay == LabelDelay(0, "95% of known frauds came within no time: --label-delay is 0")
    nothing = found(labels_of([], [], 100), 100)
    assert nothing == LabelDelay(0, "no label tells how long labels take: --label-delay is 0")


@pytest.mark.parametrize(
    ("ms", "told"),
    [
        (1, "within a second: --label-delay is 0.00000001157"),
        (HOUR, "within 1 hour: --label-delay is 0.04167"),
        (DAY + 1, "within 1 day: --label-delay is 1"),
        (30 * HOUR, "within 1.25 days: --label-delay is 1.25"),
    ],
)
def test_short_delays_are_told_in_their_own_units(ms: int, told: str) -> None:
    delay = found(labels_of(np.arange(100), ms / DAY, 100), 100)
    assert delay == LabelDelay(ms, f"95% of known frauds came {told}")


@pytest.mark.parametrize("until", [20, 60, 200])
def test_a_fixed_delay_is_found_however_short_the_history(until: int) -> None:
    delay = found(labels_of(np.arange(0, until, 0.25), 14, until), until)
    assert delay.ms == 14 * DAY
    assert delay.told == "95% of known frauds came within 14 days: --label-delay is 14"


def test_labels_that_cannot_be_known_yet_do_not_make_the_delay_shorter() -> None:
    rng = np.random.default_rng(1)
    days, delays = rng.uniform(0, 90, 20_000), rng.exponential(8, 20_000)
    truth = -8 * np.log(0.05)
    labels = labels_of(days, delays, 90)
    among_all = np.quantile((labels["known_ms"] - labels["time_ms"]) / DAY, 0.95)
    assert among_all < truth - 2
    assert found(labels, 90).ms / DAY == pytest.approx(truth, abs=1)


def test_honest_events_have_a_say_only_where_those_without_a_label_are_ignored() -> None:
    frauds = labels_of(np.arange(100), 5, 100)
    honest = labels_of(np.arange(100), 20, 100, fraud=0, first_event=1000)
    both = np.concatenate([frauds, honest])
    assert found(both, 100).ms == 5 * DAY
    assert found(both, 100, "ignore").ms == 20 * DAY


def test_a_fraud_that_was_first_taken_for_honest_became_known_with_its_last_word() -> None:
    first = labels_of(np.arange(50), 1, 100, fraud=0)
    last, again = (labels_of(np.arange(50), days, 100) for days in (9, 30))
    assert found(np.concatenate([again, first, last]), 100).ms == 9 * DAY
    taken_back = np.concatenate([first, labels_of(np.arange(50), 0.5, 100)])
    assert found(taken_back, 100).told.startswith("no label")


def test_labels_that_were_given_at_one_time_do_not_cost_what_they_are_about() -> None:
    days = np.arange(0, 100, 0.5)
    delay = found(labels_of(days, 100 - days, 120), 120)
    assert delay.ms == (120 - 99.5) * DAY - 1  # up to the newest that is known
    assert "but most that is known is about younger events: --label-delay is 20.5" in delay.told
    assert "probabilities are too small" in delay.told


def test_a_range_that_is_shorter_than_the_delay_loses_no_event() -> None:
    delay = found(labels_of(np.arange(0, 95, 0.5), 14, 95), 95, start=90)
    assert delay.ms == 0
    assert "but all events from --from on are younger: --label-delay is 0" in delay.told
