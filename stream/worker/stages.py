"""Where a worker's processor time goes, stage by stage, so that the stages add up to the process.

Code that belongs to a stage is measured with its thread's own clock. What a registered thread
does beside that counts as a stage of its own: `consume` for Faust's consumer thread, `event loop`
for the main thread (Faust, asyncio, the producer's network work). All other threads together,
mainly RocksDB's compaction, are `other`.
"""

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping

STAGES = (
    "consume",
    "decode",
    "state read",
    "compute",
    "encode",
    "produce",
    "changelog",
    "store write",
    "links",
    "hand over",
    "event loop",
    "other",
)
"""All stages, but for the parts that a processor reports of its own `compute`."""


class Stages:
    """Processor seconds by stage; every method may be called from any thread."""

    def __init__(self) -> None:
        self._measured: dict[str, float] = {}
        self._inside: dict[int, float] = {}
        self._clocks: dict[int, tuple[str, int]] = {}
        self._ended: dict[int, float] = {}
        self._lock = threading.Lock()
        self._start = time.process_time()

    def register(
        self, stage: str, thread: threading.Thread | None = None, *, since_now: bool = False
    ) -> None:
        """Count what a thread (the caller's by default) does outside of `measure` as a stage.

        What the calling thread did before does not count, nor that of another with ``since_now``.
        """
        ident = (thread or threading.current_thread()).ident
        if ident is not None and hasattr(time, "pthread_getcpuclockid"):
            clock = time.pthread_getcpuclockid(ident)
            with self._lock:
                self._clocks[ident] = (stage, clock)
                if thread is None or since_now:
                    self._inside[ident] = time.clock_gettime(clock)

    @contextlib.contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Count the calling thread's processor time inside the block towards a stage."""
        begin = time.thread_time()
        try:
            yield
        finally:
            self.add({stage: time.thread_time() - begin})

    def add(self, seconds: Mapping[str, float]) -> None:
        """Count processor time of the calling thread that the caller has measured."""
        ident = threading.get_ident()
        with self._lock:
            for stage, spent in seconds.items():
                self._measured[stage] = self._measured.get(stage, 0.0) + spent
                self._inside[ident] = self._inside.get(ident, 0.0) + spent

    def seconds(self) -> dict[str, float]:
        """Return processor seconds by stage since the start; they add up to the process's."""
        with self._lock:
            found = dict(self._measured)
            for ident, (stage, clock) in self._clocks.items():
                with contextlib.suppress(OSError):  # a thread that has ended keeps its reading
                    self._ended[ident] = time.clock_gettime(clock)
                beside = self._ended.get(ident, 0.0) - self._inside.get(ident, 0.0)
                found[stage] = found.get(stage, 0.0) + max(0.0, beside)
        found["other"] = max(0.0, self.total() - sum(found.values()))
        return found

    def total(self) -> float:
        """Return the processor seconds of the whole process since the start."""
        return time.process_time() - self._start
