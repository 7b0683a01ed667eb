"""How the event Transformer is trained: its size, its steps, and when it stops."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from topics.errors import InputError


@dataclass(frozen=True)
class Recipe:
    """How the network is trained.

    At most ``epochs``, ended after ``patience`` without gain on validation or after
    ``max_seconds``; each goes through all positives, and ``negatives_per_positive`` times as
    many other rows or ``at_least_negatives``, in batches of at most ``batch`` rows, smaller
    where that would be fewer than ``steps_per_epoch``. ``averaging`` is the decay of the
    weights' running average; ``forget_identities`` and ``forget_texts`` are the shares of
    events whose categories and sellers, and whose text vectors, are taken away. ``d``,
    ``heads``, ``layers`` and ``past`` events are the network's `Shape`. Before the epochs come
    ``pretrain_epochs`` through all events, labelled or not, which take at most half of
    ``max_seconds``; see `model.pretraining`. Where ``adversarial`` is above 0, the loss counts
    once more with each event's vectors moved so far to where it is higher; see
    `model.adversarial`. ``precision`` is that of the products of a step: float32, or bfloat16
    while weights, sums and losses stay in float32.
    """

    epochs: int = 40
    patience: int = 6
    batch: int = 1024
    steps_per_epoch: int = 60
    learning_rate: float = 1e-3
    weight_decay: float = 2.0
    dropout: float = 0.15
    forget_identities: float = 0.2
    forget_texts: float = 0.1
    averaging: float = 0.99
    negatives_per_positive: int = 60
    at_least_negatives: int = 60_000
    d: int = 64
    heads: int = 4
    layers: int = 2
    past: int = 24
    max_seconds: float | None = None
    pretrain_epochs: int = 0
    adversarial: float = 0.0
    precision: str = "float32"

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the recipe with the ``settings`` of a file that `riskstream tune` wrote.

        Raises InputError naming the file and what is wrong in it.
        """
        try:
            found = json.loads(path.read_bytes())
        except OSError as error:
            raise InputError(
                f"cannot read {path}: {error.strerror}; give the best.json of `riskstream tune`"
            ) from error
        except ValueError as error:
            raise InputError(f"{path} is not JSON: {error}; mend the file") from error
        settings = found.get("settings") if isinstance(found, dict) else None
        if not isinstance(settings, dict):
            raise InputError(f"{path} has no settings; give the best.json of `riskstream tune`")
        for name, value in settings.items():
            if name not in LIMITS:
                raise InputError(f"{path}: no setting {name!r}; there are {', '.join(LIMITS)}")
            check_setting(name, value, f"{path}: {name}")
        return cls(**settings)


LIMITS: Final[dict[str, tuple[type, float, float]]] = {
    "learning_rate": (float, 1e-5, 0.1),
    "weight_decay": (float, 0, 100),
    "dropout": (float, 0, 0.9),
    "forget_identities": (float, 0, 1),
    "averaging": (float, 0, 0.9999),
    "epochs": (int, 1, 1_000),
    "patience": (int, 0, 1_000),
    "d": (int, 8, 512),
    "layers": (int, 1, 8),
    "past": (int, 1, 24),
    "pretrain_epochs": (int, 0, 1_000),
    "adversarial": (float, 0, 100),
}
"""What a file of settings may hold, and in which range."""


def check_setting(name: str, value: object, called: str) -> None:
    """Raise InputError, in which the setting is ``called`` so, where a value of it is not allowed.

    >>> check_setting("epochs", 0, "--epochs")
    Traceback (most recent call last):
    topics.errors.InputError: --epochs is 0; it must be a whole number from 1 to 1000
    """
    kind, low, high = LIMITS[name]
    right = isinstance(value, int | kind) and not isinstance(value, bool)
    if not (right and low <= value <= high):  # type: ignore[operator]
        what = "a whole number" if kind is int else "a number"
        raise InputError(f"{called} is {value!r}; it must be {what} from {low:g} to {high:g}")
