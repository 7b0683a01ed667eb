"""Event files: what is written is read, and what is broken is said in one sentence."""

import gzip
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from topics.errors import InputError
from topics.files import SUFFIXES, files_of, read_chunks, read_records, write_records

EVENTS: list[dict[str, Any]] = [
    {
        "type": "order",
        "event_id": "1",
        "user_id": "茶",
        "event_time": 1_700_000_000_123,
        "amount": 5.5,
        "items": [{"sku": "a", "quantity": 2.0, "unit_price": 2.75}],
        "payment": {"method": "card"},
        "attributes": {"n": 1, "s": "x", "b": True},
    },
    {
        "type": "browse",
        "event_id": "2",
        "user_id": "u",
        "event_time": 1_700_000_000_456,
        "unheard": [1, {"a": None}],
    },
    {
        "label_id": "l",
        "user_id": "u",
        "kind": "fraud",
        "is_fraud": False,
        "known_at": 1_700_000_001_000,
    },
    {
        "type": "review",
        "event_id": "3",
        "rating": 5,
        "text": "line\nbreak",
        "amount": "5",
        "items": [7],
        "user_id": None,
    },
]


def contents(path: Path) -> list[Any]:
    return [orjson.loads(value) for _, _, value in read_records(path)]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_written_is_read_whatever_the_format(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "new" / f"events{suffix}"
    with write_records(path) as writer:
        writer.write(EVENTS[:2])
        writer.write([orjson.dumps(EVENTS[2]), orjson.dumps(EVENTS[3], option=orjson.OPT_INDENT_2)])
    assert contents(path) == EVENTS
    assert [line for _, line, _ in read_records(path)] == [1, 2, 3, 4]
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


record_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["sku", "quantity", "method", "x"]), inner, max_size=3)
    ),
    max_leaves=4,
)
FIELDS = [
    "event_id",
    "amount",
    "rating",
    "event_time",
    "items",
    "payment",
    "attributes",
    "is_fraud",
    "more",
    "x",
]


@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), record_values, min_size=1), min_size=1))
def test_parquet_keeps_every_field_of_any_record(
    tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, Any]]
) -> None:
    path = tmp_path_factory.mktemp("any") / "any.parquet"
    with write_records(path) as writer:
        writer.write(records)
    assert contents(path) == records


def test_a_time_with_an_offset_becomes_epoch_milliseconds_in_parquet(tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    with write_records(path) as writer:
        writer.write(
            [{"event_time": "2024-05-01T12:00:00.250+02:00"}, {"event_time": "2024-05-01 12:00"}]
        )
    assert contents(path) == [{"event_time": 1714557600250}, {"event_time": "2024-05-01 12:00"}]


def test_a_folder_is_all_its_files_in_order_of_name(tmp_path: Path) -> None:
    for name, event in zip(["b.jsonl.gz", "a.parquet", "c.jsonl"], EVENTS, strict=False):
        with write_records(tmp_path / name) as writer:
            writer.write([event])
    (tmp_path / "metrics.json").write_text("{}")
    (tmp_path / ".hidden.jsonl").write_text("{}")
    (tmp_path / "folder.jsonl").mkdir()
    assert [entry.name for entry in files_of(tmp_path)] == ["a.parquet", "b.jsonl.gz", "c.jsonl"]
    assert contents(tmp_path) == [EVENTS[1], EVENTS[0], EVENTS[2]]


def test_blank_lines_and_windows_line_ends_keep_the_line_numbers_right(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"a":1}\r\n\r\n\n{"a":2}')
    assert list(read_records(path)) == [(path, 1, b'{"a":1}'), (path, 4, b'{"a":2}')]


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz", ".jsonl.zst"])
def test_lines_longer_than_a_block_come_whole_and_in_bounded_pieces(
    tmp_path: Path, suffix: str
) -> None:
    values = [Random(n).randbytes(n * 9973 % 350_000).hex().encode() + b"." for n in range(40)]
    path = tmp_path / f"long{suffix}"
    with write_records(path) as writer:
        writer.write(values)
    chunks = list(read_chunks(path))
    assert [value for chunk in chunks for value in chunk.values] == values
    assert len(chunks) > 8


def test_several_zstd_frames_are_one_file(tmp_path: Path) -> None:
    path = tmp_path / "joined.jsonl.zst"
    pack = zstandard.ZstdCompressor().compress
    path.write_bytes(pack(b'{"a":1}\n{"a":') + pack(b"2}\n"))
    assert contents(path) == [{"a": 1}, {"a": 2}]


def test_parquet_of_others_gives_nested_json_without_nulls(tmp_path: Path) -> None:
    path = tmp_path / "theirs.parquet"
    times = pa.list_(pa.timestamp("s", "UTC"))
    table = pa.table(
        {
            "user_id": pa.array(["a", "b"], pa.large_string()),
            "event_time": pa.array([1_500_000_000_123_456, None], pa.timestamp("us")),
            "day": pa.array([1, 2], pa.date32()),
            "amount": [float("nan"), 2.5],
            "price": pa.array([1, 2], pa.decimal128(8, 2)),
            "items": [[{"sku": "x", "at": None}], None],
            "deep": pa.array([{"times": [5]}, None], pa.struct([("times", times)])),
            "kind": pa.array(["k", "k"]).dictionary_encode(),
        }
    )
    pq.write_table(table, path)
    day = 86_400_000
    assert contents(path) == [
        {
            "user_id": "a",
            "event_time": 1_500_000_000_123,
            "day": day,
            "price": 1.0,
            "items": [{"sku": "x"}],
            "deep": {"times": [5000]},
            "kind": "k",
        },
        {"user_id": "b", "day": 2 * day, "amount": 2.5, "price": 2.0, "kind": "k"},
    ]


def broken(path: Path) -> str:
    with pytest.raises(InputError) as raised:
        for _ in read_chunks(path):
            pass
    message = str(raised.value)
    assert path.name in message
    assert "\n" not in message
    return message


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("how", ["cut", "other", "empty", "missing"])
def test_a_broken_file_is_named_in_one_sentence(tmp_path: Path, suffix: str, how: str) -> None:
    path = tmp_path / f"events{suffix}"
    with write_records(path) as writer:
        writer.write([{"event_id": str(n), "user_id": f"{n * n}"} for n in range(5000)])
    whole = path.read_bytes()
    path.unlink()
    if how == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    elif how == "other":
        path.write_bytes(b"\x00not what the name says" * 50)
    elif how == "empty":
        path.write_bytes(b"")
    if suffix == ".jsonl" and how in {"cut", "other"}:
        assert list(read_chunks(path))  # only a decoder can tell
    else:
        broken(path)


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_compressed_nothing_is_empty(tmp_path: Path, pack: Any) -> None:
    path = tmp_path / ("a.jsonl.gz" if pack is gzip.compress else "a.jsonl.zst")
    path.write_bytes(pack(b""))
    assert "empty" in broken(path)


def test_unknown_suffixes_and_empty_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text("a,b")
    assert ".jsonl.zst" in broken(tmp_path / "events.csv")
    assert "holds no" in broken(tmp_path)
    with pytest.raises(InputError, match="must end in"):
        write_records(tmp_path / "events.csv")
    with pytest.raises(InputError, match="cannot make the folder"):
        write_records(tmp_path / "events.csv" / "a.jsonl")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_nothing_is_left_behind_where_the_writing_fails(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"the old one")
    with pytest.raises(TypeError), write_records(path) as writer:
        writer.write([*EVENTS, {"attributes": {"a": object()}}])
    left = [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()]
    assert left == [(path.name, b"the old one")]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_equal_records_make_equal_files(tmp_path: Path, suffix: str) -> None:
    for name in "ab":
        with write_records(tmp_path / f"{name}{suffix}") as writer:
            writer.write(EVENTS)
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()
