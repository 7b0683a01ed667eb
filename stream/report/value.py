"""A value of ``metrics.json`` that knows where it stands, and how it appears on the page."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from stream.report.markup import Html, tag, text

UNKNOWN: Final = text("–")


@dataclass(frozen=True)
class Value:
    """``raw`` as read from JSON, None too where there is nothing; ``path`` the keys to it."""

    raw: Any
    path: tuple[str, ...] = ()

    def at(self, *keys: str | int) -> "Value":
        """Return what stands under keys and list positions, raw None where nothing does.

        >>> Value({"a": [5]}).at("a", 0)
        Value(raw=5, path=('a', '0'))
        >>> Value({"a": [5]}).at("b", 0).raw is None
        True
        """
        raw = self.raw
        for key in keys:
            if isinstance(raw, Mapping):
                raw = raw.get(key)
            elif isinstance(raw, list) and isinstance(key, int) and key < len(raw):
                raw = raw[key]
            else:
                raw = None
        return Value(raw, (*self.path, *map(str, keys)))

    def items(self) -> list["Value"]:
        """Return the members of an object or a list, none of anything else."""
        return list(self._members())

    def _members(self) -> Iterator["Value"]:
        if isinstance(self.raw, Mapping):
            yield from (self.at(key) for key in self.raw)
        elif isinstance(self.raw, list):
            yield from (self.at(i) for i in range(len(self.raw)))

    def floats(self, key: str) -> list[float]:
        """Return the number under ``key`` of each member that has one."""
        found = (member.at(key).raw for member in self._members())
        return [float(number) for number in found if number is not None]


def path_text(path: tuple[str, ...]) -> str:
    r"""Return keys joined by dots; a dot or a backslash in a key follows a backslash.

    >>> path_text(("by_scenario", "v1.2", "n"))
    'by_scenario.v1\\.2.n'
    """
    return ".".join(key.replace("\\", "\\\\").replace(".", "\\.") for key in path)


def shown(value: Value, form: Callable[[float], str]) -> Html:
    """Return a number in a form, or a dash; the element tells the number's place and exact value.

    >>> shown(Value(0.25, ("recall",)), str)
    '<span class="n" data-path="recall" data-value="0.25">0.25</span>'
    """
    if value.raw is None:
        return UNKNOWN
    return tag(
        "span", text(form(value.raw)), class_="n", data_path=path_text(value.path),
        data_value=json.dumps(value.raw),
    )  # fmt: skip


def worded(value: Value) -> Html:
    """Return a text of the metrics, or a dash; its direction does not reach beyond it."""
    if value.raw is None:
        return UNKNOWN
    return tag("bdi", text(str(value.raw)), data_path=path_text(value.path))


def named(value: Value) -> Html:
    """Return the key under which a value stands: the name of a type, a scenario, a budget."""
    key = value.path[-1]
    return tag("bdi", text(key), data_path=path_text(value.path), data_key=key)


def ranged(value: Value, form: Callable[[float], str]) -> Html:
    """Return an interval of two numbers, or a dash."""
    if value.raw is None:
        return UNKNOWN
    return Html(f"{shown(value.at(0), form)} to {shown(value.at(1), form)}")
