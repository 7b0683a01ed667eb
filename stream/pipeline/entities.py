"""A batch of touches through the states of the entities that users share."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.compiled import kernel, records
from stream.pipeline.entity_answers import N_QUESTIONS, answer
from stream.pipeline.entity_packed import pack_entity, unpack_entity
from stream.pipeline.entity_state import (
    ENTITY_VERSION,
    MAX_ENTITY_BYTES,
    N_ENTITY_COUNTS,
    add_pending,
    clear_entity,
    new_entity,
)
from stream.pipeline.users import cut
from topics.columns import Rows, order_of, taken

TOUCH: Final = np.dtype(
    [
        ("entity", "u8"),  # token, mixed with the kind
        ("time_ms", "i8"),  # of a label: when it became known
        ("user", "i8"),  # 48 bits
        ("amount", "f8"),
        ("row", "i8"),  # of the result that a question fills; -1: nothing is asked
        ("labels", "i1"),  # by how much a label changes the counts
        ("frauds", "i1"),
        ("is_order", "u1"),
        ("adds", "u1"),  # whether the touch counts for later questions
    ],
    align=True,
)
"""One event or label at one entity."""

USER_MASK: Final = np.uint64((1 << 48) - 1)
KIND_SALT: Final = np.array(
    [0, 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5,
     0x85EBCA77C2B2AE63], np.uint64,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class EntityResult:
    """Answers float64[n_rows, N_QUESTIONS] and the new packed states of the entities touched."""

    answers: NDArray[np.float64]
    packed: NDArray[np.uint8]
    ends: NDArray[np.int64]

    def state(self, entity: int) -> bytes:
        """Return the packed state of the entity at this position of the batch."""
        return self.packed[self.ends[entity] : self.ends[entity + 1]].tobytes()

    def states(self) -> list[bytes]:
        """Return the packed states of all entities of the batch, in their order."""
        return cut(self.packed, self.ends)


def group_touches(touches: Rows) -> tuple[NDArray[np.uint64], Rows, NDArray[np.int64]]:
    """Sort touches by entity, keeping their order; return entities, touches and group starts.

    Entities come in the order of their little-endian bytes: a store whose keys these are looks up
    and takes what is in its order in a third of the time.
    """
    touches = taken(touches, order_of(touches["entity"].byteswap()))
    tokens = touches["entity"]
    first = np.flatnonzero(np.r_[len(tokens) > 0, tokens[1:] != tokens[:-1]])
    starts = np.r_[first, len(tokens)].astype(np.int64)
    return tokens[starts[:-1]], touches, starts


def visit(
    touches: Rows,
    starts: NDArray[np.int64],
    states: list[bytes | None],
    n_rows: int,
    *,
    lag_ms: int,
    keep: bool = True,
) -> EntityResult:
    """Ask and update entities in the order of their touches (from `group_touches`).

    A link counts from its time plus ``lag_ms`` on, a label after the time at which it became known.
    Answers of rows that no touch asks for are NaN. Without ``keep`` the new states are not packed.
    Raises ValueError for a state of another version.
    """
    packed_in = [state or b"" for state in states] if any(states) else []
    ends_in = np.zeros(len(states) + 1, np.int64)
    if packed_in:
        np.cumsum(np.fromiter(map(len, packed_in), np.int64, len(packed_in)), out=ends_in[1:])
    data = np.frombuffer(b"".join(packed_in) + bytes(16), np.uint8)
    versions = data[ends_in[:-1][np.diff(ends_in) > 0]]
    if (versions != ENTITY_VERSION).any():
        raise ValueError(
            f"entity state has version {versions[versions != ENTITY_VERSION][0]}, this code reads "
            f"{ENTITY_VERSION}: rebuild the states by reading the links anew under a new "
            "application id"
        )
    answers = np.full((n_rows, N_QUESTIONS), np.nan)
    # A touch adds few bytes, but one from far ahead makes all distances to the newest longer.
    room = int(ends_in[-1]) + 256 * len(touches) + 2_048 * len(states) + MAX_ENTITY_BYTES
    packed = np.empty(room if keep else 1, np.uint8)
    ends = np.zeros(len(states) + 1, np.int64)
    real = np.zeros(1)
    _visit(
        records(touches), starts, data, ends_in, new_entity(), lag_ms, keep,
        real, real.view(np.uint8), np.zeros(N_ENTITY_COUNTS, np.int64), np.zeros(1),
        answers, packed, ends,
    )  # fmt: skip
    return EntityResult(answers, packed, ends)


@kernel
def _visit(  # type: ignore[no-untyped-def]
    touches, starts, data, data_starts, e, lag_ms, keep, real, real_bytes, counts, sums,
    answers, packed, ends,
) -> None:  # fmt: skip
    at = 0
    for entity in range(len(starts) - 1):
        if data_starts[entity] == data_starts[entity + 1]:
            clear_entity(e)
        else:
            unpack_entity(e, data, data_starts[entity], real, real_bytes)
        for i in range(starts[entity], starts[entity + 1]):
            touch = touches[i]
            if touch.row >= 0:
                answer(e, touch.time_ms, touch.user, lag_ms, answers[touch.row])
            if touch.adds:
                add_pending(e, touch, lag_ms, counts, sums)
        if keep:
            at = pack_entity(e, packed, at, real, real_bytes)
        ends[entity + 1] = at
