"""The processes of one training: what the first tells the others, and what they add up together.

`torchrun` starts them, tells them of each other, and ends all of them where one fails. Each has a
rank, from 0 on; the first, of rank 0, leads.
"""

import pickle
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar, cast

import numpy as np
import torch
import torch.distributed as dist
from torch import nn

from topics.errors import InputError

LONGEST_WAIT: Final = timedelta(days=30)
"""For what another process has to say: the first replays the history while the others wait."""

PIECE: Final = 1 << 26
"""Bytes that are sent at a time."""

T = TypeVar("T")


class GoneError(InputError):
    """Another process of the training has ended, or cannot be reached."""


@dataclass(frozen=True)
class Ranks:
    """The ``rank`` of this process among the ``n`` of a training; alone where ``n`` is 1.

    What follows is called by all of them in the same order, and raises GoneError where another has
    ended.
    """

    rank: int = 0
    n: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process decides, prints and writes for all."""
        return self.rank == 0

    def agreed(self, value: T) -> T:
        """Return in every process the ``value`` of the first; what the others give is not used.

        Arrays in it are sent as they are, without a copy in between.
        """
        if self.n > 1:
            buffers: list[pickle.PickleBuffer] = []
            body = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
            raws = [np.frombuffer(buffer.raw(), np.uint8) for buffer in buffers]
            head: list[Any] = [(body, [len(raw) for raw in raws])]
            with _all_there():
                dist.broadcast_object_list(head, src=0, device=torch.device("cpu"))
                if not self.leads:
                    body, sizes = head[0]
                    raws = [np.empty(size, np.uint8) for size in sizes]
                for raw in raws:
                    self._send(raw)
            if not self.leads:
                value = cast(T, pickle.loads(body, buffers=raws))
        return value

    def _send(self, raw: np.ndarray[Any, np.dtype[np.uint8]]) -> None:
        for at in range(0, len(raw), PIECE):
            piece = torch.from_numpy(np.array(raw[at : at + PIECE]))
            dist.broadcast(piece, src=0)
            if not self.leads:
                raw[at : at + PIECE] = piece.numpy()

    def summed(self, network: nn.Module, value: float) -> float:
        """Put the sum of all processes' gradients into each; return the sum of their ``value``.

        A weight that has a gradient in none of them has none afterwards.
        """
        if self.n == 1:
            return value
        weights = [weight for weight in network.parameters() if weight.requires_grad]
        there = [float(weight.grad is not None) for weight in weights]
        head = torch.tensor([value, *there], device=weights[0].device)
        found = [torch.zeros_like(of) if of.grad is None else of.grad for of in weights]
        total = torch.cat([head, *(gradient.flatten() for gradient in found)])
        with _all_there():
            dist.all_reduce(total)
        sums = total[: len(head)].tolist()
        parts = torch.split(total[len(head) :], [weight.numel() for weight in weights])
        for weight, part, n in zip(weights, parts, sums[1:], strict=True):
            weight.grad = part.view_as(weight) if n else None
        return float(sums[0])


ALONE: Final = Ranks()


@contextmanager
def joined(device: str) -> Iterator[Ranks]:
    """Join the processes that `torchrun` started with this one; alone where it did not start it.

    Numbers on the processor go by gloo, those on ``device`` ``cuda`` by NCCL; there each process
    takes the device of its number on this machine. Raises InputError where there is none for it.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError("device cuda is not there; use cpu")
    if not (dist.is_available() and dist.is_torchelastic_launched()):
        yield ALONE
        return
    if device == "cuda":
        local, n_devices = dist.get_node_local_rank(), torch.cuda.device_count()
        if local >= n_devices:
            raise InputError(
                f"there are {n_devices} CUDA devices; give torchrun --nproc-per-node {n_devices}"
            )
        torch.cuda.set_device(local)
    backend = "cpu:gloo,cuda:nccl" if device == "cuda" else "gloo"
    with _all_there():
        dist.init_process_group(backend, timeout=LONGEST_WAIT)
    yield Ranks(dist.get_rank(), dist.get_world_size())
    dist.destroy_process_group()  # not after an error: NCCL would wait for those that have gone


@contextmanager
def _all_there() -> Iterator[None]:
    """Say in one sentence that another process has gone, which PyTorch tells as RuntimeError."""
    try:
        yield
    except RuntimeError as error:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # torchrun's would cut the sentence off
        raise GoneError(
            f"another process of this training has ended, and all end with it ({_reason(error)})"
        ) from error


def _reason(error: RuntimeError) -> str:
    """Return what a message of PyTorch says, without its place and its advice.

    >>> _reason(RuntimeError("[/gloo/pair.cc:553] Read error [127.0.0.1]:1: Reset. This may be"))
    'Read error [127.0.0.1]:1: Reset'
    """
    return re.sub(r"^\[\S+:\d+\] ", "", str(error).partition("\n")[0]).partition(". ")[0]
