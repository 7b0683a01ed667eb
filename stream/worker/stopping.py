"""A limit on how long a worker takes to end, whatever hangs in it."""

import threading
from typing import Final

from stream.worker.watchdog import end_process

MARGIN_S: Final = 20.0
"""What ending takes at most besides the running batches, for which there is a setting."""


def end_in_time(stop_timeout_s: float) -> None:
    """End the process as the watchdog does if it has not ended by itself by then.

    Until it is over: a thread that hangs in a model keeps Python from leaving even behind the last
    line of the program.
    """
    limit_s = stop_timeout_s + MARGIN_S
    sentence = f"stopping hung for {limit_s:g} s; ending the process, which is safe to start again"
    deadline = threading.Timer(limit_s, end_process, [sentence])
    deadline.daemon = True
    deadline.start()
