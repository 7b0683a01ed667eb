"""Which of several changelog records of a key stays."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stream.worker.envelope import Headers, unpack
from topics.compiled import compiled, inlined


class Settled(NamedTuple):
    """What some changelog records come to.

    ``touched`` are their keys, ``chosen`` the values that replace what was there (None: erased),
    ``lost`` the keys whose last record did not; ``term`` is the latest one, ``n_stale`` lost.
    """

    touched: list[bytes]
    chosen: dict[bytes, bytes | None]
    lost: list[bytes]
    term: int
    n_stale: int


def settle(
    keys: Sequence[bytes],
    values: Sequence[bytes | None],
    look_up: Callable[[list[bytes]], list[bytes | None]],
) -> Settled:
    """Apply changelog records in their order to what ``look_up`` finds of their keys.

    Raises ValueError for a value that is no stored state.
    """
    places = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    touched = list(places)
    headers, stored = unpack(values)[0], look_up(touched)
    found = weigh(
        np.fromiter(map(places.__getitem__, keys), np.int64, len(keys)),
        headers,
        np.fromiter((value is None for value in values), np.bool_, len(values)),
        unpack(stored)[0],
        np.fromiter((value is not None for value in stored), np.bool_, len(stored)),
    )
    winners = zip(touched, found.winner.tolist(), strict=True)
    return Settled(
        touched,
        {key: values[winner] for key, winner in winners if winner >= 0},
        [touched[place] for place in np.flatnonzero(found.last_lost).tolist()],
        int(headers["term"].max(initial=-1)),
        found.n_stale,
    )


class Weighed(NamedTuple):
    """By key: the record that stays, int64[n] (-1: what is stored), and whether its last lost.

    ``n_stale`` records lost.
    """

    winner: NDArray[np.int64]
    last_lost: NDArray[np.bool_]
    n_stale: int


@inlined
def newer(  # type: ignore[no-untyped-def]
    term, lives, applied, term_there, lives_there, applied_there
) -> bool:
    """Tell whether a record, later in the changelog, replaces the one that is there.

    The later term wins. Within one term a record replaces another only if it has applied at
    least as much of every topic: two writers can share a term only around a restart, and
    then the one that is behind in some topic is the one that had lost its partitions.
    Topics whose life differs cannot be compared; there the later record wins.
    """
    if term != term_there:
        return bool(term > term_there)
    for source in range(len(applied)):
        if lives[source] == lives_there[source] and applied[source] < applied_there[source]:
            return False
    return True


@compiled
def _weigh(  # type: ignore[no-untyped-def]
    place, erased, terms, lives, applied, known, terms_there, lives_there, applied_there,
    winner, last_lost,
) -> int:  # fmt: skip
    n_stale = 0
    for i in range(len(place)):
        at = place[i]
        last_lost[at] = (
            not erased[i]
            and known[at]
            and not newer(
                terms[i], lives[i], applied[i],
                terms_there[at], lives_there[at], applied_there[at],
            )
        )  # fmt: skip
        if last_lost[at]:
            n_stale += 1
            continue
        winner[at], known[at] = i, not erased[i]
        terms_there[at] = terms[i]
        lives_there[at] = lives[i]
        applied_there[at] = applied[i]
    return n_stale


def weigh(
    place: NDArray[np.int64],
    records: Headers,
    erased: NDArray[np.bool_],
    stored: Headers,
    known: NDArray[np.bool_],
) -> Weighed:
    """Take records in the changelog's order; ``place`` says which key each is of, 0 to n - 1.

    ``records`` and ``stored`` are the headers of the records and of what the store has of each
    key, ``known`` where it has anything; an erased record always stays, and after it any other.
    """
    winner = np.full(len(stored), -1)
    last_lost = np.zeros(len(stored), np.bool_)
    n_stale = _weigh(
        place, erased, *_columns(records), known.copy(), *_columns(stored), winner, last_lost
    )
    return Weighed(winner, last_lost, int(n_stale))


def _columns(headers: Headers) -> tuple[Any, Any, Any]:
    return headers["term"].copy(), headers["epoch"].copy(), headers["applied"].copy()
