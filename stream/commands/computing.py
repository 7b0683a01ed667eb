"""What a training is told about where and how its steps are computed."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stream.settings import Settings, add_flags
from topics.errors import InputError

if TYPE_CHECKING:
    from model.compute import Compute

MOST_PARTS = 1_024


def add_computing(parser: argparse.ArgumentParser) -> None:
    """Declare what `computing` reads, and ``--precision``."""
    add_flags(parser, "device")
    parser.add_argument(
        "--precision", choices=("float32", "bfloat16"), default="float32",
        help="of the products in the steps of the network; bfloat16 is faster where the device has "
        "it, and everything else stays in float32 (default float32)",
    )  # fmt: skip
    parser.add_argument(
        "--accumulate", type=int, default=1, metavar="N",
        help="compute each step's batch in N parts, one after another, for want of memory; "
        "their gradients add up to the same (default 1)",
    )  # fmt: skip


@contextmanager
def computing(args: argparse.Namespace, settings: Settings) -> Iterator["Compute"]:
    """Give the block where to compute: alone, or with the other processes that torchrun started.

    Raises InputError where the device is not there, or a number is out of its range.
    """
    import torch

    from model.compute import Compute
    from model.ranks import joined

    torch.set_num_threads(settings.threads)
    with joined(settings.device) as ranks:
        if not 1 <= args.accumulate <= MOST_PARTS:
            raise InputError(f"--accumulate is {args.accumulate}; it must be 1 to {MOST_PARTS}")
        yield Compute(torch.device(settings.device), args.accumulate, ranks)
