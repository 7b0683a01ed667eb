"""A real `riskstream train` is killed in the middle of its epochs, and run again."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from model.checkpoint import NETWORK
from tests.stream.replay.test_trainset import DAY, START, label, order
from topics.files import write_records

N = 2_500
"""Orders in fifty days; enough for epochs that a test can see begin and end."""

COMMAND = (sys.executable, "-m", "stream", "train")


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """What `train` is told: a shop in which dear orders are fraud, one in twenty by chance."""
    events, labels = tmp_path / "events.jsonl", tmp_path / "labels.jsonl"
    bad = [i for i in range(N) if i % 10 == 3 or i % 47 == 0]
    with write_records(events) as writer:
        writer.write(
            order(i, i / 50, user=f"u{i % 90}", amount=5.0 + i % 10 + 40 * (i % 10 == 3))
            for i in range(N)
        )
    with write_records(labels) as writer:
        writer.write(label(i, i / 50, known=i / 50 + 1, user=f"u{i % 90}") for i in bad)
    return ["--events", str(events), "--labels", str(labels), "--until", str(START + 60 * DAY),
            "--base", "none"]  # fmt: skip


def finished(words: list[str], out: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words, "--out", str(out)], check=True, capture_output=True, text=True,
        timeout=1_200,
    )  # fmt: skip


def killed(words: list[str], out: Path, after: str) -> None:
    """Begin a training and kill it when what it has kept says ``after``."""
    state = out.with_name(f"{out.name}.partial") / NETWORK
    with subprocess.Popen([*COMMAND, *words, "--out", str(out)]) as process:
        ends = time.monotonic() + 1_200
        while not (state.exists() and after.encode() in state.read_bytes().partition(b"\n")[0]):
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < ends, "it did not come so far"
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
    assert not out.exists()


def weights(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.glob("*.safetensors"))}


@pytest.mark.slow
def test_a_killed_training_goes_on_to_the_same_bytes_and_with_other_settings_begins_anew(
    words: list[str], tmp_path: Path
) -> None:
    out, partial = tmp_path / "model", tmp_path / "model.partial"
    killed(words, out, "2 whole epochs")
    copy = tmp_path / "copy.partial"
    subprocess.run(["cp", "-r", str(partial), str(copy)], check=True)
    again = finished(words, out)
    assert re.search(
        rf"^riskstream train: going on with the training in {partial}: the history is replayed, "
        r"the network has had \d whole epochs$", again.stderr, re.M,
    )  # fmt: skip
    assert re.search(
        r"^trained 20\d\d-\d\d-\d\d \d\d:\d\d UTC in [\d hmins]+, peak memory \d\.\d\d GB$",
        again.stdout, re.M,
    )  # fmt: skip
    assert not partial.exists()
    other = finished([*words, "--seed", "1"], tmp_path / "copy")
    said = f"{copy} holds a training with other inputs, settings or program; starting anew\n"
    assert said in other.stderr
    whole = finished(words, tmp_path / "whole")
    assert "riskstream train:" not in whole.stderr
    assert "network.safetensors" in weights(out)
    assert weights(out) == weights(tmp_path / "whole") != weights(tmp_path / "copy")
