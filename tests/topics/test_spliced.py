"""Records joined out of columns of JSON."""

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from topics.spliced import Fragments, spliced

FLOATS = st.floats(width=32, allow_infinity=False)


@given(st.lists(st.tuples(st.text(), st.integers(-(2**60), 2**60)), max_size=20))
def test_every_record_is_what_json_would_write(rows):
    texts, numbers = [text for text, _ in rows], np.array([n for _, n in rows], np.int64)
    parts = [b'{"a":"', Fragments.of_texts(texts), b'","n":', Fragments.of_numbers(numbers), b"}"]
    found = [json.loads(record) for record in spliced(parts, len(rows))]
    assert found == [{"a": text, "n": number} for text, number in rows]


@given(arrays.arrays(np.float32, st.tuples(st.integers(0, 5), st.integers(0, 4)), elements=FLOATS))
def test_a_matrix_is_written_row_by_row(matrix):
    rows = [json.loads(row) for row in spliced([Fragments.of_numbers(matrix)], len(matrix))]
    expected = [[None if np.isnan(v) else v for v in row.tolist()] for row in matrix]
    assert [np.array(row, np.float32).tolist() for row in rows if None not in row] == [
        row for row in expected if None not in row
    ]
    assert [[v is None for v in row] for row in rows] == [[v is None for v in r] for r in expected]


def test_one_column_may_stand_in_a_record_twice_and_have_nothing_in_some_rows():
    few = Fragments.of_choices(np.array([1, 0, 1]), [b"x", b"yy"])
    numbers = Fragments.of_numbers(np.array([1, 2, 3])).null_where(np.array([False, True, False]))
    assert spliced([few, b"-", few, b":", numbers], 3) == [b"yy-yy:1", b"x-x:null", b"yy-yy:3"]


def test_no_rows_make_no_records():
    assert spliced([b"{", Fragments.of_texts([]), b"}"], 0) == []
