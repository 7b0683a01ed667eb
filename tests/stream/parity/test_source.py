"""What can be compared, and what is refused in one sentence."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from stream.parity.compare import compare_decisions
from stream.parity.source import open_source, read_tables
from tests.stream.parity.decided import OWN, decision, written
from topics.errors import InputError


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return written(tmp_path / "good.parquet", [decision(i) for i in range(6)])


def refused(good: Path, other: Path, words: str, **options: float) -> None:
    for pair in ((good, other), (other, good)):
        with pytest.raises(InputError, match=words) as error:
            compare_decisions(*map(open_source, pair), **options)  # type: ignore[arg-type]
        assert "\n" not in str(error.value)


def test_a_folder_is_its_parquet_files_in_order(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    written(folder / "b.parquet", [decision(1, policy_version="q")])
    written(folder / "a.parquet", [decision(0)])
    (folder / "metrics.json").write_text("{}")
    (folder / "events.jsonl").write_text("{}\n")
    source = open_source(folder)
    assert (source.n_rows, source.models, source.policies) == (2, ("m 1",), ("p", "q"))
    ids = [table["event_id"].to_pylist() for table in read_tables(source)]
    assert ids == [["e0"], ["e1"]]


def test_other_writers_may_use_wider_numbers(good: Path, tmp_path: Path) -> None:
    table, wide = pq.read_table(good), tmp_path / "wide.parquet"
    for name in (OWN, "revision"):
        at = table.schema.get_field_index(name)
        kind = pa.float64() if name == OWN else pa.int64()
        table = table.set_column(at, name, table[name].cast(kind))
    at = table.schema.get_field_index("type")
    table = table.set_column(at, "type", pc.dictionary_encode(table["type"]))
    pq.write_table(table, wide)
    assert compare_decisions(open_source(good), open_source(wide)).equal


def test_nothing_to_read_is_refused(good: Path, tmp_path: Path) -> None:
    refused(good, tmp_path / "absent.parquet", "does not exist")
    text = tmp_path / "a.jsonl"
    text.write_text("{}\n")
    refused(good, text, "is no parquet; write it with `riskstream tail decisions --out")
    (tmp_path / "empty").mkdir()
    refused(good, tmp_path / "empty", "holds no")
    refused(good, written(tmp_path / "none.parquet", []), "has no rows")


def test_a_broken_file_is_refused(good: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(good.read_bytes()[:-100])
    refused(good, broken, "broken.parquet cannot be read as decisions")
    damaged = tmp_path / "damaged.parquet"
    whole = bytearray(good.read_bytes())
    whole[4:2000] = bytes(1996)
    damaged.write_bytes(whole)
    refused(good, damaged, "damaged.parquet cannot be read as decisions")


@pytest.mark.parametrize(
    ("dropped", "words"),
    [
        (["risk"], "has no column risk;"),
        (["event_id", "warm"], "no column event_id and 1 more;"),
        ([OWN], f"has no column {OWN};"),
    ],
)
def test_a_missing_column_is_named(
    good: Path, tmp_path: Path, dropped: list[str], words: str
) -> None:
    less = tmp_path / "less.parquet"
    pq.write_table(pq.read_table(good).drop_columns(dropped), less)
    refused(good, less, words)


def test_a_column_of_another_kind_is_refused(good: Path, tmp_path: Path) -> None:
    table, odd = pq.read_table(good), tmp_path / "odd.parquet"
    at = table.schema.get_field_index(OWN)
    pq.write_table(table.set_column(at, OWN, pa.array(["much"] * len(table))), odd)
    refused(good, odd, "odd.parquet cannot be read as decisions")


def test_a_field_that_every_decision_has_may_not_be_unknown(good: Path, tmp_path: Path) -> None:
    gap = written(tmp_path / "gap.parquet", [decision(1), decision(2) | {"warm": None}])
    refused(good, gap, "has a decision without warm")


def test_other_features_are_refused_before_their_columns_are_missed(
    good: Path, tmp_path: Path
) -> None:
    old = tmp_path / "old.parquet"
    table = pq.read_table(written(old, [decision(1, feature_version="old")]))
    pq.write_table(table.drop_columns([OWN]), old)
    refused(good, old, "has features of version old, and this release knows")


def test_sets_without_anything_to_judge_are_refused(good: Path, tmp_path: Path) -> None:
    others = written(tmp_path / "others.parquet", [decision(i) for i in range(10, 16)])
    refused(good, others, "have no event in common; give decisions about the same time")
    refused(good, good, "among 1e-09 of the users.* or a larger --share", share=1e-9)
    cold = written(
        tmp_path / "cold.parquet", [decision(i, warm=i > 3, degraded=i > 3) for i in range(6)]
    )
    refused(good, cold, r"none of the 6 events .* \(4 are not warm, 2 degraded\)")


@pytest.mark.parametrize("share", [0.0, -1.0, 1.5, float("nan")])
def test_a_share_lies_between_0_and_1(good: Path, share: float) -> None:
    refused(good, good, "--share is", share=share)


@pytest.mark.parametrize("tolerance", [-1e-5, 1.0, float("nan")])
def test_a_tolerance_is_small(good: Path, tolerance: float) -> None:
    refused(good, good, "--tolerance is", tolerance=tolerance)
