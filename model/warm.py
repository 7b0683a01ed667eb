"""Compiles the loops of a model, so that no start of a worker waits for that.

`python -m model.warm` does so after an installation; the result is cached on disk.
"""

import time

import numpy as np
import torch
from numpy.typing import NDArray

from model.bins import Bins
from model.forest import Forest
from model.gramweights import GramWeights
from model.habits import habits
from model.inputs import without_vectors
from model.ngrams import grams
from model.phraseloops import REACH
from model.phrasenet import WIDTH, PhraseNet
from model.phrases import phrases
from model.quick import QuickNetwork
from model.transformer import EventTransformer, Shape
from model.trees import Trees
from topics.columns import EVENT, PAST
from topics.scores import ScoreInput


def warm_up() -> None:
    """Answer one made-up event, with its reasons, by parts that have learned nothing."""
    x = ScoreInput(
        np.zeros(1, EVENT), np.zeros((1, 1), np.float32), np.zeros((1, 1), PAST),
        np.ones(1, np.uint8), [None],
    )  # fmt: skip
    usual = np.zeros(1, np.float32)
    _warm_network(x, usual)
    Forest.fit(np.zeros((2, 1), np.float32), medians=usual, seed=0, n_trees=1).anomaly(x.features)
    trees = _a_leaf()
    trees.log_odds(x.features)
    trees.contributions(x.features, usual)
    habits(x, [], 30.0)
    _warm_words()


def _warm_network(x: ScoreInput, usual: NDArray[np.float32]) -> None:
    bins = Bins.fit(np.zeros((2, 1), np.float32))
    network = EventTransformer(Shape(bins.n_rows, 0), torch.from_numpy(bins.first))
    quick = QuickNetwork(network, network.table(), bins)
    texts = without_vectors(x.rows)
    quick.outputs(x, texts)
    quick.contributions(x, texts, usual, 0, 1)


def _a_leaf() -> Trees:
    """Return one tree that has no branch."""
    node, turn = np.zeros(1, np.int32), np.zeros(1, np.float32)
    return Trees(node, node, node, turn, turn, np.zeros(2, np.int32), np.zeros(1), 0.0)


def _warm_words() -> None:
    texts, fraud = ["Fine, 好", "Bad, 坏"], np.array([False, True])
    linear = GramWeights.fit(grams(texts), fraud, np.ones(2, np.uint8), 1.0)
    linear.log_odds(grams(texts))
    row = np.zeros((1, WIDTH), np.float32)
    taps = np.zeros((2 * REACH + 1, WIDTH, WIDTH), np.float32)
    net = PhraseNet.from_arrays({
        "places": np.zeros(1, np.int32), "table": row, "taps": taps, "bias": row[0],
        "mean": row[0], "most": row[0], "base": np.zeros(1),
    })  # fmt: skip
    net.log_odds(phrases(texts))


def main() -> None:
    """Compile them, and say how long it took."""
    began = time.monotonic()
    warm_up()
    print(f"Compiled the model's loops in {time.monotonic() - began:.0f} s.")


if __name__ == "__main__":
    main()
