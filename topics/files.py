"""Files and folders of events, labels and outputs, read and written record by record."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol, Self

from topics import jsonlines, parquet
from topics.errors import InputError
from topics.jsonlines import Record
from topics.recordtable import RecordWriter

SUFFIXES: Final = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet")


class Chunk(NamedTuple):
    """Some records of one file, in the order of the file.

    ``lines`` holds their numbers from 1: of the line, or of the row in parquet. ``values`` the
    JSON of each, not yet checked.
    """

    path: Path
    lines: Sequence[int]
    values: list[bytes]


class Writer(Protocol):
    """Takes records and makes a file of them when the ``with`` block ends without an error."""

    def write(self, records: Iterable[Record | bytes]) -> None:
        """Append records: objects, or their JSON as bytes."""

    def __enter__(self) -> Self: ...
    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None: ...


def files_of(path: Path) -> list[Path]:
    """Return the record files that ``path`` stands for, in order of their names.

    ``path`` is a file, or a folder whose own files (hidden ones and other kinds are passed over)
    are meant. Raises InputError where there is nothing to read.
    """
    if path.is_dir():
        found = sorted(
            entry
            for entry in path.iterdir()
            if entry.is_file() and not entry.name.startswith(".") and _known(entry)
        )
        if not found:
            raise InputError(f"{path} holds no {', '.join(SUFFIXES)} file; give such a folder")
        return found
    if not path.exists():
        raise InputError(f"{path} does not exist; give a file or a folder of files")
    if not _known(path):
        raise InputError(f"{path} is none of {', '.join(SUFFIXES)}; convert it or rename it")
    return [path]


def _known(path: Path) -> bool:
    return path.name.endswith(SUFFIXES)


def read_chunks(path: Path, *, n_rows: int = 4096) -> Iterator[Chunk]:
    """Yield the records of a file or folder, at most about ``n_rows`` rows of parquet at a time.

    Memory is bounded by a block of the file, whatever its length. Blank lines are left out. Raises
    InputError for a missing, empty, broken or unknown file, when it comes to it.
    """
    for file in files_of(path):
        if file.suffix == ".parquet":
            first = 1
            for values in parquet.rows(file, n_rows=n_rows):
                yield Chunk(file, range(first, first + len(values)), values)
                first += len(values)
        else:
            first = 1
            for values in jsonlines.lines(file):
                after = first + len(values)
                if all(values):
                    yield Chunk(file, range(first, after), values)
                else:
                    kept = [
                        n for n, value in zip(range(first, after), values, strict=True) if value
                    ]
                    yield Chunk(file, kept, [value for value in values if value])
                first = after


def read_records(path: Path) -> Iterator[tuple[Path, int, bytes]]:
    """Yield the file, the line or row number from 1, and the JSON of every record of ``path``."""
    for file, numbers, values in read_chunks(path):
        for number, value in zip(numbers, values, strict=True):
            yield file, number, value


def require_new_folder(path: Path) -> None:
    """Raise InputError unless ``path`` is missing or an empty folder, so nothing is overwritten."""
    if path.is_dir():
        if any(path.iterdir()):
            raise InputError(f"{path} is not empty; choose another --out, or remove it first")
    elif path.exists():
        raise InputError(f"{path} is a file; give --out the name of a folder")


def require_record_name(path: Path) -> None:
    """Raise InputError unless the name of ``path`` says in which format it is to be written."""
    if not _known(path):
        raise InputError(f"cannot write {path}: its name must end in one of {', '.join(SUFFIXES)}")


def write_records(path: Path) -> Writer:
    """Return a writer for ``path``, whose suffix says the format; use it in a ``with`` block.

    Raises InputError for an unknown suffix, a folder that cannot be made, and a file that cannot be
    written, also later, as on a full disk.
    """
    require_record_name(path)
    return RecordWriter(path) if path.suffix == ".parquet" else jsonlines.JsonLinesWriter(path)
