"""Compiles the loops of the event Transformer, so that no first event waits for that.

`python -m model.warm` does so after an installation; the result is cached on disk.
"""

import time

import numpy as np
import torch

from model.bins import Bins
from model.inputs import without_vectors
from model.quick import QuickNetwork
from model.transformer import EventTransformer, Shape
from topics.columns import EVENT, PAST
from topics.scores import ScoreInput


def warm_up() -> None:
    """Answer one made-up event, with its reasons, by a network that has learned nothing."""
    bins = Bins.fit(np.zeros((2, 1), np.float32))
    network = EventTransformer(Shape(bins.n_rows, 0), torch.from_numpy(bins.first))
    quick = QuickNetwork(network, network.table(), bins)
    x = ScoreInput(
        np.zeros(1, EVENT), np.zeros((1, 1), np.float32), np.zeros((1, 1), PAST),
        np.ones(1, np.uint8), [None],
    )  # fmt: skip
    texts = without_vectors(x.rows)
    quick.outputs(x, texts)
    quick.contributions(x, texts, np.zeros(1, np.float32), 0, 1)


def main() -> None:
    """Compile them, and say how long it took."""
    began = time.monotonic()
    warm_up()
    print(f"Compiled the model's loops in {time.monotonic() - began:.0f} s.")


if __name__ == "__main__":
    main()
