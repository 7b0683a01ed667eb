"""The difference of two runs, against a join written out event by event."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stream.replay import matched
from stream.replay.against import N_SHOWN, difference_of
from topics.errors import InputError
from topics.vocabulary import ACTIONS

MODEL = {"name": "event-transformer", "version": "1"}


def decisions(n: int = 500, seed: int = 0) -> list[dict[str, Any]]:
    """Decisions in event-time order, several of them at the same moment."""
    rng = np.random.default_rng(seed)
    return [
        {
            "event_id": f"e{i}", "user_id": f"u{i % 40}", "type": "order",
            "event_time_ms": 1_700_000_000_000 + i // 4, "risk": float(rng.random()),
            "action": ACTIONS[rng.integers(0, 5)], "model": MODEL, "feature_version": "f",
            "policy_version": "p", "amount": float(i) if i % 3 else None,
        }
        for i in range(n)
    ]  # fmt: skip


def changed(rows: list[dict[str, Any]], seed: int = 1) -> list[dict[str, Any]]:
    """The same events under other thresholds: a third of the actions differ, some are missing."""
    rng = np.random.default_rng(seed)
    return [
        row
        | {
            "risk": float(np.clip(row["risk"] + rng.normal() / 10, 0, 1)),
            "action": ACTIONS[rng.integers(0, 5)] if rng.random() < 0.3 else row["action"],
            "policy_version": "other",
        }
        for row in rows
        if rng.random() < 0.95
    ]


def write(rows: list[dict[str, Any]], path: Path, *without: str) -> Path:
    fields = {
        "event_id": pa.string(), "user_id": pa.string(), "type": pa.string(),
        "event_time_ms": pa.int64(), "risk": pa.float64(), "action": pa.string(),
        "model": pa.struct({"name": pa.string(), "version": pa.string()}),
        "feature_version": pa.string(), "policy_version": pa.string(), "amount": pa.float32(),
    }  # fmt: skip
    schema = pa.schema({name: kind for name, kind in fields.items() if name not in without})
    kept = [{name: row[name] for name in schema.names} for row in rows]
    pq.write_table(pa.Table.from_pylist(kept, schema), path)
    return path


def test_every_count_and_amount_is_that_of_a_join(tmp_path: Path) -> None:
    mine, other = decisions(), changed(decisions())
    told = difference_of(write(mine, tmp_path / "m"), write(other, tmp_path / "o"))
    json.dumps(told, allow_nan=False)
    now, was = ({row["event_id"]: row for row in rows} for rows in (mine, other))
    both = [(was[name], now[name]) for name in now if name in was]
    assert told["n_both"] == len(both)
    assert told["n_only_after"] == len(now) - len(both) > 0
    assert told["n_only_before"] == 0
    for i, old in enumerate(ACTIONS):
        for j, new in enumerate(ACTIONS):
            pairs = [b for a, b in both if (a["action"], b["action"]) == (old, new)]
            cell = told["actions"][old][new]
            assert cell["n"] == len(pairs), (i, j)
            assert (cell["amount"] or 0) == pytest.approx(sum(b["amount"] or 0 for b in pairs))
    for name, sign in (("stricter", 1), ("looser", -1), ("same", 0)):
        moved = [
            b for a, b in both
            if np.sign(ACTIONS.index(b["action"]) - ACTIONS.index(a["action"])) == sign
        ]  # fmt: skip
        assert told[name]["n"] == len(moved)
        assert told[name]["amount"] == pytest.approx(sum(b["amount"] or 0 for b in moved))
    by_risk = sorted((-abs(b["risk"] - a["risk"]), b["event_id"]) for a, b in both)
    largest = told["largest_risk_changes"]
    assert [e["event_id"] for e in largest] == [name for _, name in by_risk[:N_SHOWN]]
    assert largest[0]["risk_before"] == was[largest[0]["event_id"]]["risk"]
    assert largest[0]["action_after"] == now[largest[0]["event_id"]]["action"]
    by_amount = sorted(
        (-b["amount"], b["event_id"]) for a, b in both if b["amount"] and a["action"] != b["action"]
    )
    dearest = [e["event_id"] for e in told["largest_amounts"]]
    assert dearest == [name for _, name in by_amount[:N_SHOWN]]
    assert told["before"] == {
        "n": len(other), "model": MODEL, "feature_version": "f", "policy_version": "other",
    }  # fmt: skip
    assert told["after"]["policy_version"] == "p"


@pytest.mark.parametrize("rows", [1, 3, 64])
def test_neither_the_batches_nor_the_order_of_rows_change_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    mine, other = decisions(), changed(decisions())[20:]
    paths = write(mine, tmp_path / "m"), write(other, tmp_path / "o")
    whole = difference_of(*paths)
    shuffled = [other[i] for i in np.random.default_rng(2).permutation(len(other)).tolist()]
    assert difference_of(paths[0], write(shuffled, tmp_path / "s")) == whole
    monkeypatch.setattr(matched, "ROWS", rows)
    assert difference_of(*paths) == whole


def test_what_is_held_does_not_grow_with_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matched, "ROWS", 16)
    mine, other = decisions(2_000), changed(decisions(2_000))
    runs = (matched.Run(write(other, tmp_path / "o")), matched.Run(write(mine, tmp_path / "m")))
    pairs = [(len(before), len(after)) for before, after in matched.matched(*runs)]
    assert sum(before for before, _ in pairs) == len(other)
    assert sum(after for _, after in pairs) == 2_000
    assert max(max(pair) for pair in pairs) < 64


def test_a_run_against_itself_changes_nothing(tmp_path: Path) -> None:
    path = write(decisions(), tmp_path / "m")
    told = difference_of(path, path)
    assert (told["same"]["n"], told["stricter"]["n"], told["looser"]["n"]) == (500, 0, 0)
    assert told["stricter"]["amount"] is None
    assert told["largest_risk_changes"] == told["largest_amounts"] == []


def test_runs_over_other_events_have_nothing_in_common(tmp_path: Path) -> None:
    other = [row | {"event_id": f"x{i}"} for i, row in enumerate(decisions(70))]
    told = difference_of(write(decisions(50), tmp_path / "m"), write(other, tmp_path / "o"))
    assert (told["n_both"], told["n_only_before"], told["n_only_after"]) == (0, 70, 50)
    empty = difference_of(write([], tmp_path / "e"), write(other, tmp_path / "o"))
    assert (empty["n_only_before"], empty["after"]["model"]) == (70, None)


def test_without_amounts_there_are_none(tmp_path: Path) -> None:
    mine = write(decisions(), tmp_path / "m", "amount")
    told = difference_of(mine, write(changed(decisions()), tmp_path / "o"))
    assert told["same"]["amount"] is None
    assert told["largest_amounts"] == []
    assert told["largest_risk_changes"][0]["amount"] is None


def test_what_is_no_file_of_decisions_is_refused(tmp_path: Path) -> None:
    good = write(decisions(), tmp_path / "m")
    with pytest.raises(InputError, match=r"has no column 'risk'"):
        difference_of(good, write(decisions(), tmp_path / "o", "risk"))
    (tmp_path / "text").write_text("no parquet")
    with pytest.raises(InputError, match="cannot be read as decisions"):
        difference_of(good, tmp_path / "text")
    with pytest.raises(InputError, match="cannot be read as decisions"):
        difference_of(good, tmp_path / "nowhere")
    odd = [row | {"action": "shrug"} for row in decisions(5)]
    with pytest.raises(InputError, match="an action other than allow"):
        difference_of(good, write(odd, tmp_path / "odd"))
