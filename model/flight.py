"""Batches on their way to a device, and answers on their way back.

On CUDA both go through pinned memory and nothing waits: while one batch is computed, the next is
prepared and sent, and what is read is the answer of the one before. On the processor a batch is
computed when it is started, and the same code hands the answers on.
"""

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

T = TypeVar("T")


def sent(array: NDArray[Any], device: torch.device) -> Tensor:
    """Send an array to a device; to CUDA from pinned memory, without waiting until it is there.

    PyTorch keeps pinned blocks for reuse and gives none away while a copy from it is under way, so
    two batches in flight alternate between two sets of blocks.
    """
    tensor = torch.from_numpy(array)
    if device.type != "cuda" or not array.size:
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)


class Answer:
    """An answer that a device may still be computing.

    >>> Answer(torch.tensor([0.5], dtype=torch.bfloat16)).read()
    array([0.5], dtype=float32)
    """

    def __init__(self, tensor: Tensor) -> None:
        """Start the way back of ``tensor``, as float32."""
        self._host, self._there = tensor.float(), None
        if tensor.device.type == "cuda":
            there = self._host
            self._host = torch.empty(there.shape, dtype=there.dtype, pin_memory=True)
            self._host.copy_(there, non_blocking=True)
            self._there = torch.cuda.Event()  # type: ignore[no-untyped-call]
            self._there.record()

    def read(self) -> NDArray[np.float32]:
        """Return the answer once it is there; raise RuntimeError where the device failed."""
        if self._there is not None:
            self._there.synchronize()
        found: NDArray[np.float32] = self._host.numpy()
        return found


def one_behind(started: Iterable[tuple[T, Answer]]) -> Iterator[tuple[T, NDArray[np.float32]]]:
    """Yield each answer with what it belongs to, after the next batch has been started.

    >>> [(key, found.tolist()) for key, found in one_behind([("a", Answer(torch.ones(1)))])]
    [('a', [1.0])]
    """
    before: tuple[T, Answer] | None = None
    for now in started:
        if before is not None:
            yield before[0], before[1].read()
        before = now
    if before is not None:
        yield before[0], before[1].read()
