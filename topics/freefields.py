"""The free fields of events, `attributes`, as a model reads them and a person is told of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Final, Literal

Kind = Literal["number", "boolean", "string", "given"]
"""What a model takes a field for; of one that is ``given`` it reads only whether it is there."""

KINDS: Final[tuple[Kind, ...]] = ("number", "boolean", "string", "given")

FreeFields = Mapping[str, Any]
"""The free fields of one event: numbers, booleans and strings by name."""

PREFIX: Final = "attributes."
"""Begins the name of a free field where features are named, so that it cannot be one of them."""

EVENT_PREFIX: Final = "event."
"""Begins that of a word of the contract, which is a field for itself."""

RARE_VALUE: Final = object()
"""What stands for a word that is none of those that a model knows."""

MISSING: Final = frozenset((
    "", "na", "n/a", "n.a.", "#n/a", "<na>", "nan", "nat", "nil", "null", "\\n", "none", "-", "--",
    ".", "?", "unknown", "undefined", "missing", "not available", "未知", "无", "空",
))  # fmt: skip
"""What programs and people write for no number, in small letters."""


@dataclass(frozen=True)
class FreeField:
    """One field that a model reads; ``usual`` is its median or most frequent value, None: none.

    ``of_event`` tells a word of the contract from a field of the shop's own.
    """

    name: str
    kind: Kind
    usual: float | str | None
    of_event: bool = field(default=False, kw_only=True)

    @property
    def feature(self) -> str:
        """What the field is called among features."""
        return (EVENT_PREFIX if self.of_event else PREFIX) + self.name

    def value_in(self, given: FreeFields) -> Any:
        """Return the value among those of an event, which are named as `feature` is; or None."""
        return given.get(self.feature)


def number_of(value: object) -> float:
    """Return a field's value as a number, NaN where it is none; a boolean is 0 or 1.

    >>> [number_of(value) for value in (3, True, "2.50", "x", None)]
    [3.0, 1.0, 2.5, nan, nan]
    """
    if value is None:
        return float("nan")
    try:
        number = float(value)  # type: ignore[arg-type]
    except (ValueError, OverflowError):
        return float("nan")
    return number if isfinite(number) else float("nan")


def is_missing(value: object) -> bool:
    """Return whether a field of numbers holds nothing where this is its value.

    >>> [is_missing(value) for value in (None, " N/A ", "", "x", 0)]
    [True, True, True, False, False]
    """
    return value is None or (isinstance(value, str) and value.strip().casefold() in MISSING)


def text_of(value: object) -> str:
    """Return a field's value as a string, as JSON would write one that is none.

    >>> [text_of(value) for value in ("x", True, 3.0, 2.5)]
    ['x', 'true', '3', '2.5']
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
