"""How the event Transformer is trained: its size, its steps, and when it stops."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """How the network is trained.

    At most ``epochs``, ended after ``patience`` without gain on validation or after
    ``max_seconds``; each goes through all positives, and ``negatives_per_positive`` times as many
    other rows or ``at_least_negatives``, in batches of at most ``batch`` rows, smaller where that
    would be fewer than ``steps_per_epoch``. ``averaging`` is the decay of the weights' running
    average; ``forget_identities`` and ``forget_texts`` are the shares of events whose categories
    and sellers, and whose text vectors, are taken away. ``d``, ``heads``, ``layers`` and ``past``
    events are the network's `Shape`.
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
