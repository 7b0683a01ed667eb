"""Ends a worker that has work and makes no progress, so that its supervisor starts a new one."""

import faulthandler
import logging
import os
import sys
import threading
import time
from collections.abc import Callable

EXIT_CODE = 75
"""EX_TEMPFAIL of sysexits.h: trying again may help."""

log = logging.getLogger(__name__)


class Watchdog:
    """A thread that compares ``progress()`` with what it was ``limit_s`` seconds ago.

    ``behind()`` tells whether there is work: only then is standing still wrong. ``end`` is called
    with the sentence to report; it ends the process at once, since what hangs may hang a stop too.
    A watchdog that fails ends the worker as well: nobody would notice that it watches no more.
    """

    def __init__(
        self,
        limit_s: float,
        progress: Callable[[], int],
        behind: Callable[[], bool],
        end: Callable[[str], None],
    ) -> None:
        self._limit_s, self._progress, self._behind, self._end = limit_s, progress, behind, end
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._watch()
        except Exception as error:
            log.exception("The watchdog failed")
            self._end(
                f"the watchdog failed: {error!r}; ending the process, which is safe to start again"
            )

    def _watch(self) -> None:
        last, since = self._progress(), time.monotonic()
        while not self._stopping.wait(self._limit_s / 20):
            now = self._progress()
            if now != last or not self._behind():
                last, since = now, time.monotonic()
            elif time.monotonic() - since > self._limit_s:
                self._end(
                    f"the worker is behind and has made no progress for {self._limit_s:g} s; "
                    "ending the process, which is safe to start again"
                )
                return


def end_process(sentence: str) -> None:
    """Report, show where every thread stands, and end the process without any clean-up."""
    log.critical("%s", sentence)
    print(sentence, file=sys.stderr, flush=True)
    faulthandler.dump_traceback(sys.stderr)
    os._exit(EXIT_CODE)
