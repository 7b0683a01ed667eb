"""Where the users of an entity stand, for answers that ask about many of them."""

from typing import Final

from stream.pipeline.compiled import kernel
from stream.pipeline.entity_state import N_SEEN, N_SLOTS, N_USERS, P_USER, Entity

SLOT_SHIFT: Final = 20
"""Of a user's token, the bits above so many choose its slot: sampling has fixed those below."""


@kernel
def index_users(e: Entity) -> None:
    """Note in ``slots`` where each user stands, for `find_user`, unless they tell so already."""
    if e.is_indexed[0]:
        return
    e.is_indexed[0] = True
    e.slots[:] = -1
    for i in range(e.head[N_USERS]):
        slot = (e.users[i, 0] >> SLOT_SHIFT) & (N_SLOTS - 1)
        while e.slots[slot] >= 0:
            slot = (slot + 1) & (N_SLOTS - 1)
        e.slots[slot] = i


@kernel
def find_user(e: Entity, user: int) -> int:
    """Return where a user stands, -1 for nowhere; `index_users` comes before."""
    slot = (user >> SLOT_SHIFT) & (N_SLOTS - 1)
    while e.slots[slot] >= 0 and e.users[e.slots[slot], 0] != user:
        slot = (slot + 1) & (N_SLOTS - 1)
    return int(e.slots[slot])


@kernel
def first_of_user(e: Entity, i: int) -> int:
    """Return the first of the pending links asked about whose user is that of link ``i``.

    ``seen`` is -1 before the first of them.
    """
    user = e.pending[i, P_USER]
    slot = (user >> SLOT_SHIFT) & (N_SEEN - 1)
    while e.seen[slot] >= 0 and e.pending[e.seen[slot], P_USER] != user:
        slot = (slot + 1) & (N_SEEN - 1)
    if e.seen[slot] < 0:
        e.seen[slot] = i
    return int(e.seen[slot])
