"""`riskstream estimate`, from a small history to a table."""

from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest

from stream.cli import main
from stream.replay import asking
from stream.replay.asking import ask
from tests.stream.replay.test_trainset import DAY, START, order


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Events, and a model that learned the spend of 12 days from them."""
    folder = tmp_path_factory.mktemp("estimate")
    rng = np.random.default_rng(0)
    events = [
        order(i, i / 10, user=f"u{i % 40}", amount=float((i % 40 + 1) * rng.lognormal(0, 0.2)))
        for i in range(700)
    ]
    (folder / "events.jsonl").write_bytes(b"".join(orjson.dumps(e) + b"\n" for e in events))
    words = ["train", "--events", str(folder / "events.jsonl"), "--until", str(START + 60 * DAY)]
    words += ["--spend-horizon-days", "12", "--base", "none", "--max-seconds", "0.1"]
    assert main([*words, "--out", str(folder / "model")]) == 0
    return folder


def estimated(shop: Path, at_ms: int, name: str) -> int:
    words = ["estimate", "--events", str(shop / "events.jsonl"), "--model", str(shop / "model")]
    return main([*words, "--at", str(at_ms), "--out", str(shop / name)])


def test_every_customer_gets_what_is_expected_as_of_the_moment(shop: Path) -> None:
    assert estimated(shop, START + 60 * DAY, "now.parquet") == 0
    assert estimated(shop, START + 200 * DAY, "later.parquet") == 0
    now, later = (
        pq.read_table(shop / name).sort_by("user_id") for name in ("now.parquet", "later.parquet")
    )
    assert now.num_rows == 40
    mean = now["spend_mean"].to_numpy()
    np.testing.assert_allclose(now["purchasing_power"].to_numpy(), mean * 30 / 12)
    assert set(now["horizon_days"].to_pylist()) == {12.0}
    spends = np.array([int(user[1:]) for user in now["user_id"].to_pylist()])
    assert mean[spends > 30].mean() > 2 * mean[spends < 10].mean()
    assert (now["days_since_last"].to_numpy() < 5).all()
    assert (later["days_since_last"].to_numpy() > 130).all()
    assert (later["spend_mean"].to_numpy() <= mean * 1.5).all()


def test_the_table_does_not_depend_on_how_many_customers_are_asked_at_once(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert estimated(shop, START + 60 * DAY, "whole.parquet") == 0
    asked: list[int] = []

    def counting(replay: Any, users: np.ndarray, at_ms: int) -> Any:
        asked.append(len(users))
        return ask(replay, users, at_ms)

    monkeypatch.setattr(asking, "ask", counting)
    monkeypatch.setattr(asking, "AT_ONCE", 7)
    assert estimated(shop, START + 60 * DAY, "parts.parquet") == 0
    assert asked == [7, 7, 7, 7, 7, 5]
    whole, parts = (pq.read_table(shop / f"{name}.parquet") for name in ("whole", "parts"))
    assert parts.equals(whole)


@pytest.mark.parametrize(
    ("at_ms", "name", "said"),
    [(START - DAY, "x.parquet", "no customer came before"),
     (START + DAY, "x.csv", "must end in .parquet")],
)  # fmt: skip
def test_a_mistake_is_told_in_one_line(
    shop: Path, capsys: pytest.CaptureFixture[str], at_ms: int, name: str, said: str
) -> None:
    assert estimated(shop, at_ms, name) == 2
    assert said in capsys.readouterr().err
