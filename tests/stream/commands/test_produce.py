"""``riskstream produce``: a folder in any order arrives in the order of time."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from stream.cli import main
from tests.embedded import embedded_broker
from topics.consuming import read_topic
from topics.files import write_records

TOPICS = ["shop.orders", "shop.browse", "shop.reviews", "risk.labels"]


@pytest.fixture
def shop() -> Iterator[str]:
    with embedded_broker(TOPICS) as brokers:
        yield brokers


@pytest.fixture
def bare() -> Iterator[str]:
    with embedded_broker([]) as brokers:
        yield brokers


def records(n: int) -> list[dict[str, object]]:
    kinds = ["order", "browse", "review"]
    events: list[dict[str, object]] = [
        {"type": kinds[i % 3], "event_id": f"e{i}", "user_id": f"u{i % 7}",
         "event_time": 1_700_000_000_000 + i * 7919 % n} for i in range(n)
    ]  # fmt: skip
    labels: list[dict[str, object]] = [
        {"label_id": f"l{i}", "user_id": f"u{i % 7}", "event_time": 1,
         "known_at": 1_700_000_000_000 + i * 7907 % n} for i in range(0, n, 5)
    ]  # fmt: skip
    return events + labels


def test_a_folder_in_any_order_arrives_in_the_order_of_time(
    shop: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    everything = records(3_000)
    for name, part in [("a.jsonl.zst", everything[::2]), ("b.parquet", everything[1::2])]:
        with write_records(tmp_path / name) as writer:
            writer.write(part)
    assert main(["produce", str(tmp_path), "--brokers", shop]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("3,600 records in")
    assert not printed.err
    arrived = []
    for topic in TOPICS:
        last: dict[int, int] = {}
        for taken in read_topic(shop, topic):
            for partition, key, value in zip(
                taken.partitions, taken.keys, taken.values, strict=True
            ):
                record = orjson.loads(value or b"")
                time = record["known_at" if topic == "risk.labels" else "event_time"]
                assert last.get(partition, 0) <= time
                last[partition] = time
                assert key == record["user_id"].encode()
                arrived.append(record.get("label_id") or record["event_id"])
    assert sorted(arrived) == sorted(str(r.get("label_id") or r["event_id"]) for r in everything)


def test_nothing_is_sent_where_a_record_cannot_be_read(
    shop: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join([*map(orjson.dumps, records(100)), b'{"type":"order"}']))
    assert main(["produce", str(path), "--brokers", shop]) == 2
    assert f"{path}, line 121: the record cannot be read" in capsys.readouterr().err
    assert not [taken for topic in TOPICS for taken in read_topic(shop, topic)]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere"], "nowhere does not exist"),
        (["{blank}"], "blank.jsonl has no records"),
        (["nowhere", "--speed", "0"], "--speed is 0"),
        (["nowhere", "--speed", "nan"], "--speed is nan"),
    ],
)
def test_bad_input_is_one_line(
    shop: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    message: str,
) -> None:
    (tmp_path / "blank.jsonl").write_text("\n\n")
    words = [word.replace("{blank}", str(tmp_path / "blank.jsonl")) for word in words]
    assert main(["produce", *words, "--brokers", shop]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_topics_that_are_missing_are_named(
    bare: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with write_records(tmp_path / "a.jsonl") as writer:
        writer.write(records(3))
    assert main(["produce", str(tmp_path), "--brokers", bare]) == 2
    assert "topic shop.orders does not exist" in capsys.readouterr().err


def test_a_wrong_path_is_said_without_a_cluster(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["produce", "nowhere", "--brokers", "127.0.0.1:1"]) == 2
    assert "nowhere does not exist" in capsys.readouterr().err
