"""What commands build from the settings: the policy, and the decoder of records."""

from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson

from stream.pipeline.policy import Policy, parse_policy
from stream.settings import Settings, read_settings
from topics.decode import Decoder
from topics.errors import InputError
from topics.hashing import Tokens


def load_policy(path: str | Path | None, language: str | None = None) -> Policy:
    """Read a policy file; empty or None: the one that comes with the program.

    Reasons are told in ``language``; None: as the setting ``reason_language`` of the environment
    says. Raises InputError naming the file and the field that is wrong.
    """
    language = language or read_settings().reason_language
    return replace(parse_policy(*_document(path)), language=language)


def _document(path: str | Path | None) -> tuple[Any, str]:
    """Return the JSON of a policy, and what an error message calls it."""
    if not path:
        return orjson.loads((files("stream") / "policy.json").read_bytes()), "policy"
    try:
        return orjson.loads(Path(path).read_bytes()), str(path)
    except OSError as error:
        raise InputError(
            f"cannot read policy {path}: {error.strerror}; give the path of a policy file, or none "
            "for the built-in policy"
        ) from error
    except orjson.JSONDecodeError as error:
        raise InputError(f"policy {path} is not JSON: {error}; mend the file") from error


def build_decoder(settings: Settings, *, keeps_attributes: bool = True) -> Decoder:
    """Return the decoder of input records, with or without the events' free fields."""
    return Decoder(
        Tokens(settings.token_key.encode()),
        max_bytes=settings.max_record_bytes,
        max_ahead_ms=settings.future_limit_ms,
        keeps_attributes=keeps_attributes,
    )
