"""Moments on the command line: what is read as one, and what is not."""

import pytest

from stream.moment import moment_ms
from topics.errors import InputError


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("2025-01-01", 1_735_689_600_000),
        ("2025-01-01T01:00:00+01:00", 1_735_689_600_000),
        ("1735689600000", 1_735_689_600_000),
        ("-86400000000", -86_400_000_000),
    ],
)
def test_a_date_a_time_with_offset_and_milliseconds_are_moments(text: str, ms: int) -> None:
    assert moment_ms(text, "--from") == ms


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2025-01-01T00:00:00", "--86400000000", "9" * 17, "9" * 5000]
)
def test_anything_else_is_one_sentence_that_names_the_flag(text: str) -> None:
    with pytest.raises(InputError, match=r"--from is .*it must be a date") as raised:
        moment_ms(text, "--from")
    assert "\n" not in str(raised.value)
