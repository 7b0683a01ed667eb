"""A batch cut anywhere gives the same bytes: features, answers, past and states."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.stream.pipeline.runs import Fast, run_fast
from tests.stream.pipeline.streams import INTERPRETED, Item, cut, examples, seeded, streams


def names_that_differ(one: Fast, other: Fast) -> list[str]:
    ours, theirs = one.fingerprint(), other.fingerprint()
    return sorted(n for n in ours.keys() | theirs.keys() if ours.get(n) != theirs.get(n))


@st.composite
def cut_streams(draw: st.DrawFn) -> tuple[list[Item], list[int], list[int]]:
    items = draw(streams())
    places = st.lists(st.integers(0, len(items)), max_size=len(items))
    return items, draw(places), draw(places)


@given(cut_streams())
@settings(max_examples=examples(120))
def test_two_ways_to_cut_a_stream_give_the_same_bytes(case):
    items, one, other = case
    assert not names_that_differ(run_fast(items, one), run_fast(items, other))


def test_one_batch_and_one_by_one_give_the_same_bytes():
    items = seeded(3, 60 if INTERPRETED else 1_500, n_users=20, hot_share=0.4)
    whole, single = run_fast(items), run_fast(items, list(range(len(items))))
    assert not names_that_differ(whole, single)
    assert whole.features
    assert len(whole.past) == len(whole.features)


@given(streams())
@settings(max_examples=examples(40))
def test_other_users_in_the_batch_change_nothing_of_a_users_own(items):
    together = run_fast(items)
    for user in {item["user"] for item in items}:
        alone = run_fast([item for item in items if item["user"] == user])
        of_user = [item["user"] == user for item in items if not item["is_label"]]
        assert alone.states[user] == together.states[user]
        rows = [row for row, own in zip(together.aggregates, of_user, strict=True) if own]
        assert [r.tobytes() for r in alone.aggregates] == [r.tobytes() for r in rows]


def test_the_order_of_events_does_matter_to_the_bytes():
    items = seeded(3, 40, n_users=1, late_share=0.0, duplicate_share=0.0, label_share=0.0)
    assert names_that_differ(run_fast(items), run_fast(items[::-1]))
    assert cut(items, [0, 10, 10, 40]) == [items[:10], items[10:]]
