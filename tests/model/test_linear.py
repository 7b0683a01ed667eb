import numpy as np
import pytest
import torch
from torch import nn

from model.linear import Linear, linear, quickened


def test_the_quick_product_equals_pytorchs_own() -> None:
    torch.manual_seed(0)
    for shape in ((3, 50), (4, 256), (2, 3000), (0,)):
        _compare(shape)


def _compare(shape: tuple[int, ...]) -> None:
    x, weight, bias = torch.randn(*shape, 64), torch.randn(200, 64) / 8, torch.randn(200)
    expected = x.double() @ weight.double().T + bias.double()
    with torch.inference_mode():
        found, bare = linear(x, weight, bias), linear(x, weight)
    np.testing.assert_allclose(found, expected, atol=2e-6)
    np.testing.assert_allclose(bare, expected - bias.double(), atol=2e-6)


def test_a_layer_still_learns() -> None:
    layer = Linear(8, 4)
    layer(torch.ones(2, 8)).sum().backward()
    assert layer.weight.grad is not None
    np.testing.assert_array_equal(layer.weight.grad, np.full((4, 8), 2.0))


def test_a_quickened_network_keeps_its_weights_and_its_answers() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(16, 8), nn.Sequential(nn.GELU(), nn.Linear(8, 3, bias=False)))
    x = torch.randn(5, 16)
    before, names = network(x).detach(), list(network.state_dict())
    quick = quickened(network)
    assert [layer.layers for layer in quick.modules() if isinstance(layer, Linear)] == [1, 1]
    assert list(quick.state_dict()) == names
    with torch.inference_mode():
        np.testing.assert_allclose(quick(x), before, atol=1e-6)
    half = quick.bfloat16()
    with torch.inference_mode():
        assert half(x.bfloat16()).dtype == torch.bfloat16


def test_layers_of_one_shape_share_what_its_code_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    x = torch.randn(4, 32)
    monkeypatch.setattr("model.linear.LARGE", 3 * 4 * 32 * 32)
    two, three = (nn.Sequential(*(nn.Linear(32, 32) for _ in range(n))) for n in (2, 3))
    with torch.inference_mode():
        for network, by_onednn in ((quickened(two), False), (quickened(three), True)):
            with torch.profiler.profile() as done:
                network(x)
            names = {event.key for event in done.key_averages()}
            assert ("mkldnn::_linear_pointwise" in names) == by_onednn
