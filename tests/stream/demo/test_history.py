"""What the demo says of a model whose training had too little time, and when it trains anew."""

import subprocess
from pathlib import Path

import orjson
import pytest

from stream.demo import history
from stream.demo.history import Plan, trained_model
from topics.simulator import SimulatorConfig
from topics.simulator.shop import Shop

CONFIG = SimulatorConfig(users=20, days=14, seed=1, fraud_share=0.1)
PLAN = Plan(CONFIG, train_days=12, label_delay_days=10, n_live=0, live_per_s=1.0)


@pytest.fixture
def trainings(monkeypatch):
    """Stand in for the training, which needs minutes: a manifest that says how it went."""
    told = []

    def train(command, *, check):
        model = Path(command[command.index("--out") + 1])
        model.mkdir()
        manifest = {"training": told.pop(0)}
        (model / "manifest.json").write_bytes(orjson.dumps(manifest))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(history.subprocess, "run", train)
    return told


def model_of(folder):
    said = []
    with Shop(CONFIG) as shop:
        model = trained_model(shop, PLAN, folder, said.append, afresh=False)
    return model.note, said[0]


def test_a_model_without_one_whole_epoch_is_trained_again(trainings, tmp_path):
    trainings += [
        {"ended_by": "time", "whole_epochs": 0},
        {"ended_by": "time", "whole_epochs": 1},
    ]
    note, said = model_of(tmp_path)
    assert said.startswith("Training a model on the events of the first 2 days, with the labels")
    assert "after 0 whole epochs" in note
    assert note.endswith("the next demo trains it anew")
    note, said = model_of(tmp_path)
    assert said.startswith("Training")
    assert "limit of 60 s after 1 whole epoch, before it had stopped improving" in note
    note, said = model_of(tmp_path)
    assert said.startswith("Model: trained by an earlier demo")
    assert "after 1 whole epoch" in note


def test_of_a_training_that_had_time_enough_nothing_is_said(trainings, tmp_path):
    trainings.append({"ended_by": "no_gain", "whole_epochs": 9})
    assert model_of(tmp_path)[0] == ""
    assert model_of(tmp_path)[1].startswith("Model: trained by an earlier demo")
