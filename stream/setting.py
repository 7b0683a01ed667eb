"""One setting: its declaration, how its text is read, and how it is shown."""

import re
from dataclasses import Field, field
from pathlib import Path
from typing import Any

from topics.errors import InputError

KEY_BYTES = (16, 64)
"""Length of a secret key: fewer can be guessed, and keyed BLAKE2b takes no more (RFC 7693)."""
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def declare(
    default: Any,
    text: str,
    *,
    low: int | None = None,
    high: int | None = None,
    choices: tuple[str, ...] = (),
    secret: bool = False,
    longest_name: int | None = None,
) -> Any:
    """Declare one setting with the sentence that documents it and the range that bounds it.

    A number needs ``low`` and ``high``. A text with ``longest_name`` becomes part of names in
    Kafka, and of folders: it has at most so many characters, all of them legal in both.
    """
    about = {
        "text": text,
        "low": low,
        "high": high,
        "choices": choices,
        "secret": secret,
        "longest_name": longest_name,
    }
    return field(default=default, metadata=about)


def value_of(item: "Field[Any]", text: str, source: str) -> Any:
    """Read the text of a setting, or raise InputError that names where the text came from."""
    about = item.metadata
    if isinstance(item.default, Path):
        if not text:
            raise InputError(f"{source} is empty; it must name a folder")
        return Path(text)
    if isinstance(item.default, str):
        return _text_of(item, text, source)
    try:
        number = int(text)
    except ValueError:
        raise InputError(f"{source} is {_short(text)}; it must be a whole number") from None
    if not about["low"] <= number <= about["high"]:
        raise InputError(f"{source} is {_short(number)}; it must be {shown_range(item)}")
    return number


def _text_of(item: "Field[Any]", text: str, source: str) -> str:
    about = item.metadata
    try:
        n_bytes = len(text.encode())
    except UnicodeEncodeError:  # how Python hands over bytes of the environment that are not UTF-8
        raise InputError(f"{source} is not UTF-8; write it in that encoding") from None
    if about["choices"] and text not in about["choices"]:
        raise InputError(f"{source} is {_short(text)}; it must be {shown_range(item)}")
    if about["secret"] and not KEY_BYTES[0] <= n_bytes <= KEY_BYTES[1]:
        # The key itself must not get into a log.
        raise InputError(f"{source} has {n_bytes} bytes; it must have {shown_range(item)}")
    if not text and item.default:
        raise InputError(f"{source} is empty; unset it for the default, {item.default!r}")
    if text and about["longest_name"] and not _legal(text, about["longest_name"]):
        raise InputError(f"{source} is {_short(text)}; it must be {shown_range(item)}")
    return text


def _legal(text: str, longest: int) -> bool:
    return len(text) <= longest and bool(_NAME.fullmatch(text)) and text not in {".", ".."}


def _short(value: int | str) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:60]}..."


def shown_default(item: "Field[Any]") -> str:
    """Return the default as text; a secret is not shown."""
    if item.metadata["secret"]:
        return "a development key"
    return str(item.default) or "empty"


def shown_range(item: "Field[Any]") -> str:
    """Return what the setting may be, as in `1 to 1,000`."""
    about = item.metadata
    if about["choices"]:
        return " or ".join(about["choices"])
    if about["secret"]:
        return f"{KEY_BYTES[0]} to {KEY_BYTES[1]} bytes"
    if about["longest_name"]:
        return f"1 to {about['longest_name']} of A-Z a-z 0-9 . _ -"
    return "text" if about["low"] is None else f"{about['low']:,} to {about['high']:,}"
