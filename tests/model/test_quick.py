"""The compiled event Transformer answers as PyTorch does, and an event's answer is its own."""

import numpy as np
import pytest
import torch

from model.bins import Bins
from model.inputs import NO_TEXT, VECTOR_UNKNOWN, WITH_VECTOR, TextVectors
from model.loops import ROWS, add_product, add_rows, exp, gelu, normalise, silu, softmax
from model.predict import DeviceNetwork
from model.quick import QuickNetwork
from model.rows import take
from model.slopes import ungelu, unnormalise, unsilu, unsoftmax
from model.transformer import N_OUTPUTS, EventTransformer, Shape
from tests.model.shop import history

WIDTH = 21
"""Of a text's vector: no multiple of anything."""


@pytest.fixture(scope="module")
def asked():
    """37 events with pasts and texts of every kind, both networks, and usual values."""
    n, rng = 37, np.random.default_rng(5)
    x, learned = history(n, past=8).x, history(500, seed=1).x
    bins = Bins.fit(learned.features, amounts=learned.rows["amount"])
    ends = np.expm1(bins.amounts[1:].astype(np.float64)) / bins.amounts[0]
    x.past["flags"] = rng.integers(0, 1 << 16, x.past.shape)
    x.past["sketch"][::2, ::3] = rng.integers(0, 256, 16)
    x.past["amount"][:, 1] = np.nan
    x.past["amount"][:, 2] = np.repeat([0, 1e-3, 1e15, 7.5, ends[4]], 8)[:n]
    x.past["step"][3] = 255  # nothing before
    x.past["step"][4, 2] = 255  # one in between is missing
    x.rows["sketch"][5] = 7
    x.features[6] = np.nan
    kind = rng.choice(np.array([NO_TEXT, WITH_VECTOR, VECTOR_UNKNOWN], np.uint8), n)
    vectors = rng.normal(0, 1, (4, WIDTH)).astype(np.float32)
    texts = TextVectors(kind, rng.integers(0, 4, n), vectors)
    torch.manual_seed(3)
    network = EventTransformer(Shape(bins.n_rows, WIDTH), torch.from_numpy(bins.first)).eval()
    with torch.no_grad():
        for parameter in network.parameters():  # gains, shifts and relations too
            parameter.add_(0.1 * torch.randn_like(parameter))
        network.text_mean.normal_()
        network.text_scale.uniform_(0.5, 2)
        table = network.table()
    quick, slow = QuickNetwork(network, table, bins), DeviceNetwork(network, table, bins)
    return x, texts, quick, slow, np.full(x.features.shape[1], 0.7, np.float32)


def test_it_answers_as_pytorch_does(asked):
    x, texts, quick, slow, _ = asked
    found = quick.outputs(x, texts)
    assert found.shape == (len(x), N_OUTPUTS)
    np.testing.assert_allclose(found, slow.outputs(x, texts), rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize(("head", "steps"), [(0, 4), (1, 2), (2, 3)])
def test_it_gives_the_reasons_that_pytorch_gives(asked, head, steps):
    x, texts, quick, slow, usual = asked
    found = quick.contributions(x, texts, usual, head, steps)
    expected = slow.contributions(x, texts, usual, head, steps)
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def test_an_event_is_the_same_in_any_batch(asked):
    x, texts, quick, _, usual = asked
    whole, why = quick.outputs(x, texts), quick.contributions(x, texts, usual, 0, 4)
    for index in (np.arange(3), np.array([20]), np.arange(len(x))[::-1]):
        part, known = take(x, index), texts.take(index)
        np.testing.assert_array_equal(quick.outputs(part, known), whole[index])
        np.testing.assert_array_equal(quick.contributions(part, known, usual, 0, 4), why[index])


def test_no_events_have_no_answers(asked):
    x, texts, quick, _, usual = asked
    nothing, none = take(x, np.arange(0)), texts.take(np.arange(0))
    assert quick.outputs(nothing, none).shape == (0, N_OUTPUTS)
    assert quick.contributions(nothing, none, usual, 0, 4).shape == (0, len(usual))


def test_sizes_that_do_not_fit_are_refused():
    network = EventTransformer(Shape(5, 0, heads=2), torch.tensor([0, 5]))
    with pytest.raises(ValueError, match="a multiple of 4, not 2"):
        QuickNetwork(network, network.table(), Bins.fit(np.zeros((2, 1), np.float32)))


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(0, 2, shape).astype(np.float32)


@pytest.mark.parametrize("columns", [16, 35, 48, 64])
def test_products_do_not_depend_on_the_number_of_rows(columns):
    a, b = numbers(3 * ROWS, 23)[:, :20], numbers(20, columns)
    out = numbers(3 * ROWS, columns)
    expected = out + a @ b
    alone = out[ROWS : 2 * ROWS].copy()
    add_product(a, b, out)
    np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-5)
    add_product(a[ROWS : 2 * ROWS], b, alone)
    np.testing.assert_array_equal(alone, out[ROWS : 2 * ROWS])


@pytest.mark.parametrize("columns", [3, 16, 20, 64, 100, 256, 272])
@pytest.mark.parametrize("n", [0, 1, 9])
def test_chosen_rows_are_added_by_their_shares(columns, n):
    table, share, room = numbers(30, columns), numbers(9), numbers(columns + 32)
    at = np.array([3, 29, 0, 3, 7, 11, 12, 13, 14], np.int32)
    beyond, out = room[columns:].copy(), room[:columns]
    expected = out + share[:n] @ table[at[:n]]
    add_rows(table, at, share, n, out)
    np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(room[columns:], beyond)


def test_the_exponential_is_exact_to_the_last_places():
    x = np.linspace(-86, 87, 999, dtype=np.float32)
    found = np.array([exp(value) for value in x])
    np.testing.assert_allclose(found, np.exp(x.astype(np.float64)), rtol=3e-7)
    assert 0 < exp(np.float32(-1e9)) < 1e-37
    assert np.isfinite(exp(np.float32(1e9)))


@pytest.mark.parametrize(
    ("forward", "back", "torch_does"),
    [(gelu, ungelu, torch.nn.functional.gelu), (silu, None, torch.nn.functional.silu)],
)
def test_activations_and_their_slopes_are_those_of_pytorch(forward, back, torch_does):
    x, out, given = (
        np.linspace(-9, 9, 200, dtype=np.float32),
        np.empty(200, np.float32),
        numbers(200),
    )
    forward(x, out)
    tensor = torch.from_numpy(x.copy()).requires_grad_()
    answer = torch_does(tensor)
    np.testing.assert_allclose(out, answer.detach().numpy(), atol=1e-6)
    answer.backward(torch.from_numpy(given))
    if back is None:
        slope = np.empty_like(given)
        unsilu(x, given, slope)
    else:
        slope = given.copy()
        back(x, slope)
    np.testing.assert_allclose(slope, tensor.grad.numpy(), atol=2e-6)


def test_a_norm_and_its_slope_are_those_of_pytorch():
    x, norm, given, out = (
        numbers(5, 24),
        numbers(2, 24, seed=1),
        numbers(5, 24, seed=2),
        numbers(5, 24),
    )
    normalise(x, norm, out)
    tensor = torch.from_numpy(x.copy()).requires_grad_()
    gain, shift = torch.from_numpy(norm)
    answer = torch.nn.functional.layer_norm(tensor, (24,), gain, shift)
    np.testing.assert_allclose(out, answer.detach().numpy(), atol=1e-5)
    answer.backward(torch.from_numpy(given))
    slope = np.ones((5, 24), np.float32)
    unnormalise(given, x, norm, slope)
    np.testing.assert_allclose(slope - 1, tensor.grad.numpy(), atol=1e-5)


def test_a_softmax_takes_the_first_numbers_only():
    x, given = numbers(16), numbers(16, seed=1)
    tensor = torch.from_numpy(x[:11].copy()).requires_grad_()
    x[11:] = np.nan
    softmax(x, 11)
    answer = tensor.softmax(0)
    np.testing.assert_allclose(x[:11], answer.detach().numpy(), atol=1e-6)
    assert not x[11:].any()
    answer.backward(torch.from_numpy(given[:11]))
    unsoftmax(x, given)
    np.testing.assert_allclose(given[:11], tensor.grad.numpy(), atol=1e-6)
