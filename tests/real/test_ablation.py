"""The network that the ablation sets beside the product's, and the report, without its data."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from model.amounts import ANY_AMOUNT
from model.inputs import assemble, without_vectors
from model.recipe import Recipe
from model.transformer import EventTransformer, Inputs, Shape
from tests.model.shop import history
from tests.real import ablation
from tests.real.ablationdata import Task, joined
from tests.real.paired import differences
from tests.real.selfattending import SelfAttending
from topics.columns import PAST

N_ROWS = 26
FIRST = torch.tensor([0, 13, N_ROWS])


class Placed:
    """Numeric features that are the same for every event."""

    amounts = ANY_AMOUNT

    def place(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        n = len(features)
        return np.tile(np.array([0, 1, 13, 14], np.int32), (n, 1)), np.ones((n, 4), np.float32)


def inputs_of(change=None, n: int = 12) -> Inputs:
    """A few events, each with the same past of four, after ``change``."""
    x = history(n).x
    x.past[:] = np.zeros(1, PAST)
    x.past["time_s"] = x.rows["time_ms"][:, None] // 1000 - np.array([60, 600, 6_000, 60_000] * 2)
    x.past["step"], x.past["amount"] = 1, 5.0
    x.past["step"][:, 4:] = 255
    x.n_past[:] = 4
    if change is not None:
        change(x)
    return assemble(x, without_vectors(x.rows), Placed(), 8, torch.device("cpu"))  # type: ignore[arg-type]


@pytest.fixture
def network() -> SelfAttending:
    torch.manual_seed(0)
    return SelfAttending(Shape(n_rows=N_ROWS, text=0), FIRST).eval()


def test_it_has_the_products_inputs_and_outputs_and_other_layers(network):
    ours = EventTransformer(network.shape, FIRST)
    assert network(inputs_of()).shape == ours(inputs_of()).shape
    mine, theirs = (
        {name.split(".")[0] for name, _ in net.named_parameters()} for net in (network, ours)
    )
    assert mine - theirs == {"position"}
    assert not theirs - mine


def test_a_past_event_changes_what_another_says_where_asking_takes_each_on_its_own(network):
    """What the last layer attends to differs only where events see each other."""
    seen = []
    network.layers[1].before_attend.register_forward_hook(
        lambda _, args, __: seen.append(args[0].detach())
    )

    def dearer(x):
        x.past["amount"][:, 0] = 5_000

    with torch.inference_mode():
        network(inputs_of())
        network(inputs_of(dearer))
    other_events = slice(2, 5)  # behind the null event and the one that changed
    assert (seen[0][:, other_events] - seen[1][:, other_events]).abs().max() > 1e-4


def test_what_is_no_event_changes_nothing(network):
    def noisy(x):
        x.past["amount"][:, 4:] = 99.0
        x.past["category"][:, 4:] = 7

    with torch.inference_mode():
        torch.testing.assert_close(network(inputs_of()), network(inputs_of(noisy)))


def test_time_and_order_of_past_events_count(network):
    def later(x):
        x.past["time_s"][:, 1] += 300

    with torch.inference_mode():
        assert (network(inputs_of()) - network(inputs_of(later))).abs().max() > 1e-5


def test_several_trainings_differ_by_the_mean_of_their_differences():
    rng = np.random.default_rng(0)
    fraud, user = (rng.random(2_000) < 0.1).astype(int), rng.integers(0, 200, 2_000)
    ones, others = (fraud + rng.normal(size=(3, 2_000)) for _ in range(2))
    both = differences(ones, others, fraud, user, n_resamples=100)["average_precision"]
    each = [
        differences(a, b, fraud, user, n_resamples=100)["average_precision"]
        for a, b in zip(ones, others, strict=True)
    ]
    assert both.value == pytest.approx(np.mean([found.value for found in each]))
    assert both.high - both.low < np.mean([found.high - found.low for found in each])


def test_users_of_different_markets_are_different_people():
    parts = [history(40), history(30, seed=1)]
    told = replace(parts[1].x, attributes=[b'{"n":1}'] * 30)
    parts[1] = replace(parts[1], x=told)
    both = joined(parts)
    assert both.x.attributes == [None] * 40 + [b'{"n":1}'] * 30
    assert len(both) == len(both.x) == len(both.x.texts) == 70
    assert (both.user[:40] == parts[0].user).all()
    assert (both.user[40:] != parts[1].user).all()
    assert len(np.unique(both.user[40:])) == len(np.unique(parts[1].user))


def test_the_report_names_every_training_the_differences_and_the_speeds(monkeypatch):
    short = Recipe(epochs=1, at_least_negatives=500)
    networks = {name: (build, short) for name, (build, _) in ablation.NETWORKS.items()}
    monkeypatch.setattr(ablation, "NETWORKS", networks)
    monkeypatch.setattr(ablation, "TURNS", 2)
    rows = history(2_000)
    task = Task("small", rows, replace(history(1_500, seed=3), asked=None))
    lines = list(ablation.compared(task, range(2)))
    assert lines[0].startswith("small: 2,000 training rows, 100 fraud; 1,500 test rows, ")
    assert sum("1 epochs in" in line for line in lines) == 4
    assert sum("self-attention less asking" in line for line in lines) == 2
    assert [line.split(":")[0] for line in lines[-2:]] == ["  asking", "  self-attention"]
    assert all("nan" not in line for line in lines)
