"""A real `riskstream train` in processes of torchrun: one is killed, and others go on."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from model.checkpoint import NETWORK
from tests.model.rankedrun import TORCHRUN
from tests.stream.replay.test_trainset import DAY, START, label, order
from topics.files import write_records

N = 600


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """What `train` is told: a shop in which dear orders are fraud, and thirty short epochs."""
    events, labels = tmp_path / "events.jsonl", tmp_path / "labels.jsonl"
    tuned = tmp_path / "settings.json"
    with write_records(events) as writer:
        writer.write(
            order(i, i / 12, user=f"u{i % 40}", amount=5.0 + i % 10 + 40 * (i % 10 == 3))
            for i in range(N)
        )
    with write_records(labels) as writer:
        writer.write(label(i, i / 12, known=i / 12 + 1, user=f"u{i % 40}") for i in range(3, N, 10))
    tuned.write_text('{"settings": {"epochs": 30, "patience": 30, "d": 16, "layers": 1}}', "utf-8")
    return ["--events", str(events), "--labels", str(labels), "--until", str(START + 60 * DAY),
            "--base", "none", "--tuned", str(tuned), "--out", str(tmp_path / "model")]  # fmt: skip


def of_rank(rank: int, parent: int) -> int:
    """The process of a rank among those that torchrun started."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    told = f"RANK={rank}".encode()
    return next(
        int(child) for child in children
        if told in Path(f"/proc/{child}/environ").read_bytes().split(b"\0")
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="processes are found in /proc")
def test_a_killed_process_ends_the_others_and_another_number_of_them_goes_on(
    words: list[str], tmp_path: Path
) -> None:
    state = tmp_path / "model.partial" / NETWORK
    command = ("-m", "stream", "train", *words)
    with subprocess.Popen([*TORCHRUN, "2", *command], stderr=subprocess.PIPE, text=True) as process:
        ends = time.monotonic() + 600
        while not (state.exists() and b"whole epoch" in state.read_bytes().partition(b"\n")[0]):
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < ends, "it did not come so far"
            time.sleep(0.02)
        os.kill(of_rank(1, process.pid), signal.SIGKILL)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    mine = [line for line in said.splitlines() if line.startswith("riskstream train: ")]
    kept = f"what is done is kept in {tmp_path}/model.partial; the same command goes on from there"
    assert f"riskstream train: {kept}" in mine, said
    assert not (tmp_path / "model").exists()
    begun = {path.name for path in tmp_path.iterdir()}
    again = subprocess.run(
        [*TORCHRUN, "3", *command], check=True, capture_output=True, text=True, timeout=600
    )
    mine = [line for line in again.stderr.splitlines() if line.startswith("riskstream train: ")]
    assert len(mine) == 1
    assert "going on with the training" in mine[0]
    assert again.stdout.count("model event-transformer") == 1
    manifest = json.loads((tmp_path / "model/manifest.json").read_bytes())
    assert manifest["training"]["epochs"] == 30
    assert manifest["training"]["computed"]["processes"] == 3
    assert {path.name for path in tmp_path.iterdir()} == begun - {"model.partial"} | {"model"}


def test_bad_input_is_one_line_of_the_first_process_and_the_others_are_silent(
    words: list[str],
) -> None:
    words[words.index("--tuned") + 1] = "missing.json"
    found = subprocess.run(
        [*TORCHRUN, "2", "-m", "stream", "train", *words], check=False, capture_output=True,
        text=True, timeout=600,
    )  # fmt: skip
    assert found.returncode == 1
    mine = [line for line in found.stderr.splitlines() if line.startswith("riskstream train: ")]
    assert [line.partition(";")[0] for line in mine] == [
        "riskstream train: cannot read missing.json: No such file or directory"
    ]
