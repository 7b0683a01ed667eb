"""What a feature is: a named column of numbers with a unit, a window and a sentence."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.aggregates import COLUMN
from stream.pipeline.entity_answers import QUESTIONS
from topics.columns import Rows
from topics.vocabulary import ENTITY_KINDS

Column = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Known:
    """All that is known at ``n`` events, as columns of float64[n]; NaN where unknown.

    ``events`` is EVENT[n]; ``aggregates`` float64[N_AGGREGATES, n] from the user's state before
    the event; ``answers`` float64[6, N_QUESTIONS, n] from the entities that the event names.
    """

    events: Rows
    aggregates: NDArray[np.float64]
    answers: NDArray[np.float64]

    def own(self, name: str) -> Column:
        """Return an aggregate of the user's state, by its name in ``aggregates.NAMES``."""
        values: Column = self.aggregates[COLUMN[name]]
        return values

    def entity(self, kind: str, question: str) -> Column:
        """Return an answer of the entity of this kind that the event names."""
        values: Column = self.answers[ENTITY_KINDS.index(kind), QUESTIONS.index(question)]
        return values

    def event(self, name: str) -> Column:
        """Return a field of the events themselves."""
        return self.events[name].astype(np.float64)

    def of_type(self, code: int, values: Column) -> Column:
        """Return ``values`` where the event is of this type, else NaN."""
        return np.where(self.events["type"] == code, values, np.nan)


@dataclass(frozen=True)
class Feature:
    """One column of the feature table.

    ``current`` says whether the event itself counts. A ``shared`` feature depends on links and
    labels that other users or later times supply; all others depend on the user's events alone.
    ``says`` is the sentence of a reason, with ``{value}`` in it, ``says_below`` that of a value
    below zero, told without its sign. ``revision`` counts up where the meaning changes under the
    same name.
    """

    name: str
    unit: str
    window: str
    current: bool
    about: str
    says: str
    compute: Callable[[Known], Column]
    shared: bool = False
    says_below: str = ""
    revision: int = 1


def ratio(above: Column, below: Column) -> Column:
    """Divide; NaN where there is nothing to divide by.

    >>> ratio(np.array([1.0, 2.0]), np.array([4.0, 0.0])).tolist()
    [0.25, nan]
    """
    found: Column = np.full(np.broadcast(above, below).shape, np.nan)
    np.divide(above, below, out=found, where=below != 0.0)
    return found


def growth(now: Column, before: Column) -> Column:
    """Return how much more there is now than before, plus one on both sides so that 0 is known."""
    return (now + 1.0) / (before + 1.0)


def plain(name: str, scale: float = 1.0) -> Callable[[Known], Column]:
    """Return a feature that is an aggregate of the user, divided by ``scale``."""
    return lambda k: k.own(name) / scale if scale != 1.0 else k.own(name)


def share(name: str, part: str, whole: str, window: str, about: str, says: str) -> Feature:
    """Return a feature that is one aggregate of the user over another."""
    return Feature(name, "share", window, False, about, says,
                   lambda k: ratio(k.own(part), k.own(whole)))  # fmt: skip
