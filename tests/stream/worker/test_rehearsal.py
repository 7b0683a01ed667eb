"""A worker's model has answered once, with reasons, before the worker joins its group."""

import numpy as np

from stream.pipeline.features import N_FEATURES, NAMES
from stream.worker.build import rehearse
from topics.vocabulary import BROWSE


class Asked:
    """Notes what it is asked."""

    features = NAMES

    def __init__(self):
        self.questions = []

    def score(self, x):
        self.questions.append("score")
        assert x.features.shape == (1, N_FEATURES)
        assert x.rows["text"][0]
        assert x.rows["type"][0] != BROWSE  # so that its text is read
        assert x.texts[0]

    def score_by_forest(self, x):
        self.questions.append("forest")

    def explain(self, x, rows, head):
        assert np.array_equal(rows, [0])
        self.questions.append(head)


def test_everything_that_a_worker_asks_is_asked_before():
    scorer = Asked()
    rehearse(scorer)
    assert scorer.questions == ["score", "forest", "fraud", "bad"]
