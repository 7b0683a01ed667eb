"""The sentence about a bad value says what is wrong with it, not what the decoder made of it."""

import msgspec
import pytest

from topics.explain import explain
from topics.records import Browse

DECODER = msgspec.json.Decoder(Browse)
START = b'{"event_id":"e","user_id":"u","event_time":1750000000000,"action":"view",'


def explained(rest: bytes) -> str:
    reason, detail = explain(START + rest, DECODER, "browse")
    assert reason == "not_json"
    return detail


@pytest.mark.parametrize(
    ("rest", "escape"),
    [
        (rb'"query":"\ud800"}', r"\ud800"),
        (rb'"query":"\uD83Dx and more"}', r"\uD83D"),
        (rb'"query":"\ud83d\ude00\ud801\ud802"}', r"\ud801"),
        (rb'"query":"\udc00 and more"}', r"\udc00"),
        (rb'"query":"\\\ud800"}', r"\ud800"),
        (rb'"unknown":"\ud800"}', r"\ud800"),
        (rb'"\ud800":1}', r"\ud800"),
        (rb'"attributes":{"a":"\ud800"}}', r"\ud800"),
    ],
)
def test_half_a_surrogate_pair_is_named(rest: bytes, escape: str) -> None:
    assert f"an unpaired surrogate escape, {escape}," in explained(rest)


@pytest.mark.parametrize(
    "rest",
    [rb'"query":"\ud83d', rb'"query":"\ud83d\ud', rb'"query":"\ud83d\ude00', rb'"query":"\\ud800"'],
)
def test_a_value_that_was_cut_off_is_called_truncated(rest: bytes) -> None:
    assert "truncated" in explained(rest)


def test_a_mistake_before_half_a_pair_is_the_one_that_is_told() -> None:
    assert "surrogate" not in explained(rb'"query":tru,"sku":"\ud800"}')
