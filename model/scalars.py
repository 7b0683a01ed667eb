"""Figures of a training, epoch by epoch, as event files that TensorBoard shows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from topics.errors import InputError

Scalars = Callable[[str, float, int], None]
"""Told the name of a figure, its value, and the epoch, from 1 on, after which it was read."""

LOSS: Final = "loss/training"
PRETRAINING_LOSS: Final = "loss/pretraining"
LEARNING_RATE: Final = "learning_rate"
VALIDATION_PRECISION: Final = "validation/average_precision"
VALIDATION_LOSS: Final = "validation/loss"
"""In place of the average precision where validation has too few frauds."""


def unrecorded(name: str, value: float, epoch: int) -> None:
    """Record nothing."""


@contextmanager
def recording(folder: Path | None) -> Iterator[Scalars]:
    """Give a function that writes figures to an event file in ``folder``; None: to nowhere.

    Each is on disk when the function returns. Event files that are in the folder stay, and
    TensorBoard shows them together, so that a training that goes on after a kill is one curve.
    Raises InputError where TensorBoard is not installed, OSError where no folder can be made.
    """
    if folder is None:
        yield unrecorded
        return
    try:
        from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 - an extra, and slow
    except ModuleNotFoundError as error:
        raise InputError(
            f"{error.name} is not installed; install riskstream[tensorboard]"
        ) from None
    folder.mkdir(parents=True, exist_ok=True)
    writer = SummaryWriter(str(folder))

    def record(name: str, value: float, epoch: int) -> None:
        writer.add_scalar(name, value, epoch)
        writer.flush()

    try:
        yield record
    finally:
        writer.close()
