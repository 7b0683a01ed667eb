"""The shop's clock: the hour of the day and the day of the week of an event."""

from typing import Any

from stream.pipeline.compiled import kernel
from stream.pipeline.windows import DAY_MS


@kernel
def local_hour(time_ms: int, zone_ms: int) -> Any:
    """Return the hour of the day, 0-23, at the shop's offset from UTC."""
    return (time_ms + zone_ms) // 3_600_000 % 24


@kernel
def weekday(time_ms: int, zone_ms: int) -> Any:
    """Return the day of the week, Monday 0, at the shop's offset from UTC."""
    return ((time_ms + zone_ms) // DAY_MS + 3) % 7
