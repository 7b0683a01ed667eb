"""Which of the shop's own fields a model reads, found in the events that it is trained on."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from model.attribute import Attribute, LeftOut
from model.attributes import Attributes
from topics.freefields import FreeFields, is_missing, number_of, text_of

MOST_FIELDS: Final = 64
MOST_PROFILED: Final = 512
"""Fields that are looked at, those that most events have; where names are values there are many."""

MOST_ROWS: Final = 100_000
"""Events that are looked at, evenly spread over all: enough to know what a field holds."""

MIN_ROWS: Final = 20
"""Events with a field, or with a value of a string, below which it teaches nothing."""

MIN_USERS: Final = 5
"""Users with a value of a string, below which it may be somebody's own: it is not kept."""

MOST_VALUES: Final = 128
MOST_LETTERS: Final = 64
MIN_KNOWN: Final = 0.05
"""Share of a string's events whose value is known, below which hardly any value comes back."""

NUMERIC: Final = 0.95
"""Share of a field's values that must be numbers, or booleans, for it to be of that kind.

Values that say there is none (`topics.freefields.MISSING`) do not count against it.
"""

FEW_WORDS: Final = 3
MIN_NUMBERS: Final = 0.5
MANY_NUMBERS: Final = 10
"""A field of at least so many different numbers, which are at least that share of its values, and
of no more than these few words besides is one of numbers, too; its words are unknown numbers. Of
fewer numbers none is lost where they are strings."""

ALWAYS: Final = 0.995
"""Share of events with a field from which on its absence says nothing."""

MOST_LEFT: Final = 200
"""Fields of which it is told that they are left out."""

N_BINS: Final = 16


def find_attributes(
    found: Sequence[FreeFields | None] | None,
    users: NDArray[np.uint64],
    label: NDArray[np.int8],
) -> Attributes:
    """Profile the free fields of ``n`` events and choose those that a model should read.

    ``found`` are the events' fields, ``users`` uint64[n] whose they are, ``label`` int8[n] 1, 0 or
    -1 for unknown. Where there are more than `MOST_FIELDS`, those that tell most of the labels
    stay, without labels those that most events have. No label goes into any value.
    """
    if found is None:
        return Attributes()
    step = max(1, -(-len(found) // MOST_ROWS))
    rows = found[::step]
    counts = Counter(name for one in rows if one for name in one)
    ranked = sorted(counts, key=lambda name: (-counts[name], name))
    looked_at = [name for name in ranked if counts[name] >= MIN_ROWS][:MOST_PROFILED]
    read: list[Attribute] = []
    left = [LeftOut(name, "too few events have it") for name in ranked[len(looked_at) :]]
    for name in sorted(looked_at):
        field = _profiled(name, [one.get(name) if one else None for one in rows], users[::step])
        if isinstance(field, Attribute):
            read.append(field)
        else:
            left.append(field)
    if len(read) > MOST_FIELDS:
        worth = {field.name: _worth(field, rows, label[::step]) for field in read}
        read.sort(key=lambda field: (-worth[field.name], -field.present, field.name))
        why = f"{MOST_FIELDS} other fields tell more"
        left += [LeftOut(field.name, why) for field in read[MOST_FIELDS:]]
        read = sorted(read[:MOST_FIELDS], key=lambda field: field.name)
    return Attributes(tuple(read), tuple(left[:MOST_LEFT]))


def _profiled(name: str, values: Sequence[Any], users: NDArray[np.uint64]) -> Attribute | LeftOut:
    known = [value for value in values if value is not None]
    present = len(known) / len(values)
    real = [value for value in known if not is_missing(value)]
    numbers = np.array([number_of(value) for value in known])
    n_boolean = sum(isinstance(value, bool) for value in real)
    if n_boolean >= max(MIN_ROWS, NUMERIC * len(real)):
        usual = float(np.nanmedian(numbers) >= 0.5)
        return _unless_constant(Attribute(name, "boolean", usual, present), numbers)
    if _are_numbers(real, numbers[np.isfinite(numbers)]):
        usual = float(np.nanmedian(numbers))
        return _unless_constant(Attribute(name, "number", usual, present), numbers)
    return _string(name, [None if v is None else text_of(v) for v in values], present, users)


def _are_numbers(real: Sequence[Any], numbers: NDArray[np.float64]) -> bool:
    """Return whether values that say something, of which these are ``numbers``, are numbers."""
    n = len(real)
    if len(numbers) < MIN_ROWS:
        return False
    if len(numbers) >= NUMERIC * n:
        return True
    if len(numbers) < MIN_NUMBERS * n or len(np.unique(numbers)) < MANY_NUMBERS:
        return False
    words = Counter(text_of(value) for value in real if np.isnan(number_of(value)))
    return len(numbers) + sum(times for _, times in words.most_common(FEW_WORDS)) >= NUMERIC * n


def _unless_constant(field: Attribute, numbers: NDArray[np.float64]) -> Attribute | LeftOut:
    finite = numbers[np.isfinite(numbers)]
    if field.present >= ALWAYS and len(finite) == len(numbers) and finite.min() == finite.max():
        return LeftOut(field.name, "the same value in all events")
    return field


def _string(
    name: str, values: Sequence[str | None], present: float, users: NDArray[np.uint64]
) -> Attribute | LeftOut:
    counts = Counter(value for value in values if value is not None)
    n = counts.total()
    often = {value: set[int]() for value, times in counts.items()
             if times >= MIN_ROWS and len(value) <= MOST_LETTERS}  # fmt: skip
    for value, user in zip(values, users.tolist(), strict=True):
        if value in often:
            often[value].add(user)
    enough = min(MIN_USERS, len(np.unique(users)))
    several = [value for value, whose in often.items() if len(whose) >= enough]
    kept = sorted(sorted(several, key=lambda value: (-counts[value], value))[:MOST_VALUES])
    if sum(counts[value] for value in kept) < MIN_KNOWN * n:
        if present < ALWAYS:
            return Attribute(name, "given", float(present >= 0.5), present)
        return LeftOut(name, "nearly every event has a value of its own")
    if present >= ALWAYS and len(counts) == 1:
        return LeftOut(name, "the same value in all events")
    usual = max(kept, key=lambda value: counts[value])
    shares = tuple(counts[value] / n for value in kept)
    return Attribute(name, "string", usual, present, tuple(kept), shares)


def _worth(field: Attribute, rows: Sequence[FreeFields | None], label: NDArray[np.int8]) -> float:
    """Return how many nats a field tells of the labels of ``rows`` beyond what chance would."""
    values = [one.get(field.name) if one else None for one in rows]
    column = field.columns(values)[0][label >= 0].astype(np.float64)
    fraud = label[label >= 0] == 1
    if not 0 < fraud.sum() < len(fraud):
        return 0.0
    known = np.isfinite(column)
    bins = np.zeros(len(column), np.int64)
    if field.kind == "string":
        bins[known] = column[known].astype(np.int64) + 2
    elif known.any():
        edges = np.unique(np.quantile(column[known], np.linspace(0, 1, N_BINS + 1)[1:-1]))
        bins[known] = np.searchsorted(edges, column[known], "right") + 1
    n = np.bincount(bins)
    bad = np.bincount(bins, fraud)
    used = n > 0
    share, whole = bad[used] / n[used], fraud.mean()
    gain = _entropy(np.array([whole]))[0] * len(fraud) - (_entropy(share) * n[used]).sum()
    return float(gain - (used.sum() - 1) / 2)  # what as many random bins gain on average


def _entropy(p: NDArray[np.float64]) -> NDArray[np.float64]:
    safe = np.clip(p, 1e-12, 1 - 1e-12)
    found: NDArray[np.float64] = -(safe * np.log(safe) + (1 - safe) * np.log(1 - safe))
    return found
