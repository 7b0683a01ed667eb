"""Rows of parquet as JSON, and tables as parquet, both a slice at a time."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from math import isnan
from pathlib import Path
from typing import Any, Final, Self

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from topics.errors import InputError
from topics.partial import partial_name, writing

JSON_COLUMNS: Final = ("attributes", "more")
"""Text columns that hold a JSON object: the field of that name, and fields beside the columns."""
_NOT_JSON: Final = (pa.ArrowException, KeyError, TypeError, ValueError)
"""What pyarrow and orjson raise for values that have no place in JSON."""


def rows(path: Path, *, n_rows: int) -> Iterator[list[bytes]]:
    """Yield the rows of a parquet file as JSON objects, ``n_rows`` at a time.

    Nulls and NaN are left out, at every depth; dates and times become epoch milliseconds (without
    a zone: UTC), durations milliseconds, a time of day text. Raises InputError where the file is
    not whole or has no row, and for a column that is there twice or cannot be written as JSON.
    """
    try:
        with pq.ParquetFile(path, buffer_size=1 << 20, pre_buffer=False) as file:
            if not file.metadata.num_rows:
                raise InputError(f"{path} has no rows; give a file with at least one record")
            for name, n in Counter(file.schema_arrow.names).items():
                if n > 1:
                    raise InputError(f"{path} has {n} columns {name!r}; leave out all but one")
            for batch in file.iter_batches(batch_size=n_rows):
                yield _as_json(path, pa.Table.from_batches([batch]))
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path} is not whole parquet ({reason}); copy it again") from error


def _as_json(path: Path, table: pa.Table) -> list[bytes]:
    try:
        return _json_rows(table)
    except _NOT_JSON as error:
        for name in table.column_names:
            try:
                _json_rows(table.select([name]))
            except _NOT_JSON as cause:
                kind = table.schema.field(name).type
                reason = str(cause.args[0] if isinstance(cause, KeyError) else cause)
                raise InputError(
                    f"{path}, column {name!r} of type {kind}, cannot be written as JSON "
                    f"({reason.splitlines()[0].rstrip('.')}); convert it or leave it out"
                ) from error
        raise


def _json_rows(table: pa.Table) -> list[bytes]:
    table = _cast(table, _in_ms)
    table = _cast(table, _as_int)
    embedded = [
        name
        for name in JSON_COLUMNS
        if name in table.column_names and pa.types.is_string(table.schema.field(name).type)
    ]
    return [_row_json(row, embedded) for row in table.to_pylist(maps_as_pydicts="strict")]


def _row_json(row: dict[str, Any], embedded: list[str]) -> bytes:
    objects = {name: text for name in embedded if (text := row.pop(name))}
    record = _known(row)
    for name, text in objects.items():
        value = _object(text)
        record.update(value if name == "more" and isinstance(value, dict) else {name: value})
    return orjson.dumps(record, default=_other)


def _object(text: str) -> Any:
    """Return the JSON object that ``text`` is, else the text."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return value if isinstance(value, dict) else text


def _known(value: Any) -> Any:
    """Return ``value`` without its nulls and NaN."""
    if isinstance(value, dict):
        return {
            name: _known(part) if isinstance(part, (dict, list)) else part
            for name, part in value.items()
            if part is not None and not (isinstance(part, float) and isnan(part))
        }
    if isinstance(value, list):
        return [_known(part) for part in value]
    return value


def _other(value: Any) -> Any:
    """Write what JSON has no word for: decimals as numbers, bytes as text."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else float(value)


def _cast(table: pa.Table, change: Callable[[pa.DataType], pa.DataType]) -> pa.Table:
    fields = [field.with_type(_deep(field.type, change)) for field in table.schema]
    return table.cast(pa.schema(fields), safe=False)


def _deep(kind: pa.DataType, change: Callable[[pa.DataType], pa.DataType]) -> pa.DataType:
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_deep(field.type, change)) for field in kind])
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        make = pa.list_ if pa.types.is_list(kind) else pa.large_list
        return make(kind.value_field.with_type(_deep(kind.value_type, change)))
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(kind.value_field.with_type(_deep(kind.value_type, change)), kind.list_size)
    if pa.types.is_map(kind):
        return pa.map_(kind.key_field, kind.item_field.with_type(_deep(kind.item_type, change)))
    return change(kind)


def _in_ms(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(kind):
        return pa.timestamp("ms", kind.tz)
    if pa.types.is_date(kind):
        return pa.timestamp("ms")
    if pa.types.is_duration(kind):
        return pa.duration("ms")
    if pa.types.is_time64(kind):
        return pa.time64("us")  # Python's own resolution
    return pa.string() if pa.types.is_large_string(kind) else kind


def _as_int(kind: pa.DataType) -> pa.DataType:
    return pa.int64() if pa.types.is_timestamp(kind) or pa.types.is_duration(kind) else kind


class TableWriter:
    """Writes Arrow tables; the file appears under its name when closed without an error.

    Raises InputError where it cannot be written, as on a full disk; nothing is left then.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path, self._schema = path, schema
        self._partial = partial_name(path)
        self._writer: pq.ParquetWriter

    def write_table(self, table: pa.Table) -> None:
        """Append rows."""
        with writing(self._path):
            self._writer.write_table(table)

    def __enter__(self) -> Self:
        try:
            with writing(self._path):
                self._writer = pq.ParquetWriter(self._partial, self._schema, compression="zstd")
        except BaseException:  # a signal too: __exit__ is not called yet
            self._partial.unlink(missing_ok=True)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                with writing(self._path):
                    self._writer.close()
                    os.replace(self._partial, self._path)
        finally:
            with suppress(OSError):
                self._writer.close()
            self._writer.is_open = False  # or its finaliser tries, and complains, once more
            self._partial.unlink(missing_ok=True)
