from hashlib import blake2b

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topics.hashing import Tokens, _any_prefix, ip_prefix, normalise_text

KEY = b"a test key"
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


def reference(text: str) -> int:
    if not text:
        return 0
    return int.from_bytes(blake2b(text.encode(), digest_size=8, key=KEY).digest(), "little") or 1


@given(st.lists(WORDS, max_size=20))
def test_single_cached_and_batched_tokens_equal_hashlibs(texts: list[str]) -> None:
    tokens = Tokens(KEY)
    expected = [reference(text) for text in texts]
    assert [tokens.of(text) for text in texts] == expected
    assert tokens.cached(texts).tolist() == expected
    assert tokens.many(texts).tolist() == expected


@pytest.mark.parametrize("n", [1, 127, 128, 129, 255, 256, 257, 1000])
def test_block_boundaries_are_hashed_right(n: int) -> None:
    assert Tokens(KEY).many(["x" * n, "y"]).tolist() == [reference("x" * n), reference("y")]


def test_a_small_cache_forgets_but_answers_the_same() -> None:
    tokens = Tokens(KEY, cache_entries=4)
    texts = [f"d-{i % 9}" for i in range(200)]
    assert [tokens.of(text) for text in texts] == [reference(text) for text in texts]
    assert len(tokens._of) <= 4
    assert len(tokens._of._older) <= 4


@pytest.mark.parametrize("key", [b"", b"k" * 65])
def test_a_key_of_the_wrong_size_is_refused(key: bytes) -> None:
    with pytest.raises(ValueError, match="1 to 64 bytes"):
        Tokens(key)


def test_another_key_gives_other_tokens() -> None:
    assert Tokens(b"one").of("d-1") != Tokens(b"two").of("d-1")


@pytest.mark.parametrize(
    ("address", "prefix"),
    [
        ("203.0.113.9", "203.0.113.0/24"),
        (" 203.0.113.255 ", "203.0.113.0/24"),
        ("::ffff:203.0.113.1", "203.0.113.0/24"),
        ("2001:0DB8:0001:0002::3", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("203.0.113", "203.0.113"),
        ("not an address", "not an address"),
        ("", ""),
    ],
)
def test_addresses_count_under_their_network(address: str, prefix: str) -> None:
    assert ip_prefix(address) == prefix
    assert Tokens(KEY).ip(address) == reference(prefix)
    assert Tokens(KEY).ips([address]).dtype == np.uint64


@given(WORDS)
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise_text(normalise_text(text)) == normalise_text(text)


@pytest.mark.parametrize(
    "variant", ["Great phone!", "great   PHONE", "ｇｒｅａｔ　ｐｈｏｎｅ。", "“Great” phone…"]
)
def test_spelling_variants_of_a_text_are_one_text(variant: str) -> None:
    assert normalise_text(variant) == "great phone"


def test_different_texts_stay_different() -> None:
    assert normalise_text("质量很好") != normalise_text("质量不好")


def test_texts_that_hold_the_separator_are_hashed_whole() -> None:
    texts = ["a\0b", "", "\0", "é\0", "c"]
    assert Tokens(KEY).many(texts).tolist() == [reference(text) for text in texts]
    assert Tokens(KEY).many([]).tolist() == []


GROUPS = st.sampled_from(["0", "1", "00ff", "FFFF", "db8", "", "10000", "g", "203.0.113.9"])
OCTETS = st.integers(0, 299).map(str) | st.sampled_from(["00", "01", "", "٣", " 1", "1\n"])


@given(
    st.ip_addresses().map(str)
    | st.ip_addresses(v=6).map(lambda address: address.exploded.upper())
    | st.lists(GROUPS, min_size=1, max_size=9).map(":".join)
    | st.lists(OCTETS, min_size=3, max_size=5).map(".".join)
    | WORDS
)
def test_the_fast_way_to_a_prefix_is_the_slow_one(text: str) -> None:
    assert ip_prefix(text) == _any_prefix(text)
