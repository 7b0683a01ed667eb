"""Columns to report by: fields, fields within fields, attributes; everything as text."""

from pathlib import Path

import numpy as np
import pytest

from stream.replay.segments import Segments, read_columns
from stream.replay.spool import Spool
from topics.errors import InputError


def test_a_name_is_a_field_a_field_within_one_or_an_attribute() -> None:
    values = [
        b'{"channel": "app", "payment": {"method": "card"}, "attributes": {"age": 31, "vip": true}}',  # noqa: E501
        b'{"channel": null, "payment": null, "attributes": {"channel": "web", "age": 1.5}}',
        b'{"payment": "cash", "attributes": null}',
    ]
    assert read_columns(values, ["channel", "payment.method", "age", "vip"]) == {
        "channel": ["app", "web", None],
        "payment.method": ["card", None, None],
        "age": ["31", "1.5", None],
        "vip": ["true", None, None],
    }


def test_a_number_beyond_all_floats_in_any_field_stops_nothing() -> None:
    whole = b'{"channel": "app", "weight": 1e400, "n": %b}' % (b"9" * 5000)
    values = [whole, b'{"weight": -1e400}']
    assert read_columns(values, ["channel", "weight"]) == {
        "channel": ["app", None],
        "weight": ["inf", "-inf"],
    }


def test_segments_of_slices_are_joined_by_their_values(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        segments = Segments(["city"], spool)
        segments.add({"city": ["Rome", None, "Ulm"]}, np.array([0, 1]))
        segments.add({"city": ["Ulm", "Rome"]}, np.array([0, 1]))
        found = segments.found()["city"]
    assert found.names == ("Rome", "Ulm")
    assert found.codes.tolist() == [0, -1, 1, 0]


def test_a_column_that_no_event_has_is_one_sentence(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        segments = Segments(["town"], spool)
        segments.add({"town": [None]}, np.array([0]))
        with pytest.raises(InputError, match="no reported event has the column town"):
            segments.found()
