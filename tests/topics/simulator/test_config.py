"""Impossible markets are refused in one sentence."""

import pytest

from topics.errors import InputError
from topics.simulator import SimulatorConfig


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("users", 0),
        ("users", 10**9),
        ("days", 0),
        ("seed", -1),
        ("fraud_share", -0.1),
        ("fraud_share", 0.31),
        ("fraud_share", float("nan")),
        ("events", 0),
        ("start_ms", -1),
    ],
)
def test_a_value_out_of_range_is_named(name, value):
    with pytest.raises(InputError, match=name.replace("_ms", "").replace("_", " ")):
        SimulatorConfig(**{"users": 10, "days": 3, "seed": 1, name: value})


def test_more_events_mean_busier_people():
    lazy = SimulatorConfig(users=1_000, days=30, seed=1, events=10_000)
    busy = SimulatorConfig(users=1_000, days=30, seed=1, events=100_000)
    assert lazy.activity < 1 < busy.activity
    assert lazy.expected_events < busy.expected_events
