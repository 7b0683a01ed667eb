"""Free fields that nobody asks for are checked without being read, and as strictly."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.topics.test_decode import BROWSE
from topics.decode import Decoder
from topics.flatobject import surely_flat
from topics.hashing import Tokens

FULL, WITHOUT = (Decoder(Tokens(b"k"), keeps_attributes=kept) for kept in (True, False))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.text(), SCALARS, max_size=2)


def is_flat(text: str) -> bool:
    data = text.encode()
    spans = np.array([[0, len(data)]], np.int32)
    return bool(surely_flat(np.frombuffer(data, np.uint8), spans)[0])


@pytest.mark.parametrize(
    ("text", "flat"),
    [
        ("{}", True),
        ('{"a": true, "b": false, "c": null, "d": "{[\\"1e9", "e": -12.5}', True),
        ('{"a": {}}', False),
        ('{"a": [1]}', False),
        ('{"a": 1e999}', False),
        ('{"a": 1234567890123456}', False),
        ('{"a\\\\": "x", "b": {}}', False),
    ],
)
def test_what_is_plain_is_told_from_what_may_not_be(text: str, flat: bool) -> None:
    assert is_flat(text) == flat


@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=4), st.booleans())
def test_the_same_events_are_refused_with_and_without_the_fields(
    given: dict[str, Any], ascii_only: bool
) -> None:
    event = BROWSE | {"attributes": given}
    try:
        value = json.dumps(event, ensure_ascii=ascii_only).encode()
    except UnicodeEncodeError:
        return
    full, without = (d.events([value], type_hint="browse") for d in (FULL, WITHOUT))
    assert [bad.reason for bad in full.bad] == [bad.reason for bad in without.bad]
    assert [bad.detail for bad in full.bad] == [bad.detail for bad in without.bad]
    assert full.batch.rows.tobytes() == without.batch.rows.tobytes()
    assert without.batch.attributes == [None] * len(without.batch)


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1" * 400, "1e5", "0.1e-400"])
def test_odd_numbers_are_treated_the_same(number: str) -> None:
    value = json.dumps(BROWSE | {"attributes": {"a": 0}}).replace('{"a": 0}', f'{{"a": {number}}}')
    full, without = (d.events([value.encode()], type_hint="browse") for d in (FULL, WITHOUT))
    assert [bad.reason for bad in full.bad] == [bad.reason for bad in without.bad]
