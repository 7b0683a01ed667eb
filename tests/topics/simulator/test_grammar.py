"""Reviews read like reviews: varied, in their language, warm or cold as the rating says."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topics.simulator import SimulatorConfig
from topics.simulator.categories import CATEGORIES
from topics.simulator.dice import dice
from topics.simulator.grammar import Voice, compose, pieces_of, title
from topics.simulator.market import Market

MARKET = Market(SimulatorConfig(users=100, days=10, seed=5))
PRODUCTS = [p for shelf in MARKET.shelves.values() for p in shelf.products]


@given(
    st.integers(0, 10**6),
    st.sampled_from(["zh", "en", "mixed"]),
    st.sampled_from(PRODUCTS),
    st.integers(1, 5),
)
def test_no_slot_is_left_open_and_no_text_is_empty(seed, language, product, rating):
    rng = dice(seed, "grammar")
    for text in (compose(rng, language, product, rating), title(rng, language, rating)):
        assert text.strip()
        assert "{" not in text
        assert "\n" not in text
        assert len(text) < 1_000


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_category_has_aspects_and_every_feeling_its_words(language):
    bank = pieces_of(language)
    assert set(bank.aspects) == {category.name for category in CATEGORIES}
    for table in (bank.opinions, bank.opening, bank.delivery, bank.price, bank.closing, bank.short):
        assert set(table) == {-1, 0, 1}
        assert all(piece for pieces in table.values() for piece in pieces)


def test_texts_are_varied_but_the_shortest_recur():
    rng = dice(1, "variety")
    texts = Counter(compose(rng, "zh", rng.pick(PRODUCTS), 5) for _ in range(2_000))
    assert 0.75 < len(texts) / 2_000 < 0.97
    assert texts.most_common(1)[0][1] > 10


def test_languages_keep_apart_but_for_a_word_here_and_there():
    rng = dice(2, "language")

    def share_of_chinese(language):
        texts = [compose(rng, language, rng.pick(PRODUCTS), rng.whole(1, 5)) for _ in range(400)]
        return sum(any("一" <= c <= "鿿" for c in text) for text in texts) / 400

    assert share_of_chinese("en") < 0.06
    assert share_of_chinese("zh") > 0.9
    assert 0.4 < share_of_chinese("mixed") < 0.8


def test_the_rating_shows_in_the_words():
    rng = dice(3, "feeling")
    chatty = Voice(sentences=3.0, short=0.0, contrast=0.1)
    good, bad = pieces_of("en").opinions[1], pieces_of("en").opinions[-1]

    def warmth(rating):
        texts = [compose(rng, "en", rng.pick(PRODUCTS), rating, chatty) for _ in range(200)]
        return sum(any(w in t for w in good) - any(w in t for w in bad) for t in texts) / 200

    assert warmth(5) > 0.5
    assert warmth(1) < -0.5
