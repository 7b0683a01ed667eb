"""``riskstream parity``: the answer for programs, for people, and as an exit code."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from stream.cli import main
from stream.pipeline.features import N_FEATURES, N_OWN
from tests.stream.parity.decided import OWN, SHARED, decision, written

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def sets(tmp_path: Path) -> tuple[Path, Path]:
    """Sets in which one own feature, one score, one action nearly, and shared ones differ."""
    logged = [decision(i) for i in range(20)]
    replayed = [decision(i, **{SHARED: 7.5}) for i in range(1, 21)]
    replayed[2] = decision(3, **{OWN: None})
    replayed[4] = decision(5, p_fraud=0.75)
    replayed[5] = decision(6, risk=0.500001, action="block")
    replayed[6] = decision(7, warm=False)
    return written(tmp_path / "l.parquet", logged), written(tmp_path / "r.parquet", replayed)


def parity(sets: tuple[Path, Path], *words: str) -> int:
    return main(["parity", "--logged", str(sets[0]), "--replayed", str(sets[1]), *words])


def test_equal_sets_exit_with_0(sets: tuple[Path, Path], capsys: Capture) -> None:
    assert parity((sets[0], sets[0])) == 0
    printed = capsys.readouterr()
    assert not printed.err
    assert "20 events logged, 20 replayed, 20 in both; 20 compared" in printed.out
    assert "what differs" not in printed.out
    assert f"equal: {N_OWN} of {N_OWN} own" in printed.out


def test_one_object_for_programs(sets: tuple[Path, Path], capsys: Capture) -> None:
    assert parity(sets, "--json") == 1
    found: dict[str, Any] = orjson.loads(capsys.readouterr().out)
    assert not found["equal"]
    assert [found[f"n_{n}"] for n in ("logged", "replayed", "matched", "judged", "cold")] == [
        20, 20, 19, 18, 1,
    ]  # fmt: skip
    assert found["missing"] == {"n": 1, "n_not_judged": 0, "example": "e0"}
    assert found["extra"]["example"] == "e20"
    assert len(found["own_features"]) == N_OWN
    assert len(found["shared_features"]) == N_FEATURES - N_OWN
    own = found["own_features"][OWN]
    assert (own["n"], own["n_unknown"], own["example"]["event_id"]) == (1, 1, "e3")
    assert own["example"]["replayed"] is None
    assert found["scores"]["p_fraud"] == {
        "n": 1, "share": 1 / 18, "n_unknown": 0, "n_near": 0, "largest_error": 0.5,
        "example": {"event_id": "e5", "logged": 0.25, "replayed": 0.75},
    }  # fmt: skip
    assert (found["action"]["action"]["n"], found["action"]["action"]["n_near"]) == (0, 1)
    assert found["shared_features"][SHARED]["share"] == 15 / 18
    assert found["models"] == {"logged": ["m 1"], "replayed": ["m 1"]}


def test_the_table_has_what_counts_first(sets: tuple[Path, Path], capsys: Capture) -> None:
    assert parity(sets) == 1
    printed = capsys.readouterr().out
    assert "missing (logged, not replayed): 1, such as e0" in printed
    rows = [line.split("│")[1:] for line in printed.splitlines() if line.startswith("│")]
    cells = [[cell.strip() for cell in row] for row in rows]
    assert [row[1] for row in cells] == ["p_fraud", OWN, SHARED, "action"]
    assert cells[0][2:9] == ["1", "5.56%", "0", "0", "5.0e-01", "e5", "0.25"]
    assert cells[1][7] == "e3"
    assert cells[1][9] == "unknown"
    assert cells[3][:6] == ["action", "action", "0", "0.00%", "0", "1"]
    n_shared = N_FEATURES - N_OWN
    assert f"{N_OWN - 1} of {N_OWN} own and {n_shared - 1} of {n_shared} shared" in printed


def test_shared_features_count_on_demand(tmp_path: Path, capsys: Capture) -> None:
    files = (
        written(tmp_path / "l.parquet", [decision(1, **{SHARED: 1.0})]),
        written(tmp_path / "r.parquet", [decision(1, **{SHARED: 2.0})]),
    )
    assert parity(files) == 0
    assert SHARED in capsys.readouterr().out, "never hidden"
    assert parity(files, "--shared-too") == 1


def test_other_models_and_strange_ids_are_told(tmp_path: Path, capsys: Capture) -> None:
    files = (
        written(tmp_path / "l.parquet", [decision(1, event_id="[red]\x1b[2J")]),
        written(
            tmp_path / "r.parquet",
            [decision(1, event_id="[red]\x1b[2J", risk=0.9, model={"name": "m", "version": "2"})],
        ),
    )
    assert parity(files) == 1
    printed = capsys.readouterr().out
    assert "models differ: m 1 logged, m 2 replayed" in printed
    assert "[red]\ufffd[2J" in printed
    assert "\x1b" not in printed


def test_bad_input_is_one_line(sets: tuple[Path, Path], capsys: Capture) -> None:
    for words in (["--share", "0"], ["--tolerance", "x"], ["--logged", "absent.parquet"]):
        try:
            code: Any = parity(sets, *words)
        except SystemExit as stopped:  # argparse ends by itself
            code = stopped.code
        assert code == 2
        error = capsys.readouterr().err
        assert error.startswith("riskstream parity: ")
        assert error.count("\n") == 1
