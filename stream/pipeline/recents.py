"""Things that a user has used before: devices, addresses, instruments, networks, sellers."""

from typing import Any, Final

import numpy as np

from stream.pipeline.compiled import kernel
from stream.pipeline.layout import RECENT_LIMITS, State

TOKEN_MASK: Final = 0xFFFF_FFFF


@kernel
def recent_token(event: Any, kind: int) -> Any:  # noqa: PLR0911
    """Return the low 32 bits of what the event names of this kind; 0: it names nothing."""
    if kind == 0:
        return np.int64(event.device & np.uint64(TOKEN_MASK))
    if kind == 1:
        return np.int64(event.address & np.uint64(TOKEN_MASK))
    if kind == 2:
        return np.int64(event.instrument & np.uint64(TOKEN_MASK))
    if kind == 3:
        return np.int64(event.ip & np.uint64(TOKEN_MASK))
    if kind == 4:
        return np.int64(event.seller & np.uint64(TOKEN_MASK))
    if kind == 5:
        return np.int64(event.category)
    if event.type == 2:
        return np.int64(event.text & np.uint64(TOKEN_MASK))
    return 0


@kernel
def find_recent(s: State, kind: int, token: int) -> Any:
    """Return where the token stands among the user's recent ones, or -1."""
    for i in range(s.n_recent[kind]):
        if s.recent[kind, i, 0] == token:
            return i
    return -1


@kernel
def touch_recent(s: State, kind: int, token: int, seconds: int) -> None:
    """Note the use of something at a time."""
    at = find_recent(s, kind, token)
    if at >= 0:
        s.recent[kind, at, 1] = min(s.recent[kind, at, 1], seconds)
        s.recent[kind, at, 2] = max(s.recent[kind, at, 2], seconds)
        s.recent[kind, at, 3] += 1
        return
    at = s.n_recent[kind]
    if at < RECENT_LIMITS[kind]:
        s.n_recent[kind] = at + 1
    else:  # the one not seen for the longest gives way
        at = 0
        for i in range(s.n_recent[kind]):
            if s.recent[kind, i, 2] < s.recent[kind, at, 2]:
                at = i
    s.recent[kind, at, 0] = token
    s.recent[kind, at, 1] = seconds
    s.recent[kind, at, 2] = seconds
    s.recent[kind, at, 3] = 1
