"""A folder that appears whole or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from topics.errors import InputError
from topics.files import require_new_folder


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Give the block a folder to fill, which becomes ``path`` when the block ends without error.

    Raises InputError where ``path`` holds something already or cannot be made.
    """
    require_new_folder(path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.mkdir(parents=True)
    except OSError as error:
        raise InputError(f"cannot make {path}: {error.strerror or error}") from error
    try:
        yield partial
        if path.is_dir():
            path.rmdir()  # it is empty
        partial.rename(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
