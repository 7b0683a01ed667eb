"""JSON lines in the encodings that programs write: UTF-8 is read, the others are named."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from topics.errors import InputError
from topics.jsonlines import lines

MARK = b"\xef\xbb\xbf"
PACKED = {".jsonl": bytes, ".jsonl.gz": gzip.compress, ".jsonl.zst": zstandard.compress}


def contents(path: Path) -> list[bytes]:
    return [line for some in lines(path) for line in some]


@pytest.mark.parametrize(("suffix", "pack"), PACKED.items(), ids=PACKED)
def test_a_byte_order_mark_at_the_start_is_no_part_of_the_first_line(
    tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / f"marked{suffix}"
    path.write_bytes(pack(MARK + b'{"a":1}\r\n{"a":2}'))
    assert contents(path) == [b'{"a":1}', b'{"a":2}']


def test_a_byte_order_mark_is_dropped_where_it_comes_byte_by_byte_and_only_once(
    tmp_path: Path,
) -> None:
    path = tmp_path / "marked.jsonl.zst"
    text = MARK + MARK + b"{}\n" + MARK + b"{}\n"
    path.write_bytes(b"".join(zstandard.compress(text[i : i + 1]) for i in range(len(text))))
    assert contents(path) == [MARK + b"{}", MARK + b"{}"]


def test_a_byte_order_mark_alone_is_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "marked.jsonl"
    path.write_bytes(MARK)
    with pytest.raises(InputError, match="is empty"):
        contents(path)


@pytest.mark.parametrize("text", [b"1", b"1\n", b"{"])
def test_files_shorter_than_the_mark_are_read(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "short.jsonl"
    path.write_bytes(text)
    assert contents(path) == [text.removesuffix(b"\n")]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(("suffix", "pack"), PACKED.items(), ids=PACKED)
def test_a_file_in_utf_16_is_named_in_one_sentence(
    tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes], encoding: str
) -> None:
    path = tmp_path / f"wide{suffix}"
    path.write_bytes(pack('{"a":1}\n{"a":2}\n'.encode(encoding)))
    with pytest.raises(InputError, match="line 1, is not UTF-8 but UTF-16") as raised:
        contents(path)
    assert str(raised.value).startswith(str(path))
    assert "\n" not in str(raised.value)
