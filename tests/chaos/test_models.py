"""A model folder that is missing or damaged: a sentence, exit code 2, and nothing is consumed."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.load import wait_for
from tests.chaos.watch import Watch
from tests.stream.smallmodel import small_model
from tests.stream.worker.market import Market, traffic

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.chaos]


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (shutil.rmtree, "no model in "),
    "a changed byte": (lambda folder: flip(folder / "network.safetensors"), "is damaged"),
    "a file missing": (lambda folder: (folder / "forest.safetensors").unlink(), "is missing"),
    "half a manifest": (lambda folder: os.truncate(folder / "manifest.json", 40), "manifest.json"),
}


def command(market: Market, model: Path, folder: Path) -> list[str]:
    flags = {
        "brokers": market.brokers, "application": market.application, "model-dir": model,
        "partitions": market.partitions, "data-dir": folder, "http-port": 0,
    }  # fmt: skip
    words = [f"--{name}={value}" for name, value in flags.items()]
    return [sys.executable, "-m", "stream", "worker", *words]


def test_a_model_folder_that_is_missing_or_damaged(own_broker, tmp_path, judge):
    market = Market(own_broker.bootstrap, plain=True)
    sound = small_model(tmp_path / "sound")
    market.give(*traffic(2_000, ["order"], seed=1))
    for name, (damage, words) in DAMAGES.items():
        model = tmp_path / name.replace(" ", "-")
        damage(Path(shutil.copytree(sound, model)))
        done = subprocess.run(
            command(market, model, tmp_path / "state"), capture_output=True, text=True, check=False
        )
        assert done.returncode == 2, done.stderr
        last = done.stderr.splitlines()[-1]
        assert last.startswith("riskstream worker: ")
        assert words in last
        assert str(model) in last
        assert "Traceback" not in done.stderr
        assert market.n_outputs() == 0
        assert market.lag(market.application) == 2_000
    watch = Watch(market)
    with (tmp_path / "log").open("wb") as log:
        worker = subprocess.Popen(command(market, sound, tmp_path / "state"), stderr=log)
        try:
            seconds = watch.seconds(lambda: None, 240)
            wait_for(lambda: not market.lag(market.application), lambda: time.sleep(0.2), 120)
        finally:
            worker.terminate()
        assert worker.wait(30) == 0
    judge(market, "the model folder is missing or damaged",
          "the worker says so in a line, ends with 2 and reads nothing; counted from the command "
          "with a sound folder, imports and all", len(DAMAGES), [seconds])  # fmt: skip
