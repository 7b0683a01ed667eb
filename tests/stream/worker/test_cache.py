from hypothesis import given
from hypothesis import strategies as st

from stream.worker.cache import OVERHEAD, Cache

KEYS = st.integers(0, 30).map(lambda n: b"key%d" % n)
VALUES = st.none() | st.binary(max_size=60)


@given(st.lists(st.tuples(KEYS, VALUES) | KEYS, max_size=300), st.integers(0, 9_000))
def test_a_cache_answers_with_the_newest_value_or_not_at_all(steps, limit) -> None:
    cache, truth = Cache(limit), {}
    for step in steps:
        if isinstance(step, tuple):
            cache.put_many([step[0]], [step[1]])
            truth[step[0]] = step[1]
        else:
            (value,), unknown = cache.get_many([step])
            assert unknown or value == truth[step]
        held = sum(OVERHEAD + len(key) + len(truth[key] or b"") for key in cache._young)
        assert held <= max(limit // 2, 0)


def test_values_that_are_written_again_and_again_push_nothing_out() -> None:
    cache = Cache(20 * OVERHEAD)
    cache.put_many([b"rare"], [b"1"])
    for n in range(1_000):
        cache.put_many([b"often"], [b"%d" % n])
    assert cache.get_many([b"rare", b"often"]) == ([b"1", b"999"], [])


def test_the_oldest_values_go_when_there_are_too_many() -> None:
    cache = Cache(20 * OVERHEAD)
    for n in range(100):
        cache.put_many([b"%d" % n], [b""])
    assert cache.get_many([b"0", b"99"])[1] == [0]
    assert len(cache) <= 20
