"""The report of `make pretrain`, without its data."""

from dataclasses import replace

import numpy as np

from model.recipe import Recipe
from tests.model.shop import history
from tests.real import pretraining
from tests.real.ablationdata import Task


def test_the_report_names_every_training_and_the_differences(monkeypatch):
    def short(**changes):
        return Recipe(epochs=1, at_least_negatives=500, **changes)

    monkeypatch.setattr(pretraining, "Recipe", short)
    task = Task("small", history(2_000), replace(history(1_500, seed=3), asked=None))
    lines = list(pretraining.compared(task, range(1), 1))
    assert lines[0].startswith("small: 2,000 training rows, 2,000 labelled, 100 fraud; 1,500 test")
    assert sum("1 epochs in" in line for line in lines) == 2
    assert sum("pretrained less without" in line for line in lines) == 2
    assert all("nan" not in line for line in lines)


def test_labels_are_taken_away_by_the_user():
    rows = history(3_000)
    part = pretraining.partly_labelled(rows, 0.3)
    known = part.label >= 0
    assert 0.2 < known.mean() < 0.4
    assert (part.label[known] == rows.label[known]).all()
    assert not np.isin(rows.user[~known], rows.user[known]).any()
    assert (pretraining.partly_labelled(rows, 1.0).label == rows.label).all()
