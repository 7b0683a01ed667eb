"""The user's last events as the Transformer reads them, with a quota for each type."""

from typing import Any

import numpy as np

from stream.pipeline.compiled import kernel
from stream.pipeline.layout import (
    MAX_PAST,
    NEWEST,
    NO_TIME,
    PAST_QUOTA,
    PF_HAS_TEXT,
    PF_LATE,
    PF_NEW_SELLER,
    PF_NIGHT,
    PF_VERIFIED,
    PF_WEEKEND,
    R_IP,
    R_SELLER,
    Z_PAST,
    State,
)
from stream.pipeline.local_time import local_hour, weekday
from stream.pipeline.packed import EMPTY_SKETCH, PAST_BYTES
from stream.pipeline.packing import put_bytes
from stream.pipeline.recents import find_recent, recent_token
from stream.pipeline.windows import LATENESS_MS

NO_STEP = 255


@kernel
def type_of_step(step: int) -> Any:
    """Return the event type that a step belongs to."""
    return 0 if step < 8 else (1 if step < 16 else 2)


@kernel
def past_flags(s: State, event: Any, zone_ms: int) -> Any:
    """Return the flags of a past event, read from the state before the event is applied."""
    flags = 0
    for kind in range(R_IP + 1):
        token = recent_token(event, kind)
        if token != 0 and find_recent(s, kind, token) < 0:
            flags |= 1 << kind
    if local_hour(event.time_ms, zone_ms) < 6:
        flags |= PF_NIGHT
    if weekday(event.time_ms, zone_ms) >= 5:
        flags |= PF_WEEKEND
    if event.text != 0:
        flags |= PF_HAS_TEXT
    if event.verified:
        flags |= PF_VERIFIED
    seller = recent_token(event, R_SELLER)
    if seller != 0 and find_recent(s, R_SELLER, seller) < 0:
        flags |= PF_NEW_SELLER
    if s.life[NEWEST] != NO_TIME and event.time_ms < s.life[NEWEST] - LATENESS_MS:
        flags |= PF_LATE
    return flags


@kernel
def append_past(s: State, event: Any, flags: int, real4: Any, real4_bytes: Any) -> None:
    """Add the event to the past; the oldest of its type gives way when the quota is full."""
    n = s.sizes[Z_PAST]
    held = 0
    oldest = -1
    for i in range(n):
        if type_of_step(np.int64(s.past[i, 0])) == event.type:
            held += 1
            if oldest < 0:
                oldest = i
    if held == PAST_QUOTA[event.type]:
        for i in range(oldest, n - 1):
            for word in range(PAST_BYTES // 8):
                s.past_words[i, word] = s.past_words[i + 1, word]
        n -= 1
    row = s.past[n]
    row[0] = event.step
    row[1] = event.rating
    put_bytes(row, 2, flags, 2)
    put_bytes(row, 4, np.int64(event.category) & 0xFFFF, 2)
    put_bytes(row, 6, np.int64(event.seller & np.uint64(0xFFFF)), 2)
    real4[0] = 0.0 if np.isnan(event.amount) else event.amount
    for i in range(4):
        row[8 + i] = real4_bytes[i]
    put_bytes(row, 12, max(0, event.time_ms // 1000), 4)
    for i in range(16):
        row[16 + i] = event.sketch[i] if flags & PF_HAS_TEXT else EMPTY_SKETCH
    s.sizes[Z_PAST] = n + 1


@kernel
def copy_past(s: State, out: Any) -> Any:
    """Copy the past to ``out`` (u8[MAX_PAST, 32]), newest first; return how many there are."""
    n = s.sizes[Z_PAST]
    for i in range(n):
        for j in range(PAST_BYTES):
            out[i, j] = s.past[n - 1 - i, j]
    for i in range(n, MAX_PAST):
        out[i, 0] = NO_STEP
        for j in range(1, PAST_BYTES):
            out[i, j] = 0
    return n
