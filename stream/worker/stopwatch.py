"""Where a batch's CPU time goes, by stage."""

import time


class Stopwatch:
    """Adds up the CPU seconds of this thread by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.thread_time()

    def lap(self, stage: str) -> None:
        """Count the time since the last lap to a stage."""
        now = time.thread_time()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._last
        self._last = now

    def move(self, source: str, stage: str, seconds: float) -> None:
        """Count some of the time of one stage to another."""
        self.seconds[source] = self.seconds.get(source, 0.0) - seconds
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds
