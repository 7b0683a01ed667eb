"""What a text says of fraud by its words and style, alone.

Needs no pretrained weights and little time, in training and for every event. Two models answer: one
linear in n-grams of characters and words (`model.gramweights`), one that lets neighbouring words
change each other (`model.phrasenet`); the answer lies between them. How strong the penalty of the
first is, and how much of the second counts, is decided on texts left out of the fit, where equal
texts stay together. A text's answer is the logarithm of how much more likely it is in fraud: that
some kinds of event are fraud more often is kept apart from it, for other parts of the model know
that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from model.baseline import Ranking, ranking
from model.calibration import log_loss, platt
from model.gramweights import GramWeights
from model.ngramloops import MAX_CHARS
from model.ngrams import Grams, grams
from model.phrasenet import PhraseNet
from model.phrases import Phrases, phrases

MIN_EACH: Final = 20
"""Fewer texts than this of fraud, or of honest events, teach nothing."""

MAX_TEXTS: Final = 60_000
"""Texts to learn from; all frauds first, then honest ones drawn at random."""

MAX_CHARACTERS: Final = 4_000_000
"""Of all texts to learn from: with six n-grams a character, they take about a gigabyte."""

MAX_COMPARED: Final = 8_000
"""Texts on which the strengths are compared; each class has its share of them."""

MIN_COMPARED: Final = 500
"""Of either class, or all that there are, however small its share is."""

STRENGTHS: Final = (3.0, 10.0, 30.0, 100.0, 300.0)
"""What an error costs compared with the squared weights, for rows of length about 1."""

SHARES: Final = (0.0, 0.2, 0.35, 0.5)
"""How much of the answer may be the second model's; without a share it is not kept."""

FOLDS: Final = 4

MIN_DISTINCT: Final = 2 * FOLDS
"""Fewer different texts than this of either class cannot tell what holds for texts left out."""

BATCH: Final = 512


@dataclass(frozen=True, eq=False)
class TextModel:
    """Two models of a text, and how much of the answer is the second's.

    Without ``net``, ``share`` is 0. ``strength`` is one of STRENGTHS, ``share`` one of SHARES;
    ``left_out`` rates the texts by models that did not learn from them; ``n_texts`` were learned
    from.
    """

    linear: GramWeights
    net: PhraseNet | None
    share: float
    strength: float = 0.0
    left_out: Ranking | None = None
    n_texts: int = 0

    @classmethod
    def fit(
        cls, texts: Sequence[str], fraud: NDArray[np.bool_], kind: NDArray[np.uint8],
        same: NDArray[np.uint64], *, seed: int, strength: float | None = None, share: float = 0.0,
    ) -> Self | None:  # fmt: skip
        """Learn from texts that people wrote; None where either class has too few.

        These are fewer than MIN_EACH or, among the texts that strength and share are chosen on,
        fewer than MIN_DISTINCT different ones. ``fraud`` bool[n]; ``kind`` uint8[n] the type of
        each event; ``same`` uint64[n] is equal for texts that say the same; ``strength`` and
        ``share`` are taken as they are where the former is given.
        """
        rng = np.random.default_rng(seed)
        length = sum(min(len(text), MAX_CHARS) for text in texts) / max(len(texts), 1)
        at = drawn(fraud, min(MAX_TEXTS, int(MAX_CHARACTERS / max(length, 1))), rng)
        if min(fraud[at].sum(), (~fraud[at]).sum()) < MIN_EACH:
            return None
        read, left_out = [texts[i] for i in at.tolist()], None
        found, words = grams(read), phrases(read)
        fraud, kind, same = fraud[at], kind[at], same[at]
        if strength is None:
            part = share_of_each(fraud, MAX_COMPARED, rng)
            fold = folds(fraud[part], same[part], rng)
            if fold is None:
                return None
            strength, share, left_out = _compared(
                found.take(part), words.take(part), fraud[part], kind[part], fold
            )
        linear = GramWeights.fit(found, fraud, kind, strength)
        net = PhraseNet.fit(words, fraud, kind, seed=seed) if share > 0 else None
        return cls(linear, net, share, strength, left_out, len(at))

    def log_odds(self, texts: Sequence[str | None]) -> NDArray[np.float64]:
        """Return the log-odds of fraud that each text adds, float64[n]; NaN where there is none.

        A text's answer does not depend on the others.
        """
        out = np.full(len(texts), np.nan)
        at = [i for i, text in enumerate(texts) if text]
        for begin in range(0, len(at), BATCH):
            part = at[begin : begin + BATCH]
            read = [texts[i] or "" for i in part]
            out[part] = self.linear.log_odds(grams(read))
            if self.net is not None:
                out[part] = _between(out[part], self.net.log_odds(phrases(read)), self.share)
        return out

    def told(self) -> dict[str, Any]:
        """Return what a manifest says of the model: how it was fitted, and how it ranked."""
        left_out = None if self.left_out is None else vars(self.left_out)
        return {
            "n_texts": self.n_texts, "strength": self.strength, "share_of_order": self.share,
            "left_out": left_out,
        }  # fmt: skip


def _between(
    linear: NDArray[np.float64], net: NDArray[np.float64], share: float
) -> NDArray[np.float64]:
    joined: NDArray[np.float64] = (1 - share) * linear + share * net
    return joined


def drawn(fraud: NDArray[np.bool_], n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return all rows, or at most ``n``: at most half of them fraud while others remain."""
    if len(fraud) <= n:
        return np.arange(len(fraud))
    bad, good = (rng.permutation(np.flatnonzero(part)) for part in (fraud, ~fraud))
    bad = bad[: max(n // 2, n - len(good))]
    return np.sort(np.concatenate([bad, good[: n - len(bad)]]))


def share_of_each(fraud: NDArray[np.bool_], n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return all rows, or ``n`` with the share of fraud of all and MIN_COMPARED of each class."""
    if len(fraud) <= n:
        return np.arange(len(fraud))
    bad, good = (rng.permutation(np.flatnonzero(part)) for part in (fraud, ~fraud))
    n_bad = round(n * len(bad) / len(fraud))
    n_bad = max(min(n_bad, n - min(len(good), MIN_COMPARED)), min(len(bad), MIN_COMPARED))
    return np.sort(np.concatenate([bad[:n_bad], good[: n - n_bad]]))


def folds(
    fraud: NDArray[np.bool_], same: NDArray[np.uint64], rng: np.random.Generator
) -> NDArray[np.int64] | None:
    """Deal texts to FOLDS folds, int64[n], equal ones to the same and both classes to each.

    None where either class has fewer than MIN_DISTINCT different texts; one that both have counts
    for both.
    """
    distinct, of = np.unique(same, return_inverse=True)
    bad, good = (np.bincount(of[part], minlength=len(distinct)) > 0 for part in (fraud, ~fraud))
    if min(bad.sum(), good.sum()) < MIN_DISTINCT:
        return None
    # In the order of fraud alone, both, honest alone, what either class has follows one another.
    order = np.lexsort((rng.random(len(distinct)), good.astype(np.int8) - bad))
    fold = np.empty(len(distinct), np.int64)
    fold[order] = np.arange(len(distinct)) % FOLDS
    dealt: NDArray[np.int64] = fold[of]
    return dealt


def _compared(
    found: Grams, words: Phrases, fraud: NDArray[np.bool_], kind: NDArray[np.uint8],
    fold: NDArray[np.int64],
) -> tuple[float, float, Ranking]:  # fmt: skip
    """Return strength and share with the least log loss on texts left out, and how they rank."""
    parts = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(FOLDS)]
    linear, strength, least = np.zeros(len(fraud)), STRENGTHS[0], np.inf
    for next_strength in STRENGTHS:
        said = np.zeros(len(fraud))
        for learned, out in parts:
            model = GramWeights.fit(
                found.take(learned), fraud[learned], kind[learned], next_strength
            )
            said[out] = model.log_odds(found.take(out))
        loss = _loss(said, fraud)
        if loss >= least:  # the loss falls, then rises
            break
        linear, strength, least = said, next_strength, loss
    ordered = np.zeros(len(fraud))
    for k, (learned, out) in enumerate(parts):
        net = PhraseNet.fit(words.take(learned), fraud[learned], kind[learned], seed=k)
        ordered[out] = net.log_odds(words.take(out))
    joined = [_between(linear, ordered, share) for share in SHARES]
    chosen = int(np.argmin([_loss(row, fraud) for row in joined]))
    return strength, SHARES[chosen], ranking(joined[chosen], fraud.astype(np.int8))


def _loss(said: NDArray[np.float64], fraud: NDArray[np.bool_]) -> float:
    return log_loss(platt(said, fraud).apply(said), fraud)
