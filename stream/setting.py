"""One setting: its declaration, how its text is read, and how it is shown."""

from dataclasses import Field, field
from pathlib import Path
from typing import Any

from topics.errors import InputError


def declare(
    default: Any,
    text: str,
    *,
    low: int | None = None,
    high: int | None = None,
    choices: tuple[str, ...] = (),
    secret: bool = False,
) -> Any:
    """Declare one setting with the sentence that documents it and the range that bounds it."""
    about = {"text": text, "low": low, "high": high, "choices": choices, "secret": secret}
    return field(default=default, metadata=about)


def value_of(item: "Field[Any]", text: str, source: str) -> Any:
    """Read the text of a setting, or raise InputError that names where the text came from."""
    about = item.metadata
    if isinstance(item.default, Path):
        if not text:
            raise InputError(f"{source} is empty; it must name a folder")
        return Path(text)
    if isinstance(item.default, str):
        if about["choices"] and text not in about["choices"]:
            raise InputError(f"{source} is {text!r}; it must be {shown_range(item)}")
        if about["secret"] and len(text.encode()) < 16:
            raise InputError(f"{source} is shorter than 16 bytes; a short key can be guessed")
        if not text and item.default:
            raise InputError(f"{source} is empty; unset it for the default, {item.default!r}")
        return text
    try:
        number = int(text)
    except ValueError:
        raise InputError(f"{source} is {text!r}; it must be a whole number") from None
    low, high = about["low"], about["high"]
    if (low is not None and number < low) or (high is not None and number > high):
        raise InputError(f"{source} is {number}; it must be {shown_range(item)}")
    return number


def shown_default(item: "Field[Any]") -> str:
    """Return the default as text; a secret is not shown."""
    if item.metadata["secret"]:
        return "a development key"
    return str(item.default) or "empty"


def shown_range(item: "Field[Any]") -> str:
    """Return what the setting may be, as in `1 to 1,000`."""
    low, high = item.metadata["low"], item.metadata["high"]
    if item.metadata["choices"]:
        return " or ".join(item.metadata["choices"])
    if low is None:
        return "16 bytes or more" if item.metadata["secret"] else "text"
    return f"{low:,} or more" if high is None else f"{low:,} to {high:,}"
