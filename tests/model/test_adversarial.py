"""The step on the embeddings that raises the loss, and what training against it is good for."""

import numpy as np
import torch
from torch import Tensor

from model.adversarial import worsened
from model.bins import Bins
from model.fitting import Fitted, fit_network
from model.inputs import assemble, without_vectors
from model.losses import answers, loss
from model.recipe import Recipe
from model.rows import TrainingRows
from model.slices import cut
from model.transformer import N_OUTPUTS, Embedded, EventTransformer
from tests.model.shop import history

RECIPE = Recipe(epochs=4, at_least_negatives=3_000, d=16, layers=1, dropout=0.0)
SIZE = 1.0


def fitted(adversarial: float) -> Fitted:
    rows = history(3_000)
    recipe = Recipe(**{**vars(RECIPE), "adversarial": adversarial})
    return fit_network(
        rows, without_vectors(rows.x.rows), cut(rows.time_ms, rows.user), recipe, seed=0,
        report=lambda *_: None,
    )  # fmt: skip


def embedded(network: EventTransformer, bins: Bins, rows: TrainingRows) -> Embedded:
    texts = without_vectors(rows.x.rows)
    return network.embed(assemble(rows.x, texts, bins, 8, torch.device("cpu")))


def rated(network: EventTransformer, at: Embedded, rows: TrainingRows) -> Tensor:
    """Return the loss; `worsened` needs its graph, and the network is not trained by it."""
    return loss(network.answer(*at), answers(rows, np.arange(len(rows))), 20.0)


def lengths(one: Embedded, other: Embedded) -> Tensor:
    gone = [(a - b).flatten(1) for a, b in zip(one, other, strict=True)]
    return torch.cat(gone, 1).norm(dim=1)


def test_a_move_of_the_size_asked_for_raises_the_loss_more_than_one_in_any_direction() -> None:
    found, rows = fitted(0.0), history(1_000, seed=3)
    start = embedded(found.network, found.bins, rows)
    value = rated(found.network, start, rows)
    worse = worsened(start, value, SIZE)
    torch.testing.assert_close(lengths(worse, start), torch.full((1_000,), SIZE))
    assert torch.equal(worse.wide[:, -N_OUTPUTS:], start.wide[:, -N_OUTPUTS:])
    torch.manual_seed(0)
    noise = Embedded(*(torch.randn_like(part) for part in start[:3]), torch.zeros_like(start.bias))
    scale = SIZE / lengths(noise, Embedded(*map(torch.zeros_like, start)))
    anywhere = Embedded(
        *(a + scale.view(-1, *[1] * (a.ndim - 1)) * b for a, b in zip(start, noise, strict=True))
    )
    raised = rated(found.network, worse, rows) - value
    assert raised > 0.05
    assert raised > 5 * (rated(found.network, anywhere, rows) - value).abs()


def test_events_without_an_answer_stay_where_they_are() -> None:
    found, rows = fitted(0.0), history(300, seed=3)
    rows.label[:100], rows.turned_bad[:100], rows.spend[:100] = -1, -1, np.nan
    start = embedded(found.network, found.bins, rows)
    worse = worsened(start, rated(found.network, start, rows), SIZE)
    gone = lengths(worse, start)
    assert (gone[:100] == 0).all()
    assert (gone[100:] > 0).all()


def test_a_network_trained_against_it_loses_less_by_it() -> None:
    rows, raised = history(2_000, seed=3), []
    for adversarial in (0.0, SIZE):
        found = fitted(adversarial)
        start = embedded(found.network, found.bins, rows)
        value = rated(found.network, start, rows)
        worse = rated(found.network, worsened(start, value, SIZE), rows)
        raised.append((worse - value).item())
    without, with_it = raised
    assert 0 < with_it < 0.8 * without
