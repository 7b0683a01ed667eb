"""The network's outputs for any number of events."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.bins import Bins
from model.flight import Answer, one_behind, sent
from model.gradients import integrated_gradients
from model.inputs import TextVectors, assemble
from model.linear import REPEATED_ROWS
from model.rows import take
from model.transformer import N_OUTPUTS, EventTransformer, Inputs
from topics.scores import ScoreInput, ScorerDownError


@contextmanager
def answering(device: torch.device) -> Iterator[None]:
    """Raise ScorerDownError where ``device``, other than the processor, fails within the block."""
    try:
        yield
    except RuntimeError as error:
        if device.type == "cpu":
            raise
        raise ScorerDownError(f"{device} failed: {error}") from error


class Network(Protocol):
    """An event Transformer that answers and gives its reasons."""

    def outputs(self, x: ScoreInput, texts: TextVectors) -> NDArray[np.float64]:
        """Return the raw outputs of ``n`` events, float64[n, N_OUTPUTS]."""

    def contributions(
        self, x: ScoreInput, texts: TextVectors, usual: NDArray[np.float32], head: int, steps: int
    ) -> NDArray[np.float64]:
        """Return what each feature adds to output ``head`` by integrated gradients, float64[n, F].

        From ``usual`` float32[F] to the events' own values, over ``steps`` midpoints, all else held
        fixed. Source: M. Sundararajan and others, "Axiomatic Attribution for Deep Networks", 2017.
        """


class DeviceNetwork:
    """An event Transformer in PyTorch on the device of ``table``, which is ``network.table()``."""

    def __init__(self, network: EventTransformer, table: Tensor, bins: Bins) -> None:
        self._network, self._table, self._bins = network, table, bins

    def outputs(self, x: ScoreInput, texts: TextVectors) -> NDArray[np.float64]:
        """Return the raw outputs of ``n`` events, float64[n, N_OUTPUTS]."""
        return outputs(self._network, self._table, self._bins, x, texts)

    def contributions(
        self, x: ScoreInput, texts: TextVectors, usual: NDArray[np.float32], head: int, steps: int
    ) -> NDArray[np.float64]:
        """Return what each feature adds to output ``head``, float64[n, F], as `Network` says."""
        device = self._table.device
        with torch.no_grad():
            inputs = assemble(x, texts, self._bins, self._network.shape.past, device)
            start = [sent(array, device) for array in self._bins.place(usual[None])]
        return integrated_gradients(self._network, self._table, inputs, start, head, steps)


def outputs(
    network: EventTransformer,
    table: Tensor,
    bins: Bins,
    x: ScoreInput,
    texts: TextVectors,
    *,
    chunk: int = REPEATED_ROWS,
) -> NDArray[np.float64]:
    """Return the raw outputs, float64[n, N_OUTPUTS]; bfloat16 inside on CUDA, float32 on CPU.

    ``table`` is ``network.table()``, on the network's device; ``chunk`` events, with histories of
    about the same length, go through at a time.
    """
    out = np.empty((len(x), N_OUTPUTS))
    device, past = table.device, network.shape.past
    with torch.inference_mode():
        started = (
            (index, Answer(_run(network, assemble(part, known, bins, past, device), table)))
            for index, part, known in _pieces(x, texts, chunk)
        )
        for index, found in one_behind(started):
            out[index] = found
    return out


def _run(network: EventTransformer, inputs: Inputs, table: Tensor) -> Tensor:
    kind = table.device.type
    with torch.autocast(kind, torch.bfloat16, enabled=kind != "cpu"):
        out: Tensor = network(inputs, table)
    return out


def _pieces(
    x: ScoreInput, texts: TextVectors, chunk: int
) -> Iterator[tuple[NDArray[np.int64] | slice, ScoreInput, TextVectors]]:
    if not len(x):
        return
    if len(x) <= chunk:
        yield slice(None), x, texts
        return
    order = np.argsort(x.n_past, kind="stable")
    for begin in range(0, len(x), chunk):
        index = order[begin : begin + chunk]
        yield index, take(x, index), texts.take(index)
