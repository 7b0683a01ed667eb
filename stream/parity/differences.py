"""How two columns about the same events differ, by the rule of their kind."""

from dataclasses import dataclass
from math import isnan
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Kind = Literal["field", "score", "action", "own", "shared"]
Value = float | int | str | bool | None


class Compared(NamedTuple):
    """How each of ``n`` rows compares.

    ``differs`` bool[n]: beyond what is allowed. ``near`` bool[n]: differs at a threshold, which a
    tolerance cannot help. ``unknown`` bool[n]: known on one side only. ``error`` float64[n]: how
    far apart, 0 where equal or not known.
    """

    differs: Bools
    near: Bools
    unknown: Bools
    error: Floats


@dataclass(frozen=True)
class Example:
    """An event in which a column differs, and its two values; None is unknown."""

    event_id: str
    logged: Value
    replayed: Value
    error: float


@dataclass(frozen=True)
class Difference:
    """What was found in one column.

    ``n`` events differ, among them ``n_unknown`` that are known on one side only; ``n_near`` more
    differ at a threshold and do not count. ``largest_error`` is relative for features and money,
    absolute for probabilities and points, 0 for texts. ``example`` is an event with the largest
    error among those that differ, else among the near ones.
    """

    name: str
    kind: Kind
    n: int = 0
    n_unknown: int = 0
    n_near: int = 0
    largest_error: float = 0.0
    example: Example | None = None

    def joined(self, other: "Difference") -> "Difference":
        """Return what was found in this part of the events and another."""
        first = max((self, other), key=lambda d: (d.n > 0, d.example.error if d.example else -1.0))
        return Difference(
            self.name,
            self.kind,
            self.n + other.n,
            self.n_unknown + other.n_unknown,
            self.n_near + other.n_near,
            max(self.largest_error, other.largest_error),
            first.example,
        )


def features(logged: NDArray[np.float32], replayed: NDArray[np.float32]) -> Compared:
    """Compare bit for bit; NaN, which is unknown, equals NaN.

    >>> found = features(np.float32([0.1, np.nan, 1]), np.float32([0.1, np.nan, 2]))
    >>> found.differs.tolist(), found.error.tolist()
    ([False, False, True], [0.0, 0.0, 0.5])
    """
    unknown = np.isnan(logged) != np.isnan(replayed)
    known = ~np.isnan(logged) & ~np.isnan(replayed)
    differs = unknown | (known & (logged.view(np.uint32) != replayed.view(np.uint32)))
    if not differs.any():
        return _equal(len(logged))
    error = relative_error(logged.astype(np.float64), replayed.astype(np.float64))
    return Compared(differs, np.zeros(len(logged), np.bool_), unknown, error)


def probabilities(logged: Floats, replayed: Floats, tolerance: float) -> Compared:
    """Compare within an absolute tolerance."""
    unknown = np.isnan(logged) != np.isnan(replayed)
    error = np.nan_to_num(np.abs(logged - replayed))
    return Compared(unknown | (error > tolerance), np.zeros_like(unknown), unknown, error)


def money(logged: Floats, replayed: Floats, tolerance: float) -> Compared:
    """Compare within a relative tolerance; below one unit of the currency it is absolute.

    >>> money(np.array([0.0, 200.0]), np.array([1e-9, 100.0]), 1e-5).error.tolist()
    [1e-09, 0.5]
    """
    unknown = np.isnan(logged) != np.isnan(replayed)
    scale = np.fmax(1.0, np.fmax(np.abs(logged), np.abs(replayed)))
    error = np.nan_to_num(np.abs(logged - replayed) / scale)
    return Compared(unknown | (error > tolerance), np.zeros_like(unknown), unknown, error)


def points(logged: Floats, replayed: Floats) -> Compared:
    """Compare whole points; one point apart is near, since any tolerance before rounding can be."""
    unknown = np.isnan(logged) != np.isnan(replayed)
    error = np.nan_to_num(np.abs(logged - replayed))
    return Compared(unknown | (error > 1.0), error == 1.0, unknown, error)


def actions(differs: Bools, logged: Floats, replayed: Floats, tolerance: float) -> Compared:
    """Compare actions that one policy took of the risks ``logged`` and ``replayed``.

    Where two risks within the tolerance led to different actions, a threshold lies between them:
    that is near. Equal risks have no threshold between them. ``differs`` is where actions do.
    """
    with np.errstate(invalid="ignore"):
        between = (logged != replayed) & (np.abs(logged - replayed) <= tolerance)
    nothing = np.zeros_like(differs)
    return Compared(differs & ~between, differs & between, nothing, np.zeros(len(differs)))


def texts(differs: Bools) -> Compared:
    """Compare what has no distance."""
    return Compared(differs, *_equal(len(differs))[1:])


def relative_error(logged: Floats, replayed: Floats) -> Floats:
    """Return |a - b| / max(|a|, |b|), 0 to 2; 1 where one is infinite, 0 where one is unknown.

    >>> relative_error(np.array([1, 0, np.inf, 3]), np.array([2, 0, 1, np.nan])).tolist()
    [0.5, 0.0, 1.0, 0.0]
    """
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        error = np.abs(logged - replayed) / np.maximum(np.abs(logged), np.abs(replayed))
    error = np.where(np.isinf(logged) | np.isinf(replayed), 1.0, error)
    known = ~np.isnan(logged) & ~np.isnan(replayed) & (logged != replayed)
    return np.where(known, error, 0.0)


def found(
    name: str, kind: Kind, compared: Compared, ids: Any, logged: Any, replayed: Any
) -> Difference:
    """Sum up a column; ``ids``, ``logged`` and ``replayed`` are its Arrow columns."""
    n, n_near = int(compared.differs.sum()), int(compared.near.sum())
    largest = float(compared.error.max(initial=0.0))
    if not n + n_near:
        return Difference(name, kind, largest_error=largest)
    rows = np.flatnonzero(compared.differs if n else compared.near)
    row = int(rows[np.argmax(compared.error[rows])])
    example = Example(
        ids[row].as_py(), _value(logged, row), _value(replayed, row), float(compared.error[row])
    )
    return Difference(name, kind, n, int(compared.unknown.sum()), n_near, largest, example)


def _equal(n: int) -> Compared:
    no = np.zeros(n, np.bool_)
    return Compared(no, no, no, np.zeros(n))


def _value(column: Any, row: int) -> Value:
    value: Value = column[row].as_py()
    return None if isinstance(value, float) and isnan(value) else value
