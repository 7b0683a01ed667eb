"""JSON lines, plain or compressed, in blocks: a file is never held as a whole."""

import gzip
import os
import zlib
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final, Self

import orjson
import zstandard

from topics.errors import InputError
from topics.partial import partial_name, writing

_BLOCK_BYTES: Final = 1 << 18
_PACKED_BYTES: Final = 1 << 14
_LONGEST_LINE_BYTES: Final = 64 << 20
_UTF_16: Final = (BOM_UTF16_LE, BOM_UTF16_BE, b"{\x00", b"\x00{")
"""How JSON lines in UTF-16 begin, with its mark and without."""

Record = Mapping[str, Any]
"""One event, label or output as a JSON object."""


def lines(path: Path) -> Iterator[list[bytes]]:
    """Yield the lines of a ``.jsonl``, ``.jsonl.gz`` or ``.jsonl.zst`` file, some at a time.

    Line ends and a byte order mark at the start are removed, blank lines kept (as ``b""``), so
    that the n-th line of the file is the n-th value. Raises InputError where the file is empty, in
    UTF-16, cannot be read, or its compression is broken or cut short.
    """
    parts: list[bytes] = []
    n_held = n_lines = 0
    anything = False
    for block in _unmarked(path, _blocks(path)):
        anything = anything or bool(block)
        head, newline, tail = block.partition(b"\n")
        parts.append(head)
        n_held += len(head)
        if n_held > _LONGEST_LINE_BYTES:
            raise InputError(
                f"{path}, line {n_lines + 1}, is longer than {_LONGEST_LINE_BYTES >> 20} MB; "
                "write one JSON object per line"
            )
        if not newline:
            continue
        found = [b"".join(parts), *tail.split(b"\n")]
        parts = [found.pop()]
        n_held = len(parts[0])
        n_lines += len(found)
        windows = b"\r" in block or b"\r" in found[0]
        yield [line.removesuffix(b"\r") for line in found] if windows else found
    if not anything:
        raise InputError(f"{path} is empty; give a file with at least one record")
    if rest := b"".join(parts):
        yield [rest.removesuffix(b"\r")]


def _unmarked(path: Path, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the blocks of a file without the mark that some programs write before UTF-8."""
    start = b""
    for block in blocks:
        start += block
        if len(start) >= len(BOM_UTF8):
            break
    if start.startswith(_UTF_16):
        raise InputError(
            f"{path}, line 1, is not UTF-8 but UTF-16; convert the file, as with "
            "`iconv -f UTF-16 -t UTF-8`"
        )
    if start := start.removeprefix(BOM_UTF8):
        yield start
    yield from blocks


def _blocks(path: Path) -> Iterator[bytes]:
    try:
        if path.name.endswith(".gz"):
            yield from _gzip_blocks(path)
        elif path.name.endswith(".zst"):
            yield from _zstd_blocks(path)
        else:
            with path.open("rb") as file:
                while block := file.read(_BLOCK_BYTES):
                    yield block
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error


def _gzip_blocks(path: Path) -> Iterator[bytes]:
    try:
        with gzip.open(path, "rb") as file:
            while block := file.read(_BLOCK_BYTES):
                yield block
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{path} is not whole gzip data ({error}); copy it again") from error


def _zstd_blocks(path: Path) -> Iterator[bytes]:
    # Not stream_reader: it takes a frame that was cut short for its end.
    unzip = zstandard.ZstdDecompressor()
    frame, begun = unzip.decompressobj(), False
    with path.open("rb") as file:
        try:
            while packed := file.read(_PACKED_BYTES):
                while packed:
                    block = frame.decompress(packed)
                    begun = True
                    packed = b""
                    if frame.eof:
                        packed = frame.unused_data
                        frame, begun = unzip.decompressobj(), False
                    if block:
                        yield block
        except zstandard.ZstdError as error:
            raise InputError(f"{path} is not whole zstd data ({error}); copy it again") from error
    if begun:
        raise InputError(f"{path} is not whole zstd data (cut short); copy it again")


class JsonLinesWriter:
    """Writes records, one JSON object per line; the file appears under its name when closed.

    The suffix of ``path`` chooses the compression. Equal records give equal bytes. Use it as a
    context manager: where the block raises, nothing is left behind. Raises InputError where the
    file cannot be written, as on a full disk.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._partial = partial_name(path)
        self._file: IO[bytes]
        self._out: Any

    def _compressed(self) -> Any:
        if self._path.name.endswith(".gz"):
            return gzip.GzipFile("", "wb", compresslevel=6, fileobj=self._file, mtime=0)
        if self._path.name.endswith(".zst"):
            return zstandard.ZstdCompressor(level=3).stream_writer(self._file, closefd=False)
        return self._file

    def write(self, records: Iterable[Record | bytes]) -> None:
        """Append records: objects, or their JSON as bytes."""
        out = [
            _one_line(record) if isinstance(record, bytes) else orjson.dumps(record)
            for record in records
        ]
        if out:
            out.append(b"")
            with writing(self._path):
                self._out.write(b"\n".join(out))

    def __enter__(self) -> Self:
        file: IO[bytes] | None = None
        try:
            with writing(self._path):
                self._file = file = self._partial.open("wb")
            self._out = self._compressed()
        except BaseException:  # a signal too: __exit__ is not called yet
            if file is not None:
                file.close()
            self._partial.unlink(missing_ok=True)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                with writing(self._path):
                    if self._out is not self._file:
                        self._out.close()
                    self._file.close()
                    os.replace(self._partial, self._path)
        finally:
            with suppress(OSError):  # it writes what it still holds, where there may be no room
                self._file.close()
            self._partial.unlink(missing_ok=True)


def _one_line(value: bytes) -> bytes:
    return orjson.dumps(orjson.loads(value)) if b"\n" in value else value
