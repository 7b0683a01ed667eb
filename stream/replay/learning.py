"""From history to a trained model: replay, training rows, training."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
import torch
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from model.checkpoint import NOTHING_KEPT, ROWS, Checkpoint
from model.compute import HERE, Compute
from model.folds import KnownRows
from model.offline import DEFAULT_BASE, packed_weights
from model.recipe import Recipe
from model.rows import TrainingRows, take
from model.scalars import Scalars, unrecorded
from model.teaching import FineTuning
from model.training import train
from stream.pipeline.features import FEATURE_VERSION, N_FEATURES, NAMES
from stream.pipeline.policy import Policy
from stream.pipeline.scorer import NoScorer
from stream.pipeline.windows import DAY_MS
from stream.replay.askedset import Askedset
from stream.replay.asking import moments_of
from stream.replay.exporting import export_asked, export_rows
from stream.replay.history import read_history
from stream.replay.newest import known_frauds
from stream.replay.replay import Replay, ReplaySettings
from stream.replay.trainset import Trainset, TrainsetSettings
from topics.decode import Decoder
from topics.errors import InputError
from topics.timed import LABEL_TAG, read_timed


@dataclass(frozen=True, kw_only=True)
class Learning:
    """What to learn from and how; see `TrainsetSettings` for the times.

    ``labels`` None: nothing is known of any event. ``label_delay_ms`` None: not told, counts as 0.
    ``horizon_ms`` is the time over which spend is summed; the model tells spend per 30 days.
    ``base`` names the text encoder; ``auto`` is the default one where its weights are installed,
    ``none`` is none. ``max_seconds`` bounds the epochs of the network, which ``recipe`` trains, and
    those of ``fine_tune``, which teaches the encoder first; None: it stays as it is.
    """

    events: Path
    labels: Path | None
    from_ms: int
    until_ms: int
    label_delay_ms: int | None
    unlabelled: str
    horizon_ms: int
    max_rows: int
    base: str
    max_texts: int
    max_seconds: float | None
    seed: int
    zone_ms: int
    lag_ms: int
    threads: int
    recipe: Recipe = field(default_factory=Recipe)
    fine_tune: FineTuning | None = None


@dataclass(frozen=True)
class Exports:
    """Parquet files to write for other tools: the ``rows`` of events, the ``asked`` customers."""

    rows: Path | None = None
    asked: Path | None = None

    def there(self) -> bool:
        """Whether all that is wanted has been written."""
        return all(path is None or path.exists() for path in (self.rows, self.asked))


NO_EXPORTS: Final = Exports()


class _HistoryScorer(NoScorer):
    """No scores, but the past events are kept, for a model to learn from."""

    wants_past = True


def learn(
    decoder: Decoder, policy: Policy, what: Learning, out: Path, exports: Exports = NO_EXPORTS,
    checkpoint: Checkpoint = NOTHING_KEPT, scalars: Scalars = unrecorded, compute: Compute = HERE,
) -> dict[str, Any]:  # fmt: skip
    """Replay the history, train on it, save the model in ``out`` and return its manifest.

    The rows are written to ``exports`` first. What ``checkpoint`` holds is not done again;
    ``scalars`` is told the figures of the network's epochs, which ``compute`` computes.
    Raises InputError where there are no events or no labels, or no event lies in the range.
    """
    if not exports.there():
        checkpoint.forget(ROWS)
    rows = checkpoint.kept(ROWS, TrainingRows, lambda: learned_rows(decoder, policy, what, exports))
    return train_on(rows, what, out, checkpoint, scalars, compute)


def learned_rows(
    decoder: Decoder, policy: Policy, what: Learning, exports: Exports = NO_EXPORTS
) -> TrainingRows:
    """Replay the history and return its rows with what is known of them, as `known_rows` does."""
    return known_rows(decoder, policy, what, exports).rows


def known_rows(
    decoder: Decoder, policy: Policy, what: Learning, exports: Exports = NO_EXPORTS
) -> KnownRows:
    """Replay the history and return its rows, and when what is known of them became known.

    They are written to ``exports`` as well, by `export_rows` and `export_asked`. Events that are
    left out for want of a label are kept as ``unanswered`` where the recipe pretrains.
    Raises InputError where there are no events or no labels, or no event lies in the range.
    """
    if what.labels is not None and not any(
        (part.tags == LABEL_TAG).any() for part in read_timed(what.labels)
    ):
        raise InputError(f"{what.labels} holds no labels; give --labels a file of labels")
    trainset = Trainset(
        TrainsetSettings(
            from_ms=what.from_ms, until_ms=what.until_ms, unlabelled=what.unlabelled,
            label_delay_ms=what.label_delay_ms or 0, horizon_ms=what.horizon_ms,
            max_rows=what.max_rows,
        ),
        known_frauds(what.labels, decoder, what.until_ms),
    )  # fmt: skip
    replay = Replay(
        policy, _HistoryScorer(N_FEATURES), ReplaySettings(lag_ms=what.lag_ms, zone_ms=what.zone_ms)
    )
    moments = moments_of(what.from_ms, what.until_ms, what.horizon_ms)
    askedset = Askedset(replay, moments, what.horizon_ms, features=exports.asked is not None)
    paths = [path for path in (what.labels, what.events) if path is not None]
    history = read_history(paths, decoder, until_ms=what.until_ms, cuts=moments)
    console = Console(stderr=True)
    with Progress(
        SpinnerColumn(), TextColumn("replay"), MofNCompleteColumn(), TextColumn("events"),
        TimeElapsedColumn(), console=console, disable=not console.is_terminal, transient=True,
    ) as progress:  # fmt: skip
        task = progress.add_task("replay", total=None)
        for part in history:
            askedset.before(part)
            trainset.add(part, replay.decide(part))
            progress.advance(task, len(part.events))
    if not trainset.n_seen:
        raise InputError(_nothing_in_range(what.events))
    askedset.finish()
    asked = askedset.rows(trainset.orders())
    whole = replace(trainset.rows(), asked=asked)
    kept = np.flatnonzero(whole.label >= 0)
    rows = whole.take(kept)
    if what.recipe.pretrain_epochs and len(kept) < len(whole):
        rows = replace(rows, unanswered=take(whole.x, np.flatnonzero(whole.label < 0)))
    known_ms = trainset.known_ms(rows.x.rows["event"])
    if exports.rows is not None:
        events, users = ([ids[i] for i in kept.tolist()] for ids in trainset.ids())
        export_rows(rows, events, users, known_ms, exports.rows)
    if exports.asked is not None:
        export_asked(asked, askedset.user_ids(), askedset.features(), exports.asked)
    return KnownRows(rows, known_ms)


def _nothing_in_range(path: Path) -> str:
    """Say what keeps the events of ``path`` out of the range: that there are none, or when."""
    parts = (part.times[part.tags != LABEL_TAG] for part in read_timed(path))
    ends = [(int(times.min()), int(times.max())) for times in parts if len(times)]
    if not ends:
        return f"{path} holds no events; give --events a file of events"
    ms = min(first for first, _ in ends), max(last for _, last in ends)
    first, last = np.datetime_as_string(np.array(ms, "datetime64[ms]"), unit="s")
    return (
        f"no event of {path} lies between --from and --until (less --label-delay); they are from "
        f"{first}Z to {last}Z, so choose other times"
    )


def train_on(
    rows: TrainingRows,
    what: Learning,
    out: Path,
    checkpoint: Checkpoint = NOTHING_KEPT, scalars: Scalars = unrecorded, compute: Compute = HERE,
) -> dict[str, Any]:  # fmt: skip
    """Train on rows of history, save the model in ``out`` and return its manifest."""
    torch.set_num_threads(what.threads)
    train(
        rows,
        feature_names=NAMES,
        feature_version=FEATURE_VERSION,
        out=out,
        base_text=base_of(what.base),
        max_texts=what.max_texts,
        seed=what.seed,
        max_seconds=what.max_seconds,
        spend_horizon_days=what.horizon_ms / DAY_MS,
        label_delay_days=(what.label_delay_ms or 0) / DAY_MS,
        progress=True,
        recipe=what.recipe,
        fine_tune=what.fine_tune,
        checkpoint=checkpoint,
        scalars=scalars,
        compute=compute,
    )
    manifest: dict[str, Any] = orjson.loads((out / "manifest.json").read_bytes())
    return manifest


def base_of(base: str) -> str | None:
    """Return the text encoder that ``--base`` means, None for none."""
    if base == "none":
        return None
    if base != "auto":
        return base
    return DEFAULT_BASE if packed_weights() is not None else None
