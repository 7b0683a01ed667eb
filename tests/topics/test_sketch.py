import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from topics.sketch import MAX_CHARS, NO_TEXT, sketches, unpack

TEXTS = st.lists(st.one_of(st.none(), st.text(max_size=60)), max_size=12)


def similarity(a: str, b: str) -> float:
    left, right = unpack(sketches([a, b]))
    return float(left @ right / np.sqrt((left @ left) * (right @ right)))


def test_no_text_and_empty_text_have_the_sketch_of_no_text() -> None:
    assert (sketches([None, ""]) == NO_TEXT).all()
    assert not unpack(sketches([None, ""])).any()


@given(TEXTS)
def test_a_sketch_does_not_depend_on_its_neighbours(texts: list[str | None]) -> None:
    together = sketches(texts)
    assert together.shape == (len(texts), 16)
    for text, row in zip(texts, together, strict=True):
        assert (sketches([text])[0] == row).all()


@given(TEXTS)
def test_unpacked_values_lie_between_minus_one_and_one(texts: list[str | None]) -> None:
    values = unpack(sketches(texts))
    assert values.shape == (len(texts), 32)
    assert values.dtype == np.float32
    assert (np.abs(values) <= 1).all()


def test_values_come_back_in_the_order_they_were_packed() -> None:
    packed = np.full((1, 1, 16), NO_TEXT, np.uint8)
    packed[0, 0, 3] = 0xF1
    values = unpack(packed)
    assert values.shape == (1, 1, 32)
    assert values[0, 0, 6] == -1
    assert values[0, 0, 7] == 1
    assert np.count_nonzero(values) == 2


def test_near_copies_are_closer_than_other_texts() -> None:
    for text, copy, other in [
        (
            "arrived late and the box was broken",
            "arrived late and the box was open",
            "love it best gift ever for my daughter",
        ),
        (
            "物流太慢 包装破损 客服不理人",
            "物流太慢 包装破损 客服不理",
            "孩子很喜欢 颜色漂亮 下次还买",
        ),
    ]:
        assert similarity(text, copy) > 0.7
        assert similarity(text, copy) > similarity(text, other) + 0.4


def test_order_of_words_and_single_letters_count() -> None:
    assert (sketches(["ab"]) != sketches(["ba"])).any()
    assert (sketches(["a"]) != NO_TEXT).any()


def test_what_lies_beyond_the_limit_is_not_read() -> None:
    text = "abcdefghij" * (MAX_CHARS // 10 + 1)
    assert (sketches([text]) == sketches([text + "zzzz" * 500])).all()


def test_sketches_stay_as_they_are_stored() -> None:
    assert sketches(["good phone"]).tobytes().hex() == "f59848b8888dc8888b889b889858738c"
