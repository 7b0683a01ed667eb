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

    An empty folder that is there stays and gets the content, since it may be a mount, which nothing
    can replace. Raises InputError where ``path`` holds something already or cannot be made.
    """
    require_new_folder(path)
    is_there = path.is_dir()
    name = f".{path.name}.{os.getpid()}.partial"
    partial = path / name if is_there else path.with_name(name)
    try:
        partial.mkdir(parents=True)
    except OSError as error:
        raise InputError(f"cannot make {path}: {error.strerror or error}") from error
    try:
        yield partial
        if is_there:
            for entry in sorted(partial.iterdir()):
                entry.rename(path / entry.name)
        else:
            partial.rename(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
