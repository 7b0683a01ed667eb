"""A search for the settings of the network with Optuna, kept on disk from trial to trial."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from model.progress import Report
from model.recipe import Recipe
from model.trial import METRICS, Bench
from topics.errors import InputError

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.trial import FrozenTrial

NAME: Final = "riskstream"
FILE: Final = "study.db"
FOLDS: Final = "folds"
STARTUP_TRIALS: Final = 8
"""Drawn at random before what was found says where to look."""

SPACE: Final[dict[str, dict[str, Any]]] = {
    "learning_rate": {"low": 2e-4, "high": 5e-3, "log": True},
    "weight_decay": {"low": 0.05, "high": 20.0, "log": True},
    "dropout": {"low": 0.0, "high": 0.4},
    "forget_identities": {"low": 0.0, "high": 0.5},
    "averaging": {"low": 0.95, "high": 0.998},
    "patience": {"low": 3, "high": 12},
    "d": {"low": 32, "high": 128, "step": 16},
    "layers": {"low": 1, "high": 3},
    "past": {"low": 4, "high": 24, "step": 4},
}
"""The settings that matter, each in a range that makes sense; whole numbers between whole ends."""


@dataclass(frozen=True)
class Told:
    """A trial that has ended; ``value`` None: it was given up after the first folds."""

    number: int
    value: float | None
    folds: list[float]
    settings: dict[str, float | int]
    seconds: float


class Search:
    """Trials of a study in ``folder``, which goes on where an earlier run of it stopped.

    The first trial is ``usual``, so that what tuning gains can be told. ``benches`` are the folds,
    ``metric`` one of ``METRICS``. Raises InputError where Optuna is not installed, or the file of
    the study cannot be read.
    """

    def __init__(
        self, folder: Path, benches: Sequence[Bench], metric: str, *, usual: Recipe, seed: int
    ) -> None:
        self._benches, self._metric, self._usual, self._seed = benches, metric, usual, seed
        self._study = _study(folder / FILE, METRICS[metric])
        if not self._study.trials:
            self._study.enqueue_trial(_settings_of(usual))
        self._take_up()

    @property
    def n_done(self) -> int:
        """How many trials have ended, in earlier runs too."""
        return len([trial for trial in self._study.trials if trial.state.is_finished()])

    def run(
        self, seconds: float, n_trials: int | None, ended: Callable[[Told], None], report: Report
    ) -> None:
        """Begin trials for so many seconds, and no more than ``n_trials``; tell each that ends."""
        from optuna.samplers import TPESampler  # noqa: PLC0415 - Optuna is an extra, and slow

        # Optuna does not keep the state of its generator: another seed draws no trial twice.
        self._study.sampler = TPESampler(
            seed=(self._seed + len(self._study.trials)) % 2**32, n_startup_trials=STARTUP_TRIALS
        )
        self._study.optimize(
            lambda trial: self._rate(trial, report),
            n_trials=n_trials,
            timeout=seconds,
            callbacks=[lambda _, trial: ended(told(trial))],
        )

    def best(self) -> Told | None:
        """Return the best trial of all runs; None: none has ended."""
        done = [trial for trial in map(told, self._study.trials) if trial.value is not None]
        sign = 1 if METRICS[self._metric] == "maximize" else -1
        return max(done, key=lambda trial: sign * (trial.value or 0.0), default=None)

    def first(self) -> Told | None:
        """Return the trial of the usual settings; None: it has not ended."""
        usual = _settings_of(self._usual)
        done = [trial for trial in map(told, self._study.trials) if trial.value is not None]
        return next((trial for trial in done if trial.settings == usual), None)

    def _rate(self, trial: "Trial", report: Report) -> float:
        from optuna import TrialPruned  # noqa: PLC0415

        recipe, began, found = replace(self._usual, **suggested(trial)), time.monotonic(), []
        for number, bench in enumerate(self._benches):
            found.append(bench.rate(recipe, self._metric, seed=self._seed, report=report))
            trial.set_user_attr(FOLDS, found)
            trial.set_user_attr("seconds", time.monotonic() - began)
            trial.report(float(np.mean(found)), number)
            if trial.should_prune():
                raise TrialPruned
        return float(np.mean(found))

    def _take_up(self) -> None:
        """Give what a killed run was trying another try."""
        from optuna.trial import TrialState  # noqa: PLC0415

        for trial in self._study.get_trials(states=(TrialState.RUNNING,)):
            self._study.tell(trial.number, state=TrialState.FAIL)
            if trial.params:
                self._study.enqueue_trial(trial.params)
            elif trial.number == 0:
                self._study.enqueue_trial(_settings_of(self._usual))


def suggested(trial: "Trial") -> dict[str, Any]:
    """Return the settings of a trial, as `SPACE` allows them."""
    found: dict[str, Any] = {}
    for name, how in SPACE.items():
        whole = isinstance(how["low"], int)
        found[name] = (trial.suggest_int if whole else trial.suggest_float)(name, **how)
    return found


def told(trial: "FrozenTrial") -> Told:
    """Return what a trial found."""
    whole = trial.value if trial.state.name == "COMPLETE" else None
    found = trial.user_attrs.get(FOLDS, []), trial.user_attrs.get("seconds", 0.0)
    return Told(trial.number, whole, found[0], dict(trial.params), found[1])


def _settings_of(recipe: Recipe) -> dict[str, Any]:
    return {name: getattr(recipe, name) for name in SPACE}


def _study(path: Path, direction: Literal["maximize", "minimize"]) -> "Study":
    try:
        import optuna  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise InputError(f"{error.name} is not installed; install riskstream[tune]") from None
    from sqlalchemy import URL  # noqa: PLC0415
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    url = URL.create("sqlite", database=str(path)).render_as_string()
    try:
        return optuna.create_study(
            storage=url,
            study_name=NAME,
            direction=direction,
            load_if_exists=True,
            pruner=optuna.pruners.MedianPruner(n_startup_trials=STARTUP_TRIALS),
        )
    except (SQLAlchemyError, RuntimeError) as error:
        raise InputError(
            f"{path} cannot be read ({str(error).splitlines()[0]}); remove it to begin anew"
        ) from error
