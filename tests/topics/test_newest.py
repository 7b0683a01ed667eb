"""The last record about each thing, whatever was repeated in between."""

from collections.abc import Iterator

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.embedded import embedded_broker
from topics.errors import InputError
from topics.newest import newest_records
from topics.producing import Sender

N_TOPICS = 60


@pytest.fixture(scope="module")
def embedded() -> Iterator[tuple[str, Iterator[str]]]:
    """A broker inside librdkafka, and names of empty topics on it."""
    names = [f"out{n}" for n in range(N_TOPICS)]
    with embedded_broker(names) as brokers:
        yield brokers, iter(names)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), min_size=20, max_size=60))
def test_the_last_record_of_each_event_is_kept_in_order(
    embedded: tuple[str, Iterator[str]], events: list[tuple[int, int]]
) -> None:
    brokers, names = embedded
    topic = next(names)
    values = [
        orjson.dumps({"event_id": f"{user}-{e}", "n": n}) for n, (user, e) in enumerate(events)
    ]
    with Sender(brokers) as sender:
        sender.send(topic, [b"%d" % user for user, _ in events], values)
    last = {event: n for n, event in enumerate(events)}
    found = [orjson.loads(v) for part in newest_records(brokers, topic, "event_id") for v in part]
    assert {r["event_id"]: r["n"] for r in found} == {f"{u}-{e}": n for (u, e), n in last.items()}
    assert len(found) == len(last)
    for user in range(10):
        own = [r["n"] for r in found if r["event_id"].startswith(f"{user}-")]
        assert own == sorted(own)


def test_a_tombstone_ends_its_user(embedded: tuple[str, Iterator[str]]) -> None:
    brokers, names = embedded
    topic = next(names)
    with Sender(brokers) as sender:
        sender.send(topic, [b"a", b"b", b"a", b"c", b"c"], [
            b'{"user_id":"a","n":1}', b'{"user_id":"b","n":2}', None, None, b'{"user_id":"c","n":3}'
        ])  # fmt: skip
    found = [v for part in newest_records(brokers, topic, "user_id") for v in part]
    assert sorted(found) == [b'{"user_id":"b","n":2}', b'{"user_id":"c","n":3}']


def test_a_foreign_record_is_named(embedded: tuple[str, Iterator[str]]) -> None:
    brokers, names = embedded
    topic = next(names)
    with Sender(brokers) as sender:
        sender.send(topic, [b"a"], [b"{}"])
    with pytest.raises(InputError, match=f"{topic} has a record without event_id at partition"):
        list(newest_records(brokers, topic, "event_id"))
