"""A steady load, sent by a thread of its own while workers come and go."""

import threading
import time
from types import TracebackType
from typing import Final, Self

from stream.bench.traffic import Traffic, now_ms
from topics.producing import Sender

TICK_S: Final = 0.002


class Load:
    """Sends ``rate`` events per second from entering its ``with`` block to leaving it."""

    def __init__(self, brokers: str, traffic: Traffic, rate: int) -> None:
        self._brokers, self._traffic, self._rate = brokers, traffic, rate
        self._ending = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._ending.set()
        self._thread.join()
        if self._error is not None and kind is None:
            raise RuntimeError(f"the load ended: {self._error}") from self._error

    def _run(self) -> None:
        try:
            with Sender(self._brokers, linger_ms=0.0) as sender:
                begin_s, n = time.monotonic(), 0
                while not self._ending.is_set():
                    if due := int((time.monotonic() - begin_s) * self._rate) - n:
                        self._traffic.send(sender, self._traffic.part(due, now_ms()))
                        n += due
                    sender.wait(TICK_S)
        except BaseException as error:
            self._error = error
