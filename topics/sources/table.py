"""Published tables, CSV or parquet, row by row."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from topics import jsonlines
from topics.errors import InputError

SUFFIXES: Final = (".csv", ".csv.gz", ".csv.zst", ".parquet")


@dataclass(frozen=True)
class Column:
    """A column to read: its published name, other names in use, and whether it has to be there."""

    name: str
    aliases: tuple[str, ...] = ()
    required: bool = True


class Rows(NamedTuple):
    """Some rows of a table: the number of the first one, from 1, and their values in order.

    A value is None where the table has none, text from CSV, and what it is from parquet (times as
    epoch milliseconds, without a zone read as UTC).
    """

    path: Path
    first: int
    values: list[tuple[Any, ...]]


def read_table(path: Path, columns: Sequence[Column], *, n_rows: int = 4096) -> Iterator[Rows]:
    """Yield the rows of a file, or of all tables in a folder by name, ``n_rows`` at a time.

    Raises InputError where a file is missing, of another kind, broken, without rows or without a
    required column.
    """
    for file in _tables(path):
        if file.suffix == ".parquet":
            yield from _parquet(file, columns, n_rows)
        else:
            yield from _csv(file, columns, n_rows)


def _tables(path: Path) -> list[Path]:
    if not path.exists():
        raise InputError(f"{path} does not exist; give the data set's file or folder")
    found = sorted(path.iterdir()) if path.is_dir() else [path]
    tables = [entry for entry in found if entry.name.endswith(SUFFIXES) and entry.is_file()]
    if not tables:
        raise InputError(
            f"{path} is or holds no {', '.join(SUFFIXES)} file; save the table as one of them"
        )
    return tables


def _places(path: Path, names: Sequence[str], columns: Sequence[Column]) -> list[int | None]:
    at = {name.strip().lower(): n for n, name in enumerate(names)}
    places = []
    for column in columns:
        spellings = (column.name, *column.aliases)
        place = next((at[name.lower()] for name in spellings if name.lower() in at), None)
        if place is None and column.required:
            raise InputError(
                f"{path} has no column {column.name} (it has {', '.join(map(str, names))}); "
                "give the table as it was published"
            )
        places.append(place)
    return places


def _csv(path: Path, columns: Sequence[Column], n_rows: int) -> Iterator[Rows]:
    reader = csv.reader(_text(line) for block in jsonlines.lines(path) for line in block)
    try:
        places = _places(path, next(reader, []), columns)
        first, held = 1, []
        for row in reader:
            n = len(row)
            held.append(
                tuple((row[p] or None) if p is not None and p < n else None for p in places)
            )
            if len(held) == n_rows:
                yield Rows(path, first, held)
                first, held = first + n_rows, []
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: {error}; mend the line") from error
    if not held and first == 1:
        raise InputError(f"{path} has no rows under its header; copy it again")
    yield Rows(path, first, held)


def _text(line: bytes) -> str:
    """Decode a line, with its end back for the cells that span lines; old exports are not UTF-8."""
    try:
        return line.decode("utf-8-sig") + "\n"
    except UnicodeDecodeError:
        return line.decode("latin-1") + "\n"


def _parquet(path: Path, columns: Sequence[Column], n_rows: int) -> Iterator[Rows]:
    try:
        with pq.ParquetFile(path, buffer_size=1 << 20, pre_buffer=False) as file:
            names = file.schema_arrow.names
            places = _places(path, names, columns)
            wanted = [names[place] for place in places if place is not None]
            first = 1
            for batch in file.iter_batches(batch_size=n_rows, columns=wanted):
                n = len(batch)
                cells = [
                    [None] * n if place is None else _cells(batch.column(names[place]))
                    for place in places
                ]
                yield Rows(path, first, list(zip(*cells, strict=True)))
                first += n
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path} is not whole parquet ({reason}); copy it again") from error


def _cells(values: pa.Array) -> list[Any]:
    if pa.types.is_timestamp(values.type):
        values = values.cast(pa.timestamp("ms", values.type.tz), safe=False).cast(pa.int64())
    cells = values.to_pylist()
    if pa.types.is_floating(values.type):
        return [None if cell is None or isnan(cell) else cell for cell in cells]
    return [None if cell == "" else cell for cell in cells]
