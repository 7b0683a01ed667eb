"""Sending the traffic no faster than it is answered: the embedded broker forgets what waits."""

from collections import Counter
from collections.abc import Callable
from time import monotonic
from typing import Final

from stream.demo.outcomes import Outcomes
from stream.demo.traffic import Role, Sent
from topics.producing import Sender

MOST_WAITING: Final = 3_000
"""Events in the pipe at once: their decisions fit the 5 MB that a partition keeps."""

PATIENCE_S: Final = 120.0
"""How long nothing may come out while something is expected; a first batch compiles kernels."""


class Feeder:
    """Sends records and reads outcomes in turn; ``sent`` counts records by role."""

    def __init__(self, sender: Sender, outcomes: Outcomes, check: Callable[[], None]) -> None:
        self.sent: Counter[Role] = Counter()
        self._sender = sender
        self._outcomes = outcomes
        self._check = check

    @property
    def n_events(self) -> int:
        """Records that went to the event topics, whatever they hold."""
        return self.sent.total() - self.sent["label"]

    @property
    def n_answered(self) -> int:
        """Events that came out, as a decision or as a dead letter."""
        return self._outcomes.n_answered

    @property
    def n_waiting(self) -> int:
        """Events on their way that have not come out; a repeat never does."""
        return self.n_events - self.sent["repeat"] - self.n_answered

    def send(self, record: Sent) -> None:
        """Send one record, after waiting for room."""
        if self.n_waiting >= MOST_WAITING:
            self._sender.flush()
            self.wait_until(lambda: self.n_waiting < MOST_WAITING // 2)
        self._sender.send(record.topic, [record.user_id.encode()], [record.value])
        self.sent[record.role] += 1
        if self.sent.total() % 200 == 0:
            self._outcomes.poll(0)

    def send_at(self, record: Sent, due_s: float) -> None:
        """Send one record at a moment of the monotonic clock and watch for its decision."""
        while (left := due_s - monotonic()) > 0:
            self._outcomes.poll(min(left, 0.005))
        if record.role == "event":
            self._outcomes.expect(record.event_id)
        self.send(record)

    def finish(self) -> None:
        """Wait until everything that was sent has come out."""
        self._sender.flush()
        self.wait_until(lambda: self.n_waiting <= 0)
        while self._outcomes.poll(0.5):
            pass

    def wait_until(self, done: Callable[[], bool]) -> None:
        """Read outcomes until ``done``; raise RuntimeError if none come for too long."""
        last_s = monotonic()
        while not done():
            self._check()
            if self._outcomes.poll(0.1):
                last_s = monotonic()
            elif monotonic() - last_s > PATIENCE_S:
                raise RuntimeError(f"nothing came out for {PATIENCE_S:.0f} s; see the worker's log")
