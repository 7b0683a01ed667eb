"""Frozen columns, such as the rows to train on, as a folder of arrays, and back.

A class that holds arrays, lists of JSON values, and other such classes needs no code of its own.
"""

import json
import os
import shutil
import types
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from model.artifact import file_hash

INDEX: Final = "columns.json"
T = TypeVar("T")


class DamagedError(ValueError):
    """A folder or a file does not hold what was written; the message says what is wrong."""


def write_columns(folder: Path, value: Any) -> None:
    """Write a dataclass into ``folder``, which appears whole or not at all.

    Members are arrays without objects, dataclasses, None, and anything else that JSON can hold.
    Raises OSError where that fails, as on a full disk.
    """
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        hashes = {}
        for name, part in _members(value):
            path = _write(partial, name, part)
            hashes[path.name] = file_hash(path)
        (partial / INDEX).write_text(json.dumps(hashes), "utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write(folder: Path, name: str, part: Any) -> Path:
    is_array = isinstance(part, np.ndarray)
    path = folder / f"{name}.{'npy' if is_array else 'json'}"
    with path.open("wb") as file:
        if is_array:
            np.save(file, part, allow_pickle=False)
        else:
            file.write(json.dumps(part).encode())
        file.flush()
        os.fsync(file.fileno())
    return path


def read_columns(folder: Path, kind: type[T]) -> T:
    """Return the ``kind`` that `write_columns` wrote.

    Raises DamagedError where a file is missing, changed, or does not fit the class.
    """
    try:
        hashes = json.loads((folder / INDEX).read_bytes())
        found: dict[str, Any] = {}
        for name, expected in hashes.items():
            path = folder / name
            if file_hash(path) != expected:
                raise DamagedError(f"{path} is not what was written")
            is_array = path.suffix == ".npy"
            found[path.stem] = (
                np.load(path, allow_pickle=False) if is_array else json.loads(path.read_bytes())
            )
        return _rebuilt(kind, found)
    except (OSError, ValueError, AttributeError, TypeError, KeyError) as error:
        if isinstance(error, DamagedError):
            raise
        raise DamagedError(f"{folder} cannot be read ({error})") from error


def _members(value: Any, before: str = "") -> Iterator[tuple[str, NDArray[Any] | Any]]:
    for field in fields(value):
        part, name = getattr(value, field.name), f"{before}{field.name}"
        if is_dataclass(part):
            yield from _members(part, f"{name}.")
        elif part is not None:
            yield name, part


def _rebuilt(kind: type[T], found: dict[str, Any], before: str = "") -> T:
    """Build the class from those of the members whose name begins with ``before``."""
    hints, parts = get_type_hints(kind), {}
    for field in fields(kind):  # type: ignore[arg-type]
        name = f"{before}{field.name}"
        inner = _inner(hints[field.name])
        if inner is None:
            parts[field.name] = found.get(name)
            if name not in found and type(None) not in _choices(hints[field.name]):
                raise DamagedError(f"what was written lacks {name}")
        elif any(key.startswith(f"{name}.") for key in found):
            parts[field.name] = _rebuilt(inner, found, f"{name}.")
        else:
            parts[field.name] = None
    return kind(**parts)


def _inner(hint: Any) -> Any:
    """Return the dataclass among what a member may be, None where there is none."""
    return next((part for part in _choices(hint) if is_dataclass(part)), None)


def _choices(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
