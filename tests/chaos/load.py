"""Events that keep coming while something breaks."""

import threading
import time
from collections.abc import Callable

import orjson

from tests.stream.worker.market import TOPIC_OF, Event, Market, traffic

KINDS = ("order", "browse", "review")
EVERY_S = 0.05


class Load:
    """A thread that gives events at a steady rate until the block ends; waits for none of them.

    ``events`` are the ones to give, by default those of users who share devices and sellers.
    """

    def __init__(self, market: Market, per_s: int, events: list[Event] | None = None) -> None:
        self._market, self._n_at_once = market, max(1, round(per_s * EVERY_S))
        self._events = events or traffic(99_000, KINDS, seed=1)
        self._stopping = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._stopping.set()
        self._thread.join(60)
        if kind is None:
            assert self._error is None, self._error
            self._market.flush()

    def _run(self) -> None:
        try:
            for first in range(0, len(self._events), self._n_at_once):
                if self._stopping.wait(EVERY_S):
                    return
                for event in self._events[first : first + self._n_at_once]:
                    value = orjson.dumps(event)
                    self._market.put(TOPIC_OF[event["type"]], event["user_id"].encode(), value)
                    self._market.events.append(event)
            raise AssertionError("the load ended before the test did")
        except BaseException as error:  # raised again where the block ends
            self._error = error


def wait_for(condition: Callable[[], bool], keep: Callable[[], None], timeout_s: float) -> None:
    """Wait until something holds; ``keep`` is called meanwhile and may raise."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        keep()
        assert time.monotonic() < deadline, "waited for too long"
        time.sleep(0.02)
