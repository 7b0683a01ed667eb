"""Why one value is bad, as a reason and a sentence. Slow, and only asked about bad values."""

import re
from typing import Any, Final

import msgspec

from topics.deadletter import Reason, quoted
from topics.vocabulary import EVENT_TYPES

Verdict = tuple[Reason, str]

_PLACE = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<path>[^`]*)`)?", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(\w+)`")
_EXPECTED = re.compile(r"Expected `(?P<wanted>[^`]*)`(?:, got `(?P<got>\w+)`)?")
_HIGH = rb"\\u[dD][89abAB][0-9a-fA-F]{2}"
_LOW = rb"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_ESCAPE = re.compile(rb"%b%b|(%b|%b)|\\." % (_HIGH, _LOW, _HIGH, _LOW), re.DOTALL)
"""An escape in JSON; the group is half a pair without the other half."""
_WORDS: Final = {
    "float": "a number",
    "int": "an integer",
    "str": "a string",
    "bool": "true or false",
    "object": "an object",
    "array": "an array",
    "null": "null",
    "datetime": "a time",
}


def explain(value: bytes, decoder: msgspec.json.Decoder[Any], type_hint: str | None) -> Verdict:
    """Return why ``decoder`` refuses ``value``.

    >>> from topics.records import Browse
    >>> explain(b'{"event_id": "e"}', msgspec.json.Decoder(Browse), "browse")
    ('missing_field', 'The field user_id is missing.')
    """
    if not value.strip():
        return "empty", "The record's value is empty."
    if value.startswith(b"\xef\xbb\xbf"):
        return "not_json", "The value starts with a byte order mark."
    try:
        value.decode()
        decoder.decode(value)
    except UnicodeDecodeError as error:
        return "not_json", f"The value is not UTF-8 at byte {error.start}."
    except RecursionError:
        return "too_deep", "The value is nested too deep to be read."
    except msgspec.ValidationError as error:
        return _refused(str(error), type_hint)
    except msgspec.DecodeError as error:
        return "not_json", _not_json(value, str(error))
    raise AssertionError("asked about a value that can be decoded")


def _not_json(value: bytes, message: str) -> str:
    # msgspec calls a value truncated whose string ends less than six bytes after half a pair.
    if ("surrogate" in message or "truncated" in message) and (found := _unpaired(value)):
        return f"The value holds an unpaired surrogate escape, {found.decode()}, in a string."
    return f"The value cannot be read as JSON: {message}."


def _unpaired(value: bytes) -> bytes | None:
    r"""Return the first escape of half a UTF-16 pair that stands without the other half.

    >>> _unpaired(rb'"\ud83d\ude00 \\ud800 \ud801 \ud802"')
    b'\\ud801'
    """
    for found in _ESCAPE.finditer(value):
        if found[1]:
            # Without a quote after it, the value may have been cut within a pair.
            return found[1] if b'"' in value[found.end() :] else None
    return None


def _refused(message: str, type_hint: str | None) -> Verdict:
    """Read msgspec's message, which says what is wrong and where."""
    place = _PLACE.fullmatch(message)
    what, path = (place["what"], place["path"] or "") if place else (message, "")
    missing = _MISSING.match(what)
    expected = _EXPECTED.match(what)
    if missing:
        return "missing_field", f"The field {_joined(path, missing[1])} is missing."
    if not path and expected:
        return "not_an_object", f"The value is {_word(expected['got'] or '?')}, not an object."
    if path == "type":
        return _wrong_event_type(what, type_hint)
    if expected and expected["got"]:
        return _wrong_json_type(path, expected["wanted"], expected["got"])
    return _wrong_value(path, what)


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _wrong_json_type(path: str, wanted: str, got: str) -> Verdict:
    if got == "null" and not path.endswith("]"):
        return "missing_field", f"The field {path} is null."
    return "wrong_type", f"The field {path} must be {_word(wanted)}, not {_word(got)}."


def _wrong_value(path: str, what: str) -> Verdict:
    if "RFC3339" in what or "timezone" in what:
        return "impossible_date", (
            f"The field {path} is not an RFC 3339 time with an offset such as "
            "2025-03-01T12:30:00+08:00."
        )
    if what.startswith("Invalid enum value"):
        word = quoted(what.removeprefix("Invalid enum value ").strip("'"))
        return "unknown_value", f"The field {path} holds {word}, which is not one of its words."
    if "matching regex" in what:
        return "unknown_value", f"The field {path} is not a code of three capital letters."
    limit = what.replace("`", "").removeprefix("Expected ")
    return "out_of_range", f"The field {path} lies outside its range: {limit}."


def _wrong_event_type(what: str, type_hint: str | None) -> Verdict:
    if not what.startswith("Invalid value"):
        return "wrong_type", "The field type must be a string."
    word = what.removeprefix("Invalid value ").strip("'")
    if type_hint is not None and word in EVENT_TYPES:
        return "wrong_topic", f"The field type is {word}, but the topic holds {type_hint} events."
    return "unknown_value", f"The field type is {quoted(word)}, which is not one of its words."


def _word(types: str) -> str:
    names = [name for name in types.split(" | ") if name != "null" or types == "null"]
    return " or ".join(_WORDS.get(name, name) for name in names)
