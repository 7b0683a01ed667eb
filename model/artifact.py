"""A trained model on disk: one folder of tensors and a manifest with the hash of every file."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from topics.errors import InputError
from topics.newfolder import new_folder

FORMAT: Final = 3
MANIFEST: Final = "manifest.json"
UNHASHED: Final = (
    "format", "version", "files", "created_at", "seconds", "fine_tuning_seconds", "libraries",
)  # fmt: skip
"""Of a manifest, what a model's version does not depend on, or only through the files' hashes."""

Arrays = dict[str, NDArray[Any]]
Write = Callable[[Path], None]
"""Writes files into a folder."""

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, eq=False)
class Artifact:
    """What a folder holds: the manifest, and named arrays per file (``network``, ``forest``...).

    ``documents`` are the files that are JSON, by name.
    """

    manifest: dict[str, Any]
    arrays: dict[str, Arrays]
    documents: dict[str, Any] = field(default_factory=dict)


def save(
    folder: Path,
    manifest: dict[str, Any],
    arrays: dict[str, Arrays],
    documents: Mapping[str, Any] = NOTHING,
    folders: Mapping[str, Write] = NOTHING,
) -> str:
    """Write a model folder in one move and return its version, a hash of what it holds.

    ``folders`` are written within it, by name. A model that is there already is replaced. Raises
    InputError where ``folder`` is there and is something else than a model, or cannot be made.
    """
    is_model = (folder / MANIFEST).is_file()
    if folder.exists() and any(folder.iterdir()) and not is_model:
        raise InputError(f"{folder} is there and is no model folder; choose another name")
    with _replacing(folder) if is_model else new_folder(folder) as part:
        files = {}
        for name, tensors in arrays.items():
            path = part / f"{name}.safetensors"
            save_file({key: np.ascontiguousarray(value) for key, value in tensors.items()}, path)
            files[path.name] = file_hash(path)
        for name, document in documents.items():
            path = part / f"{name}.json"
            path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8")
            files[path.name] = file_hash(path)
        for name, write in folders.items():
            (part / name).mkdir()
            write(part / name)
            for path in sorted((part / name).iterdir()):
                files[f"{name}/{path.name}"] = file_hash(path)
        version = _version(manifest, files)
        full = {"format": FORMAT, "version": version, **manifest, "files": files}
        (part / MANIFEST).write_text(json.dumps(full, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return version


@contextmanager
def _replacing(folder: Path) -> Iterator[Path]:
    part = folder.with_name(f".{folder.name}.{os.getpid()}")
    part.mkdir()
    try:
        yield part
        shutil.rmtree(folder)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def load(folder: Path) -> Artifact:
    """Read a model folder and check it against its manifest; files of folders in it are not read.

    Raises InputError where a file is missing, unreadable, changed, or of another format.
    """
    manifest = _manifest(folder)
    arrays, documents = {}, {}
    for name, expected in manifest["files"].items():
        path = folder / name
        if not path.is_file():
            raise InputError(f"model {folder}: {name} is missing; train or copy the model again")
        if file_hash(path) != expected:
            raise InputError(
                f"model {folder}: {name} is damaged (its SHA-256 is not the manifest's)"
            )
        if "/" in name:
            continue
        try:
            if path.suffix == ".json":
                documents[path.stem] = json.loads(path.read_text("utf-8"))
            else:
                arrays[path.stem] = load_file(path)
        except (SafetensorError, ValueError) as error:
            raise InputError(f"model {folder}: {name} cannot be read: {error}") from error
    return Artifact(manifest, arrays, documents)


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        what = f"is no model folder: {MANIFEST} is missing" if folder.exists() else "does not exist"
        raise InputError(f"{folder} {what}; train a model with `riskstream train`") from None
    except (OSError, ValueError) as error:
        raise InputError(f"model {folder}: {MANIFEST} cannot be read: {error}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise InputError(f"model {folder}: {MANIFEST} is not of format {FORMAT}; train it again")
    needed = ("version", "name", "feature_version", "features", "shape", "files", "heads")
    missing = [key for key in needed if key not in manifest]
    if missing:
        raise InputError(f"model {folder}: {MANIFEST} lacks {', '.join(missing)}")
    if manifest["version"] != _version(manifest, manifest["files"]):
        raise InputError(f"model {folder}: {MANIFEST} was changed (its version does not fit)")
    return manifest


def _version(manifest: dict[str, Any], files: dict[str, str]) -> str:
    fixed = {key: value for key, value in manifest.items() if key not in UNHASHED}
    text = json.dumps([fixed, files], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def file_hash(path: Path) -> str:
    """Return a file's SHA-256 in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
