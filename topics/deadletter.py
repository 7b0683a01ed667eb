"""Why a record cannot be processed: a closed set of reasons."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

Reason = Literal[
    "empty",
    "too_large",
    "not_json",
    "too_deep",
    "not_an_object",
    "duplicate_field",
    "missing_field",
    "wrong_type",
    "out_of_range",
    "unknown_value",
    "impossible_date",
    "time_in_future",
    "contradiction",
    "wrong_topic",
    "wrong_key",
    "unknown_topic",
]

REASONS: Final[dict[Reason, str]] = {
    "empty": "The record has no value.",
    "too_large": "The value has more bytes than the limit allows.",
    "not_json": "The value is not one JSON document in UTF-8.",
    "too_deep": "The value is nested deeper than any event needs.",
    "not_an_object": "The value is JSON, but not an object.",
    "duplicate_field": "A field occurs twice, so that readers could disagree about its value.",
    "missing_field": "A required field is missing or null.",
    "wrong_type": "A field holds another JSON type than the contract says.",
    "out_of_range": "A number, a time or the length of a text lies outside its range.",
    "unknown_value": "A field holds a word that is not in its closed set.",
    "impossible_date": "A time is not an RFC 3339 time with an offset, or no such time exists.",
    "time_in_future": "A time lies further ahead of the record's timestamp than clocks may differ.",
    "contradiction": "Two fields of the record exclude each other.",
    "wrong_topic": "The event's type belongs on another topic.",
    "wrong_key": "The record's key is not its user_id, so it may be on the wrong partition.",
    "unknown_topic": "The record comes from a topic that nothing here knows.",
}
"""Each reason with the sentence that explains it."""

assert tuple(REASONS) == get_args(Reason)


@dataclass(frozen=True)
class Bad:
    """A record that cannot be processed.

    ``position`` is its place in the batch it came in; ``detail`` a sentence that names the field.
    """

    position: int
    reason: Reason
    detail: str


def quoted(word: str) -> str:
    r"""Return a word out of a bad record in a form that is safe to print and not too long.

    >>> quoted("a\x1b[2J"), quoted("x" * 99)
    ("'a?[2J'", "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...'")
    """
    shown = "".join(c if c.isprintable() else "?" for c in word[:40])
    return f"'{shown}{'...' if len(word) > 40 else ''}'"
