"""From history to the settings of the network that suit it: one replay, then trials on folds."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch

from model.checkpoint import KEY, Checkpoint
from model.folds import KnownRows, first_that_decides, folds_of
from model.progress import progress_bar
from model.study import Search, Told
from model.training import text_vectors
from model.trial import Bench
from stream.pipeline.policy import Policy
from stream.replay.learning import Learning, base_of, known_rows
from topics.decode import Decoder
from topics.errors import InputError
from topics.files import require_new_folder
from topics.partial import replacing

BEST: Final = "best.json"
KNOWN: Final = "known-rows"


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """How to search: trials begin for ``seconds``, at most ``n_trials`` (None: no bound)."""

    metric: str
    n_folds: int
    seconds: float
    n_trials: int | None


def study_folder(out: Path, key: str) -> None:
    """Make the folder of the study ``key``, or check that ``out`` is that.

    Raises InputError where it is something else, or cannot be made.
    """
    path = out / KEY
    if not path.exists():
        require_new_folder(out)
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot make {out}: {error.strerror or error}") from error
        path.write_text(key, "utf-8")
    elif path.read_text("utf-8", "replace") != key:
        raise InputError(
            f"{out} holds a study of other inputs, settings or program; choose another --out"
        )


def tune(
    decoder: Decoder, policy: Policy, what: Learning, how: Tuning, out: Path,
    tell: Callable[[str], None], ended: Callable[[Told, Told | None], None],
) -> Search:  # fmt: skip
    """Search in the study of ``out``, and keep the best settings in its ``best.json``.

    ``ended`` is told each trial that ends, and the best so far. The history is replayed once, and
    not again when the study goes on. Raises InputError where a fold has too little to learn from.
    """
    torch.set_num_threads(what.threads)
    kept = Checkpoint(out, tell)
    known = kept.kept(KNOWN, KnownRows, lambda: known_rows(decoder, policy, what)).by_time()
    folds = folds_of(
        known, how.n_folds, delay_ms=what.label_delay_ms or 0, horizon_ms=what.horizon_ms,
        negative=what.unlabelled == "negative",
    )  # fmt: skip
    with progress_bar(True) as report:
        texts, _ = text_vectors(
            known.rows, first_that_decides(folds), base_of(what.base), what.max_texts, what.seed,
            report, kept,
        )  # fmt: skip
        benches = []
        for number, fold in enumerate(folds):
            report("trees and words of the folds", number / len(folds))
            benches.append(Bench.of(fold, known.rows, texts, what.seed))
        report("trees and words of the folds", 1.0)
        search = Search(out, benches, how.metric, usual=what.recipe, seed=what.seed)
        if search.n_done:
            tell(f"going on with the study in {out}, {search.n_done} trials of which have ended")

        def told(trial: Told) -> None:
            best = search.best()
            if best is not None:
                write_best(out / BEST, how.metric, best, search.first())
            ended(trial, best)

        search.run(how.seconds, how.n_trials, told, report)
    return search


def write_best(path: Path, metric: str, best: Told, usual: Told | None) -> None:
    """Write the best settings as `train --tuned` takes them, and what they reached."""
    found: dict[str, Any] = {
        "metric": metric, "value": best.value, "folds": best.folds, "trial": best.number,
        "usual": None if usual is None else {"value": usual.value, "folds": usual.folds},
        "settings": best.settings,
    }  # fmt: skip
    with replacing(path) as partial:
        partial.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
