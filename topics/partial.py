"""Files that are written under a hidden name and get their own when they are whole."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from topics.errors import InputError


def partial_name(path: Path) -> Path:
    """Return the hidden name under which ``path`` is written until it is whole.

    Folders are made as needed. Raises InputError where they cannot be.

    >>> import tempfile; folder = Path(tempfile.gettempdir())
    >>> partial_name(folder / "events.jsonl.zst").name.startswith(".events.jsonl.zst.")
    True
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder {path.parent}: {error.strerror}") from error
    return path.with_name(f".{path.name}.{os.getpid()}.partial")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the system says against writing ``path``, as of a full disk, into InputError.

    The system does not name the file once it is open, and pyarrow puts a text of its own in the
    place of the system's.

    >>> with writing(Path("a.parquet")):
    ...     raise OSError(28, "Error writing bytes to file")
    Traceback (most recent call last):
    topics.errors.InputError: cannot write a.parquet: No space left on device
    """
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error).partition("\n")[0]
        raise InputError(f"cannot write {path}: {reason}") from error


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give the block a name beside ``path`` to write to, which takes its place without an error.

    For a file that one process at a time writes: what a killed one left is written over.
    """
    partial = path.with_name(f"{path.name}.partial")
    yield partial
    partial.replace(path)
