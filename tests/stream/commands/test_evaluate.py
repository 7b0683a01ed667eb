"""`riskstream evaluate` as a release pipeline runs it: a table, a file, and a gate."""

import shutil
from pathlib import Path

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest

from stream import cli
from tests.stream.commands.smallshop import CONFIG, START
from tests.stream.smallmodel import small_model
from topics.files import read_records
from topics.simulator import SimulatorConfig, write_folder
from topics.simulator.export import EVENTS_FILE, LABELS_FILE


@pytest.fixture(scope="module")
def ran(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a backtest that alerts on about every second order."""
    folder = tmp_path_factory.mktemp("ran")
    model = small_model(folder / "model")
    words = ["backtest", *history(shop), "--model", str(model), "--by", "channel",
             "--from", str(START), "--to", str(CONFIG.end_ms), "--processes", "1"]  # fmt: skip
    assert cli.main([*words, "--out", str(folder / "first")]) == 0
    p = pq.read_table(folder / "first" / "decisions.parquet", columns=["p_fraud"])["p_fraud"]
    half = float(np.median(p.to_numpy()))
    policy = orjson.loads(Path("stream/policy.json").read_bytes())
    policy["thresholds"] = {t: {"review": half} for t in ("order", "browse", "review")}
    (folder / "policy.json").write_bytes(orjson.dumps(policy))
    words += ["--policy", str(folder / "policy.json")]
    assert cli.main([*words, "--out", str(folder / "out")]) == 0
    return folder / "out"


def history(shop: Path) -> list[str]:
    return ["--events", str(shop / EVENTS_FILE), "--labels", str(shop / LABELS_FILE)]


def evaluate(ran: Path, shop: Path, out: Path, *more: str) -> int:
    return cli.main(["evaluate", str(ran), *history(shop), "--out", str(out), *more])


def test_the_figures_are_those_of_the_decisions_and_the_events(
    ran: Path, shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "evaluation.json"
    assert evaluate(ran, shop, out, "--by", "channel", "--by", "payment.method") == 0
    found = orjson.loads(out.read_bytes())
    table = pq.read_table(ran / "decisions.parquet", columns=["event_id", "action", "warm"])
    channel = {e["event_id"]: e.get("channel") for e in map(orjson.loads, values(shop))}
    rows = [row for row in table.to_pylist() if row["warm"]]
    metrics = orjson.loads((ran / "metrics.json").read_bytes())
    assert found["n"] == len(rows) == metrics["n_decided"] - metrics["n_cold"]
    assert found["run"] == metrics["run"]
    groups = found["columns"]["channel"]["groups"]
    assert groups.keys() == {channel[row["event_id"]] for row in rows} - {None}
    for name, group in groups.items():
        of = [row["action"] != "allow" for row in rows if channel[row["event_id"]] == name]
        assert group["n"] == len(of)
        assert group["selection_rate"] == pytest.approx(np.mean(of))
    judged = {name: block["n"] - block["n_fraud"]
              for name, block in metrics["by_segment"]["channel"]["values"].items()}  # fmt: skip
    assert {name: group["n_honest"] for name, group in groups.items()} == judged
    assert found["gate"] is None
    assert f"by channel: {found['columns']['channel']['n']:,} events" in capsys.readouterr().out


def values(shop: Path) -> list[bytes]:
    return [value for _, _, value in read_records(shop / EVENTS_FILE)]


def test_the_gate_answers_by_its_exit_code_and_one_sentence(
    ran: Path, shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gate = ("--by", "channel", "--min-group", "20")
    assert evaluate(ran, shop, tmp_path / "a.json", *gate, "--min-ratio", "0.01") == 0
    assert capsys.readouterr().err == ""
    assert evaluate(ran, shop, tmp_path / "b.json", *gate, "--min-ratio", "1") == 1
    found = orjson.loads((tmp_path / "b.json").read_bytes())["gate"]
    assert not found["met"]
    said = capsys.readouterr().err
    assert said == f"riskstream evaluate: {found['failures'][0]}\n"
    assert "channel: the adverse-impact ratio is 0." in said


def test_without_out_the_figures_lie_beside_the_decisions(
    ran: Path, shop: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    for name in ("decisions.parquet", "metrics.json"):
        shutil.copy(ran / name, folder)
    words = ["evaluate", str(folder), *history(shop), "--by", "channel"]
    assert cli.main(words) == 0
    assert (folder / "evaluation.json").exists()
    assert cli.main(words) == 2


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--by", "no_such_column"), "no reported event has the column no_such_column"),
        (("--by", "channel", "--min-ratio", "1.5"), "--min-ratio is 1.5; give a number from 0"),
        (("--by", "channel", "--min-group", "0"), "--min-group is 0"),
        (("--by", "channel", "--min-ratio", "0.8", "--min-group", "10000000"),
         "channel has 0 groups of at least 10,000,000 events"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence(
    ran: Path, shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more, said
) -> None:
    assert evaluate(ran, shop, tmp_path / "e.json", *more) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"riskstream evaluate: {said}")
    assert error.count("\n") == 1
    assert not (tmp_path / "e.json").exists()


def test_other_events_and_other_folders_are_refused(
    ran: Path, shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    write_folder(SimulatorConfig(users=20, days=42, seed=5, fraud_share=0.1), other)
    assert evaluate(ran, other, tmp_path / "e.json", "--by", "channel") == 2
    assert "decided events are not in" in capsys.readouterr().err
    assert evaluate(tmp_path, shop, tmp_path / "e.json", "--by", "channel") == 2
    assert "metrics.json cannot be read" in capsys.readouterr().err
