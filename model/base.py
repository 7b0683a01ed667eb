"""The pretrained encoder that a model's texts go through, by Hugging Face name or folder."""

from pathlib import Path
from typing import Any, Final

from model.offline import DEFAULT_BASE, converted, packed_weights
from topics.errors import InputError

OWN: Final = "encoder"
"""Folder of a model's own encoder, where the model was trained with a fine-tuned one."""


def prefix_of(base: str) -> str:
    """Return what an encoder of this name was trained to read before a text.

    >>> prefix_of("intfloat/multilingual-e5-small"), prefix_of("sentence-transformers/LaBSE")
    ('query: ', '')
    """
    return "query: " if "e5" in Path(base).name.lower() else ""


def encoder_of(model: Path, manifest: dict[str, Any], base: str | None = None) -> tuple[str, str]:
    """Return where the encoder of the model folder ``model`` is found, and its prefix.

    ``manifest`` is the model's; ``base`` overrides where the encoder is found. A model that was
    trained with a fine-tuned encoder holds it, wherever the folder lies.

    >>> manifest = {"text": {"base": "intfloat/multilingual-e5-small"}}
    >>> encoder_of(Path("models/7"), manifest)
    ('intfloat/multilingual-e5-small', 'query: ')
    >>> encoder_of(Path("models/7"), {**manifest, "fine_tuning": {"kept": "tuned"}})
    ('models/7/encoder', 'query: ')
    """
    named = manifest["text"]["base"]
    if manifest.get("fine_tuning", {}).get("kept") == "tuned":
        return base or str(model / OWN), prefix_of(named)
    return base or named, prefix_of(base or named)


def folder_of(base: str) -> Path:
    """Return the folder of an encoder, fetching it where it is none and not installed.

    Raises InputError where it cannot be had.
    """
    if Path(base).expanduser().is_dir():
        return Path(base).expanduser()
    packed = packed_weights() if base == DEFAULT_BASE else None
    if packed is not None:
        return converted(packed)
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - only where it is needed
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError  # noqa: PLC0415

    try:
        return Path(snapshot_download(base, allow_patterns=["*.json", "*.safetensors", "*.model"]))
    except (OSError, HfHubHTTPError, HFValidationError) as error:
        raise InputError(
            f"text encoder {base} is no folder and cannot be fetched ({type(error).__name__}); "
            "install riskstream[offline] or name a folder"
        ) from error
