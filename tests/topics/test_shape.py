import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topics.shape import MAX_DEPTH, misshapen

NAMES = st.text(max_size=4)


def test_the_deepest_value_allowed_passes_and_one_level_more_does_not() -> None:
    values: list[bytes | None] = [
        b'{"a":' + b"[" * n + b"]" * n + b"}" for n in (MAX_DEPTH - 1, MAX_DEPTH)
    ]
    assert {i: bad.reason for i, bad in misshapen(values, 1000).items()} == {1: "too_deep"}


@given(st.lists(st.tuples(NAMES, st.integers() | st.text(max_size=5)), max_size=90))
def test_repeated_fields_are_found_and_nothing_else(pairs: list[tuple[str, object]]) -> None:
    for ensure_ascii in (True, False):
        body = ",".join(
            json.dumps(name, ensure_ascii=ensure_ascii) + ":" + json.dumps(value)
            for name, value in pairs
        )
        try:
            value = ("{" + body + "}").encode()
        except UnicodeEncodeError:  # a lone surrogate
            continue
        names = [name for name, _ in pairs]
        found = misshapen([b'{"x":1}', value, b'{"x":1}'], 100_000)
        expected = {1: "duplicate_field"} if len(set(names)) < len(names) else {}
        assert {i: bad.reason for i, bad in found.items()} == expected


@pytest.mark.parametrize(
    "value",
    [
        b'{"a": {"b": 1}, "b": {"b": 2}}',
        b'{"a": [{"b": 1}, {"b": 1}], "b": ["a", "a"]}',
        b'{"a": "a", "b": "a\\"a\\\\"}',
        b'["a", "a", "a"]',
        b'{"a": "{", "b": "[[[["}',
    ],
)
def test_the_same_name_in_different_objects_is_no_repetition(value: bytes) -> None:
    assert misshapen([value], 1000) == {}


@pytest.mark.parametrize(
    "between",
    [
        b"9" * 5000,
        b"-" + b"9" * 5000,
        b"0." + b"9" * 5000,
        b"1e400",
        b"1E-400",
        b"-0",
        b'"\\ud800"',
        b'"\xc2\x80"',
        b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1),
    ],
    ids=lambda between: between[:8].decode(),
)
def test_no_value_in_between_hides_a_repeated_field(between: bytes) -> None:
    value = b'{"amount":1,"x":' + between + b',"amount":2}'
    assert misshapen([value], 100_000)[0].reason == "duplicate_field"


@given(st.lists(st.binary(max_size=30) | st.none(), max_size=8))
def test_any_bytes_are_read_safely_and_one_value_does_not_change_another(
    values: list[bytes | None],
) -> None:
    together = {i: bad.reason for i, bad in misshapen(values, 20).items()}
    alone = {
        i: bad.reason for i, value in enumerate(values) for bad in misshapen([value], 20).values()
    }
    assert together == alone


@given(st.binary(max_size=12), st.binary(max_size=12))
def test_the_halves_of_a_split_character_are_not_glued_together(left: bytes, right: bytes) -> None:
    character = "é".encode()
    good = b'{"a":"' + "é".encode() + b'"}'
    found = misshapen([good, left + character[:1], character[1:] + right, good], 100)
    assert 0 not in found
    assert 3 not in found
