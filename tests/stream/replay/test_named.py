"""Labels find the entities of their events, whichever comes first, until a worker forgets them."""

import numpy as np

from stream.pipeline.links import LINK, N_KINDS
from stream.pipeline.windows import DAY_MS
from stream.replay.named import KEPT_DAYS, Named
from topics.columns import Rows


def links(*events: int, day: int = 0, is_label: int = 0) -> Rows:
    rows = np.zeros(len(events), LINK)
    rows["event"], rows["event_ms"], rows["is_label"] = events, day * DAY_MS, is_label
    if not is_label:
        rows["tokens"] = np.array(events)[:, None] * 10 + np.arange(N_KINDS)
    return rows


def turns(n: int) -> np.ndarray:
    return np.arange(n) + 100


def test_a_label_has_the_entities_of_its_event() -> None:
    named = Named()
    assert not len(named.keep(links(1, 2), turns(2)))
    (found,) = named.resolve(links(2, is_label=1))
    assert found["tokens"].tolist() == [20, 21, 22, 23, 24, 25]


def test_a_label_that_comes_first_waits_and_counts_once_in_the_turn_of_its_event() -> None:
    named = Named()
    assert not len(named.resolve(links(3, is_label=1)))
    (found,) = named.keep(links(2, 3), turns(2))
    assert (found["tokens"].tolist(), found["offset"]) == ([30, 31, 32, 33, 34, 35], 101)
    assert not len(named.keep(links(3), turns(1)))


def test_events_are_forgotten_when_no_label_can_come_any_more() -> None:
    named = Named()
    named.keep(links(1), turns(1))
    named.keep(links(2, day=KEPT_DAYS + 10), turns(1))
    assert len(named.resolve(links(1, is_label=1))) == 1
    named.keep(links(3, day=2 * KEPT_DAYS), turns(1))
    assert not len(named.resolve(links(1, is_label=1)))
    assert len(named.resolve(links(2, is_label=1))) == 1
