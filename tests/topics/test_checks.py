import numpy as np

from topics import checks


def test_the_first_and_the_last_millisecond_of_the_range_are_good() -> None:
    first, end = checks.LATEST_MS - 5, checks.LATEST_MS
    times = np.array([first - 1, first, end - 1, end])
    bad = list(checks.impossible_times(times, "event_time", first))
    assert [item.position for item in bad] == [0, 3]
    assert "2100-01-01" in bad[1].detail


def test_a_time_that_no_calendar_holds_is_still_named() -> None:
    (bad,) = checks.impossible_times(np.array([2**62]), "known_at", 0)
    assert str(2**62) in bad.detail


def test_clocks_may_differ_by_the_limit_and_no_more() -> None:
    times, records = np.array([110, 111, 999]), np.array([100, 100, 0])
    bad = list(checks.times_ahead(times, "event_time", records, 10))
    assert [item.position for item in bad] == [1]


def test_ids_in_any_script_are_good_and_control_characters_are_not() -> None:
    ids = ["plain", "用户", "a b", "\u200d", "\x07", "\x85", "\u00a0"]
    bad = list(checks.control_characters(ids, "user_id"))
    assert [item.position for item in bad] == [4, 5]
