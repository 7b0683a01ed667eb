"""Chinese reviews: the text is real; users and times are made up, and always the same."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from topics.errors import InputError

TABLE = 'cat,label,review\n书籍,1,\ufeff很好\n酒店,0,"差，\n不来了"\n酒店,1,\u3000\n平板,0,不行\n'
Import = Callable[..., Any]


def test_a_row_becomes_a_review_with_a_rating_and_no_label(imported: Import) -> None:
    events, labels, left_out = imported("reviews-zh", TABLE)
    assert [event["text"] for event in events] == ["很好", "差，\n不来了", "不行"]
    assert [event["rating"] for event in events] == [5, 1, 1]
    assert [event["event_id"] for event in events] == [f"reviews-zh-{n}" for n in (1, 2, 4)]
    assert events[0]["attributes"] == {"category": "书籍"}
    assert not labels
    assert left_out == {"row without text": 1}


def test_with_a_label_kind_the_sentiment_is_the_label_and_not_the_rating(imported: Import) -> None:
    events, labels, _ = imported("reviews-zh", TABLE, label_kind="fake_review", label_days=2)
    assert {event["rating"] for event in events} == {3}
    assert [label["is_fraud"] for label in labels] == [False, True, True]
    for event, label in zip(events, labels, strict=True):
        assert label["kind"] == "fake_review"
        assert label["event_id"] == event["event_id"]
        assert label["user_id"] == event["user_id"]
        assert label["known_at"] == event["event_time"] + 2 * 86_400_000


def test_users_and_times_are_the_same_every_time_and_within_2019(imported: Import) -> None:
    table = "cat,label,review\n" + "".join(f"书籍,1,第{n}\n" for n in range(5_000))
    events = imported("reviews-zh", table)[0]
    assert events == imported("reviews-zh", table)[0]
    assert all(1_546_300_800_000 <= e["event_time"] < 1_577_836_800_000 for e in events)
    assert 3_400 < len({event["user_id"] for event in events}) < 4_000


def test_a_label_that_is_no_sentiment_is_named(imported: Import) -> None:
    with pytest.raises(InputError, match="row 2: label is 'good', not 0 or 1"):
        imported("reviews-zh", "cat,label,review\na,1,b\na,good,b\n")


def test_the_real_reviews_all_become_events(
    imported: Import, published: Callable[[str], Path]
) -> None:
    events, _, left_out = imported("reviews-zh", published("reviews_zh"))
    assert (len(events), left_out.total()) == (43_950, 0)
