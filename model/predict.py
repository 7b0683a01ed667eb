"""The network's outputs for any number of events."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.bins import Bins
from model.flight import Answer, one_behind
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
