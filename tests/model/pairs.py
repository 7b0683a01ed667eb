"""Texts of which two words together tell the fraud, and neither alone."""

import numpy as np

from model.labelledtexts import LabelledTexts
from model.rows import TrainingRows
from tests.model.shop import history
from tests.model.smallencoder import WORDS


def pairs(n: int, seed: int) -> LabelledTexts:
    """Eight words each: fraud where there is `cash` with `free`, or `gift` with `contact`."""
    rng = np.random.default_rng(seed)
    texts, fraud = [], rng.random(n) < 0.5
    for one, first in zip(fraud, rng.random(n) < 0.5, strict=True):
        words = rng.choice(WORDS[4:9], 8)
        there = rng.permutation(8)[:2]
        words[there] = "cash" if first else "gift", "free" if one == first else "contact"
        texts.append(" ".join(words))
    return LabelledTexts(texts, fraud)


def rows_of(found: LabelledTexts) -> TrainingRows:
    """Reviews of these texts, in that order, of which nothing else tells the fraud."""
    n = len(found)
    rows = history(n)
    rows.x.rows["type"], rows.x.rows["text"] = 2, np.arange(n) + 1
    rows.x.texts[:], rows.label[:] = found.texts, found.fraud
    return rows
