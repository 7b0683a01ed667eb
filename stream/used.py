"""What a command has taken: time and memory."""

import resource
import sys
from pathlib import Path
from typing import Final

STATUS: Final = Path("/proc/self/status")


def peak_memory_gb() -> float:
    """Return the most memory that this process ever had resident, in GB (10^9 bytes)."""
    if STATUS.exists():  # getrusage counts what the parent had before this program began
        return high_water_kb(STATUS) * 1024 / 1e9
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / 1e9


def high_water_kb(status: Path) -> int:
    """Return the most memory that a process ever had resident, in KB, by its status in /proc."""
    lines = status.read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM")))


def time_text(seconds: float) -> str:
    """Return a duration for people.

    >>> time_text(59.4), time_text(754), time_text(7_300)
    ('59 s', '12 min 34 s', '2 h 1 min')
    """
    s = round(seconds)
    if s < 60:
        return f"{s} s"
    return f"{s // 60} min {s % 60} s" if s < 3600 else f"{s // 3600} h {s % 3600 // 60} min"
