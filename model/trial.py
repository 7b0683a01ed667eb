"""One setting of the network judged on one fold, as part of the whole model."""

from dataclasses import dataclass, replace
from typing import Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

from model.baseline import Boosting, ranking, refit_boosting
from model.calibration import log_loss
from model.fieldchoice import find_fields
from model.fitting import fit_network
from model.folds import Fold
from model.inputs import TextVectors
from model.measuring import measure
from model.predict import outputs
from model.progress import Report
from model.recipe import Recipe
from model.rows import TrainingRows
from model.slices import Slices
from model.standins import stand_ins
from model.textmodel import TextModel
from model.training import fit_trees, fit_words
from model.trees import Trees

METRICS: Final[dict[str, Literal["maximize", "minimize"]]] = {
    "average-precision": "maximize",
    "log-loss": "minimize",
}
"""What can be judged by, and which way is better."""


@dataclass(frozen=True, eq=False)
class Bench:
    """A fold, and what no setting of the network changes: fitted once, used by every trial."""

    learned: TrainingRows
    exact: NDArray[np.bool_]
    slices: Slices
    texts: TextVectors
    boosting: Boosting
    trees: Trees
    words: TextModel | None
    judged: TrainingRows
    judged_texts: TextVectors

    @classmethod
    def of(cls, fold: Fold, rows: TrainingRows, texts: TextVectors, seed: int) -> Self:
        """Fit the trees and words of a fold of ``rows``, whose ``texts`` are encoded.

        Fields are chosen on what the fold learns from. Rows that are judged on and whose text is
        not encoded are left to their `stand_ins`.
        """
        learned, slices = fold.learned, fold.slices()
        fields = find_fields(learned.x, learned.user, learned.label)
        n_features = learned.x.features.shape[1]
        learned = replace(learned, x=fields.widened(learned.x, n_features))
        judged, judged_texts = rows.take(fold.judged_at), texts.take(fold.judged_at)
        seen = stand_ins(judged, judged_texts, np.ones(len(judged), np.int64))
        judged, judged_texts = judged.take(seen), judged_texts.take(seen)
        judged = replace(judged, x=fields.widened(judged.x, n_features))
        boosting = fit_trees(learned, slices, seed)
        if boosting is None:
            raise ValueError("a fold without fraud among what it learns from")
        refitted = refit_boosting(boosting, learned.x.features, learned.label, seed=seed)
        return cls(
            learned, fields.are_places(n_features), slices, texts.take(fold.learned_at), boosting,
            Trees.flatten(refitted.trees, refitted.columns),
            fit_words(learned, slices.train, seed),
            judged, judged_texts,
        )  # fmt: skip

    def rate(self, recipe: Recipe, metric: str, *, seed: int, report: Report) -> float:
        """Return the figure of ``METRICS`` that a whole model with this network reaches."""
        learned = self.learned
        fitted = fit_network(
            learned, self.texts, self.slices, recipe, seed=seed, report=report, exact=self.exact
        )
        trained = measure(
            learned, self.texts, self.slices, fitted, self.boosting, self.words
        ).with_trees(self.trees)
        x, label, weight = self.judged.x, self.judged.label, self.judged.weights()
        table = fitted.network.table().detach()
        raw = outputs(fitted.network, table, fitted.bins, x, self.judged_texts)[:, 0]
        odds = trained.fusion.log_odds(raw, x.features, x.texts)
        if metric == "average-precision":
            return float(ranking(odds, label, weight).average_precision or 0.0)
        p = np.asarray(trained.calibration["fraud"].apply(odds), np.float64)
        return float(log_loss(p, label == 1, weight))
