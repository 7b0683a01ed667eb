"""``riskstream tail``: what the worker published, on the screen and in files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest

from stream.cli import main
from stream.pipeline.features import FEATURE_VERSION, N_FEATURES, NAMES
from tests.embedded import embedded_broker
from topics.outputs import (
    Alerts,
    Credits,
    Decisions,
    Link,
    Reason,
    Versions,
    encode_alerts,
    encode_credits,
    encode_decisions,
)
from topics.producing import Sender

START_MS = 1_700_000_000_000  # 2023-11-14T22:13:20Z
REASON = Reason(
    "device", "n_users_device", 11.0, 1.0, 0.5, "11 accounts used this device; usual: 1"
)
LINK = Link("device", "3fa2b1c0ffee0000", 11)


def decisions(ids: list[int], version: str = FEATURE_VERSION) -> Decisions:
    n = len(ids)
    return Decisions(
        event_ids=[f"e{i}" for i in ids],
        user_ids=[f"u{i % 5}" for i in ids],
        type=np.zeros(n, np.uint8),
        event_time_ms=START_MS + 60_000 * np.array(ids, np.int64),
        p_fraud=np.full(n, 0.25),
        anomaly=np.full(n, np.nan),
        risk=np.full(n, 0.5),
        action=np.full(n, 3, np.uint8),
        reasons=[(REASON,)] * n,
        credit_score=np.full(n, 612),
        purchasing_power=np.full(n, 12.5),
        features=np.arange(n * N_FEATURES, dtype=np.float32).reshape(n, -1) / np.float32(3),
        degraded=np.zeros(n, np.bool_),
        warm=np.ones(n, np.bool_),
        late=np.zeros(n, np.bool_),
        revision=np.zeros(n, np.int64),
        versions=Versions("m", "1", version, "p"),
    )


@pytest.fixture(scope="module")
def published() -> Iterator[str]:
    """A broker with decisions, of which four were repeated, their alerts, and credit records."""
    with embedded_broker(["risk.decisions", "risk.alerts", "credit.scores"]) as brokers:
        with Sender(brokers) as sender:
            for at_ms, ids in [(1, list(range(20))), (2, [3, 4, 5, 6])]:
                made = decisions(ids)
                keys = [user.encode() for user in made.user_ids]
                values = encode_decisions(made, decided_at_ms=at_ms, latency_ms={"score": 1.5})
                sender.send("risk.decisions", keys, values)
            alerts = Alerts(
                made,
                ["account_takeover"] * 4,
                ["high"] * 4,
                [["r1"]] * 4,
                [[LINK]] * 4,
                [{}] * 4,
            )
            sender.send("risk.alerts", keys, encode_alerts(alerts, decided_at_ms=3, latency_ms={}))
            scores = Credits(
                ["u1", "u2", "u1"], ["e1", "e2", "e6"], np.array([600, 0, 640]),
                np.array([2, 4, 1], np.uint8), np.array([0, 0, 600]), np.full(3, 0.01),
                np.array([5.0, np.nan, 7.0]), [()] * 3, Versions("m", "1", "f", "p"),
            )  # fmt: skip
            sender.send(
                "credit.scores", [b"u1", b"u2", b"u1"], encode_credits(scores, updated_at_ms=9)
            )
        yield brokers


def tail(brokers: str, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["tail", *words, "--brokers", brokers]) == 0
    printed = capsys.readouterr()
    assert not printed.err
    return printed.out


def test_alerts_are_readable(published: str, capsys: pytest.CaptureFixture[str]) -> None:
    printed = tail(published, capsys, "alerts")
    assert printed.count("HIGH  hold  account takeover") == 4
    assert "because  11 accounts used this device; usual: 1" in printed
    assert "shared   device 3fa2b1c0 by 11 users" in printed
    assert "risk 0.50, fraud 0.25 (0 to 1, higher is riskier); credit 612" in printed


def test_scores_and_decisions_are_a_line_each(
    published: str, capsys: pytest.CaptureFixture[str]
) -> None:
    scores = sorted(tail(published, capsys, "scores").splitlines())
    assert len(scores) == 3
    assert scores[1].endswith(
        "640 B (was 600)  u1: turns bad 0.010; expected to spend 7.00 in 30 days"
    )
    assert scores[-1].endswith("no score  u2: turns bad 0.010")
    assert len(tail(published, capsys, "decisions").splitlines()) == 24


def test_json_shows_the_features_by_name(
    published: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [
        "decisions",
        "--json",
        "--from",
        "2023-11-14T22:14:20Z",
        "--to",
        str(START_MS + 180_000),
    ]
    records = [orjson.loads(line) for line in tail(published, capsys, *words).splitlines()]
    assert sorted(record["event_id"] for record in records) == ["e1", "e2"]
    for record in records:
        assert list(record["features"]) == list(NAMES)


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl.zst"])
def test_a_file_has_the_last_record_of_each_event(
    published: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    path = tmp_path / "new" / f"decisions{suffix}"
    assert "20 rows of risk.decisions in" in tail(
        published, capsys, "decisions", "--out", str(path)
    )
    if suffix != ".parquet":
        return
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    assert sorted(row["event_id"] for row in rows) == sorted(f"e{i}" for i in range(20))
    expected = decisions(list(range(20))).features
    for row in rows:
        n = int(row["event_id"][1:])
        assert row["decided_at_ms"] == (2 if n in {3, 4, 5, 6} else 1)
        own = expected[n - 3] if n in {3, 4, 5, 6} else expected[n]
        assert np.array_equal(np.array([row[name] for name in NAMES], np.float32), own)
        assert row["anomaly"] is None


def test_files_of_alerts_and_scores(
    published: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for what, n in [("alerts", 4), ("scores", 2)]:
        path = tmp_path / f"{what}.parquet"
        tail(published, capsys, what, "--out", str(path))
        assert len(pq.read_table(path)) == n
    assert {row["user_id"]: row["credit_score"] for row in pq.read_table(path).to_pylist()} == {
        "u1": 640,
        "u2": None,
    }


def test_features_of_another_version_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = encode_decisions(decisions([1], "old"), decided_at_ms=1, latency_ms={})
    out = tmp_path / "a.parquet"
    with embedded_broker(["risk.decisions"]) as brokers:
        with Sender(brokers) as sender:
            sender.send("risk.decisions", [b"u1"], old)
        assert main(["tail", "decisions", "--out", str(out), "--brokers", brokers]) == 2
        assert "decision e1.0 has features of version old" in capsys.readouterr().err
        assert not list(tmp_path.iterdir())
        assert main(["tail", "decisions", "--brokers", brokers]) == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["alerts", "--from", "yesterday"], "--from is 'yesterday'; it must be a date"),
        (["alerts", "--from", "2024-01-02", "--to", "2024-01-01"], "is not before --to"),
        (["alerts", "--out", "a.parquet", "--follow"], "without --follow"),
        (["alerts", "--out", "a.csv"], "must end in"),
    ],
)
def test_bad_input_is_one_line(
    published: str, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert main(["tail", *words, "--brokers", published]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_name_that_cannot_be_written_is_said_without_a_cluster(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["tail", "alerts", "--out", "a.csv", "--brokers", "127.0.0.1:1"]) == 2
    assert "cannot write a.csv: its name must end in one of .jsonl," in capsys.readouterr().err
