import numpy as np
import pytest
import torch

from model.fitting import fit_network
from model.inputs import without_vectors
from model.losses import answers, loss
from model.predict import outputs
from model.recipe import Recipe
from model.rows import MIN_POSITIVES
from model.slices import cut
from tests.model.shop import history


def test_with_few_frauds_the_loss_that_stops_is_that_of_log_odds_at_their_own_level() -> None:
    rows = history(2000, fraud=0.01)
    slices = cut(rows.time_ms, rows.user)
    later = np.arange(slices.train, slices.validation)
    rows.label[later[MIN_POSITIVES - 1 :]] = 0
    texts = without_vectors(rows.x.rows)
    recipe = Recipe(epochs=1, d=16, layers=1, negatives_per_positive=4, at_least_negatives=40)
    fitted = fit_network(rows, texts, slices, recipe, seed=0, report=lambda *_: None)
    assert fitted.shift < -1
    network = fitted.network
    held, seen = rows.take(later), texts.take(later)
    out = outputs(network, network.table().detach(), fitted.bins, held.x, seen)
    out[:, 0] += fitted.shift
    expected = loss(torch.from_numpy(out), answers(held, np.arange(len(held))), fitted.spend_scale)
    assert fitted.log["validation"] == [pytest.approx(-float(expected), rel=1e-4)]
