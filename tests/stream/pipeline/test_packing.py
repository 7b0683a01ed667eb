"""Numbers as bytes come back as they were."""

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stream.pipeline.packing import (
    get_bytes,
    get_real,
    get_signed,
    get_varint,
    put_bytes,
    put_real,
    put_signed,
    put_varint,
)
from tests.stream.pipeline.streams import examples


@given(st.integers(0, 2**62))
@example(127)
@example(128)
@example(0)
@settings(max_examples=examples(200))
def test_a_varint_comes_back_in_as_few_bytes_as_it_needs(value):
    out = np.full(16, 255, np.uint8)
    end = put_varint(out, 3, value)
    assert end - 3 == max(1, -(-value.bit_length() // 7))
    assert tuple(get_varint(out, 3)) == (value, end)
    assert (out[end:] == 255).all()


@given(st.integers(-(2**61), 2**61))
@example(-1)
@example(-64)
@settings(max_examples=examples(200))
def test_a_signed_integer_comes_back(value):
    out = np.zeros(16, np.uint8)
    end = put_signed(out, 0, value)
    assert tuple(get_signed(out, 0)) == (value, end)
    assert end == 1 or not -64 <= value < 64


@given(st.integers(1, 7), st.data())
@settings(max_examples=examples(100))
def test_short_integers_come_back(n_bytes, data):
    value = data.draw(st.integers(0, 256**n_bytes - 1))
    out = np.full(9, 255, np.uint8)
    assert put_bytes(out, 1, value, n_bytes) == 1 + n_bytes
    assert tuple(get_bytes(out, 1, n_bytes)) == (value, 1 + n_bytes)
    assert (out[1 + n_bytes :] == 255).all()


@given(st.floats())
@settings(max_examples=examples(100))
def test_a_float_comes_back_bit_for_bit(value):
    out, real = np.zeros(10, np.uint8), np.zeros(1)
    view = real.view(np.uint8)
    assert put_real(out, 2, value, real, view) == 10
    real[0] = -5.0
    back, end = get_real(out, 2, real, view)
    assert np.float64(back).tobytes() == np.float64(value).tobytes()
    assert end == 10
