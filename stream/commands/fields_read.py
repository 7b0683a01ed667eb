"""Which of the shop's own fields a model reads and which it does not, in lines for a person."""

from collections.abc import Iterator
from typing import Any, Final

MOST_NAMED: Final = 12


def fields_read(attributes: dict[str, Any]) -> Iterator[str]:
    """Yield what to print of a manifest's ``attributes``; nothing where events have none.

    >>> list(fields_read({"read": [{"name": "age", "kind": "number", "present": 0.5,
    ...     "n_values": None}], "left_out": [{"name": "x", "why": "too few events have it"}],
    ...     "of_event": []}))
    ['reads 1 attribute: age (number, in 50 % of events)', 'leaves out x: too few events have it']
    """
    read, left = attributes["read"], attributes["left_out"]
    if read:
        named = ", ".join(map(_named, read[:MOST_NAMED]))
        more = f" and {len(read) - MOST_NAMED} more" if len(read) > MOST_NAMED else ""
        yield f"reads {len(read)} attribute{'' if len(read) == 1 else 's'}: {named}{more}"
    if words := attributes["of_event"]:
        yield f"reads of the contract's fields: {', '.join(one['name'] for one in words)}"
    why: dict[str, list[str]] = {}
    for one in left:
        why.setdefault(one["why"], []).append(one["name"])
    for reason, names in why.items():
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        yield f"leaves out {', '.join(names[:MOST_NAMED])}{more}: {reason}"


def _named(one: dict[str, Any]) -> str:
    kind = f"string of {one['n_values']} values" if one["n_values"] else one["kind"]
    kind = "whether given" if kind == "given" else kind
    return f"{one['name']} ({kind}, in {100 * one['present']:.3g} % of events)"
