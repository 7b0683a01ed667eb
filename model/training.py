"""Training: from rows of history to one saved model folder."""

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from model.asked import Asked
from model.baseline import Boosting, fit_boosting, refit_boosting
from model.checkpoint import NOTHING_KEPT, Checkpoint
from model.compute import HERE, Compute
from model.fieldchoice import find_fields
from model.fitting import fit_network
from model.forest import Forest, some
from model.inputs import TextVectors, without_vectors
from model.measuring import measure
from model.progress import Report, progress_bar
from model.rated import with_baselines
from model.ratedspend import rate_spend
from model.recipe import Recipe
from model.rows import MIN_ROWS, TrainingRows
from model.saving import SPEND_DAYS, save_model
from model.scalars import Scalars, unrecorded
from model.slices import Slices, cut
from model.spending import Spending
from model.teaching import FineTuning
from model.textmodel import TextModel
from model.trees import Trees
from model.tunedencoder import TunedEncoder
from topics.errors import InputError


def train(
    rows: TrainingRows,
    *,
    feature_names: Sequence[str],
    feature_version: str,
    out: str | Path,
    base_text: str | None = None,
    max_texts: int = 20_000,
    seed: int = 0,
    progress: bool = True,
    max_seconds: float | None = None,
    spend_horizon_days: float = SPEND_DAYS,
    label_delay_days: float = 0.0,
    recipe: Recipe | None = None,
    checkpoint: Checkpoint = NOTHING_KEPT,
    scalars: Scalars = unrecorded,
    fine_tune: FineTuning | None = None,
    compute: Compute = HERE,
) -> Path:
    """Train forest, trees, event Transformer and calibration; save them in ``out`` and return it.

    The fields that `find_fields` chooses become columns behind the features. Rows
    are cut by time into training, validation (early stopping) and calibration slices. The
    probability of fraud stacks the network, boosted trees and, where the last slice says that they
    add, the words of texts; each alone and what they give together are rated on the last slice,
    beside the forest and logistic regression, and the figures are in the manifest. Trees and words
    that are kept are then fitted to all rows, as many and as strong as were best before: what is
    newest counts most for what comes next. The stack's weights come from rows that taught none of
    them. ``base_text`` names the text encoder (None: the model reads sketches only), which encodes
    at most ``max_texts`` distinct texts (`model.textbudget`); ``max_seconds`` bounds the time of
    the network's epochs; ``spend_horizon_days`` is the time over which the rows' spend is summed,
    and the model tells spend per 30 days whatever it is. Spend is told by the network unless there
    are rows of asking, ``rows.asked``, to fit `model.spending` to. With ``fine_tune`` the encoder
    is taught the shop's texts first, for ``max_seconds`` at most as well, and lies in the folder if
    that helps. The result depends on ``rows``, ``seed``, ``recipe`` and ``fine_tune`` only, unless
    the time for epochs runs out; ``checkpoint`` holds what an earlier run of the same training has
    done of it, and gets what this one does. ``scalars`` is told the figures of the epochs;
    ``compute`` is where these are computed, as in `fit_network`, and texts are encoded.
    ``label_delay_days``, for the manifest alone, is how old the rows are at least. Raises
    InputError where there are fewer than ``MIN_ROWS`` rows, their features do not fit the names, or
    there is no encoder to fine-tune.
    """
    began = time.monotonic()
    recipe = replace(recipe or Recipe(), max_seconds=max_seconds)
    if len(rows) < MIN_ROWS:
        raise InputError(f"{len(rows)} events to train on; at least {MIN_ROWS} are needed")
    if fine_tune is not None and base_text is None:
        raise InputError("there is no text encoder to fine-tune; name one with --base")
    if rows.x.features.shape[1] != len(feature_names):
        raise InputError(
            f"the rows have {rows.x.features.shape[1]} features, the table {len(feature_names)}"
        )
    rows = rows.by_time()
    attributes = find_fields(rows.x, rows.user, rows.label, rows.words)
    more = rows.unanswered
    rows = replace(
        rows,
        x=attributes.widened(rows.x, len(feature_names)),
        unanswered=None if more is None else attributes.widened(more, len(feature_names)),
    )
    places = attributes.are_places(len(feature_names))
    slices = cut(rows.time_ms, rows.user)
    with progress_bar(progress) as report:
        tuned = None
        if fine_tune is not None and base_text is not None:
            from model.finetuning import tuned_encoder  # noqa: PLC0415 - transformers is slow

            how = replace(fine_tune, max_seconds=max_seconds)
            tuned = tuned_encoder(
                rows, slices, base_text, how, max_texts, seed=seed, report=report,
                checkpoint=checkpoint,
            )  # fmt: skip
        texts, text = text_vectors(
            rows, slices.train, base_text, max_texts, seed, report, checkpoint, tuned,
            compute.device.type,
        )  # fmt: skip
        learned = rows.x.features[rows.chosen_by_chance(slices.train)]
        usual = attributes.usual_of(learned)
        report("forest", 0.0)
        compared = np.where(places, np.float32(0), some(learned, 200_000, seed))
        forest = Forest.fit(compared, medians=np.nan_to_num(usual), seed=seed)
        report("forest", 1.0)
        report("boosted trees", 0.0)
        boosting = fit_trees(rows, slices, seed)
        report("boosted trees", 1.0)
        report("words", 0.0)
        words = fit_words(rows, slices.train, seed)
        report("words", 1.0)
        fitted = fit_network(
            rows, texts, slices, recipe, seed=seed, report=report, checkpoint=checkpoint,
            exact=places, scalars=scalars, compute=compute,
        )  # fmt: skip
        trained = with_baselines(
            measure(rows, texts, slices, fitted, boosting, words), forest, places, seed=seed
        )
        if boosting is not None:
            report("boosted trees on all rows", 0.0)
            whole = refit_boosting(boosting, rows.x.features, rows.label, seed=seed)
            trained = trained.with_trees(Trees.flatten(whole.trees, whole.columns))
            report("boosted trees on all rows", 1.0)
        report("spending", 0.0)
        spending, rated = _spending(rows.asked, seed)
        report("spending", 1.0)
        if words is not None and trained.fusion.words is not None:
            report("words on all rows", 0.0)
            everywhere = fit_words(rows, slices.n, seed, words)
            trained = trained.with_words(everywhere or words)
            report("words on all rows", 1.0)
    seconds = time.monotonic() - began
    return save_model(
        Path(out), trained, fitted, forest, usual,
        names=list(feature_names), feature_version=feature_version, text=text,
        words=None if words is None else words.told(), seed=seed, seconds=seconds,
        spend_horizon_days=spend_horizon_days, label_delay_days=label_delay_days,
        spending=spending, spend_metrics=rated, attributes=attributes, tuned=tuned,
    )  # fmt: skip


def _spending(asked: Asked | None, seed: int) -> tuple[Spending | None, dict[str, Any] | None]:
    """Fit expected spend to what was asked between the events, and rate it; None: too little."""

    def fit(rows: Asked) -> Spending | None:
        return Spending.fit(rows.habits, rows.spend, rows.user, seed=seed)

    spending = None if asked is None else fit(asked)
    return spending, None if asked is None or spending is None else rate_spend(asked, fit)


def text_vectors(
    rows: TrainingRows, first: int, base: str | None, max_texts: int, seed: int, report: Report,
    checkpoint: Checkpoint, tuned: TunedEncoder | None = None, device: str = "cpu",
) -> tuple[TextVectors, dict[str, str | int] | None]:  # fmt: skip
    """Encode the distinct texts, or a choice of them; name the encoder for the manifest.

    Rows from ``first`` on decide on what the rows before taught; their texts come first. ``tuned``
    is what fine-tuning ``base`` came to; None: it was not tried. ``device`` computes.
    """
    texts = without_vectors(rows.x.rows)
    if base is None or not texts.kind.any() or max_texts < 1:
        return texts, None
    from model.text import TextEncoder  # noqa: PLC0415 - transformers is slow
    from model.textbudget import training_vectors  # noqa: PLC0415

    load = partial(TextEncoder.load, base) if tuned is None else tuned.load
    encoder = load(device=device)
    vectors = checkpoint.kept(
        f"texts-{encoder.sha256[:16]}",
        TextVectors,
        lambda: training_vectors(encoder, rows, texts, first, max_texts, seed, report),
    )
    return vectors, {"base": base, "sha256": encoder.sha256, "n_texts": len(vectors.vectors)}


def fit_words(
    rows: TrainingRows, n: int, seed: int, like: TextModel | None = None
) -> TextModel | None:
    """Fit the words of the first ``n`` rows that have a text and a label; None: too few of them.

    What was chosen for ``like`` is not chosen again.
    """
    found = (i for i, text in enumerate(rows.x.texts[:n]) if text)
    at = np.fromiter(found, np.int64)
    at = at[rows.label[at] >= 0]
    events = rows.x.rows[at]
    return TextModel.fit(
        [rows.x.texts[i] or "" for i in at.tolist()], rows.label[at] == 1,
        events["type"].astype(np.uint8), events["text"], seed=seed,
        strength=None if like is None else like.strength, share=0.0 if like is None else like.share,
    )  # fmt: skip


def fit_trees(rows: TrainingRows, slices: Slices, seed: int) -> Boosting | None:
    """Fit boosted trees to the first slice, stopping on the second; None with only one class."""
    learned, later = slice(0, slices.train), slice(slices.train, slices.validation)
    label, features = rows.label, rows.x.features
    if not (label[learned] == 1).any() or not (label[learned] == 0).any():
        return None
    return fit_boosting(features[learned], label[learned], features[later], label[later], seed=seed)
