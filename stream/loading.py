"""What commands build from the settings: the policy, and the decoder of records."""

from importlib.resources import files
from pathlib import Path

import orjson

from stream.pipeline.policy import Policy, parse_policy
from stream.settings import Settings
from topics.decode import Decoder
from topics.errors import InputError
from topics.hashing import Tokens


def load_policy(path: str | Path | None) -> Policy:
    """Read a policy file; empty or None: the one that comes with the program.

    Raises InputError naming the file and the field that is wrong.
    """
    if not path:
        return parse_policy(orjson.loads((files("stream") / "policy.json").read_bytes()), "policy")
    try:
        document = orjson.loads(Path(path).read_bytes())
    except OSError as error:
        raise InputError(
            f"cannot read policy {path}: {error.strerror}; give the path of a policy file, or none "
            "for the built-in policy"
        ) from error
    except orjson.JSONDecodeError as error:
        raise InputError(f"policy {path} is not JSON: {error}; mend the file") from error
    return parse_policy(document, str(path))


def build_decoder(settings: Settings) -> Decoder:
    """Return the decoder of input records."""
    return Decoder(
        Tokens(settings.token_key.encode()),
        max_bytes=settings.max_record_bytes,
        max_ahead_ms=settings.future_limit_ms,
    )
