"""Keeping a worker at full load without an endless backlog, and waiting for its answers."""

import time
from collections.abc import Callable, Iterator
from typing import Final

from stream.bench.traffic import CHUNK, Event, Traffic
from stream.bench.worker import SILENCE_S, Answers
from topics.producing import Sender

MOST_WAITING: Final = 200_000
"""Events on the topics that are not answered yet: several seconds of a worker's work."""

LOOK_EVERY_S: Final = 0.05
SETTLED_S: Final = 30.0


class Feeder:
    """Sends events of a `Traffic` no faster than they are answered.

    ``check`` raises where the worker failed; ``n_revised`` says how many answers so far are second
    ones.
    """

    def __init__(
        self,
        sender: Sender,
        answers: Answers,
        traffic: Traffic,
        check: Callable[[], None],
        n_revised: Callable[[], int] = lambda: 0,
    ) -> None:
        self._sender, self._answers, self._traffic = sender, answers, traffic
        self._check, self._n_revised = check, n_revised
        self._begin = answers.count() - n_revised() - traffic.sent.total()
        self.n_answered = 0

    def send(self, events: list[Event]) -> None:
        """Send events, after waiting for room."""
        if self._traffic.sent.total() - self.n_answered >= MOST_WAITING:
            self._wait(MOST_WAITING - CHUNK)
        self._traffic.send(self._sender, events)

    def send_all(self, parts: Iterator[list[Event]]) -> None:
        """Send all parts, and wait until they are answered."""
        for part in parts:
            self.send(part)
        self.finish()

    def finish(self) -> None:
        """Wait until everything that was sent is answered, and nothing twice.

        Raises RuntimeError where answers are missing or too many.
        """
        self._sender.flush()
        self._wait(0)
        deadline_s = time.monotonic() + SETTLED_S
        while self.n_answered != self._traffic.sent.total() and time.monotonic() < deadline_s:
            time.sleep(LOOK_EVERY_S)  # a second answer is counted when it has been acknowledged
            self.n_answered = self._count()
        if self.n_answered != self._traffic.sent.total():
            n_sent = self._traffic.sent.total()
            raise RuntimeError(f"{n_sent:,} events have {self.n_answered:,} answers")

    def _count(self) -> int:
        n_revised = self._n_revised()
        return self._answers.count() - n_revised - self._begin

    def _wait(self, n_waiting: int) -> None:
        last_s = time.monotonic()
        while True:
            self._check()
            n = self._count()
            if n > self.n_answered:
                last_s, self.n_answered = time.monotonic(), n
            if self._traffic.sent.total() - self.n_answered <= n_waiting:
                return
            if time.monotonic() - last_s > SILENCE_S:
                raise RuntimeError(f"nothing was answered for {SILENCE_S:.0f} s")
            time.sleep(LOOK_EVERY_S)
