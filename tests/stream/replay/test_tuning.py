"""A search for settings: one replay, trials that are kept, and a best that train takes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import stream.replay.tuning
from model.folds import KnownRows
from model.recipe import Recipe
from model.study import Told
from model.trial import Bench
from stream.loading import load_policy
from stream.replay.learning import Learning
from stream.replay.tuning import BEST, Tuning, study_folder, tune
from tests.model.shop import DAY_MS, history
from topics.decode import Decoder
from topics.errors import InputError
from topics.hashing import Tokens

QUICK = Recipe(epochs=1, at_least_negatives=300, patience=3)


@pytest.fixture
def replays(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often the history was replayed; it is made up, and its labels come a day late."""
    done: list[int] = []

    def replayed(*_: Any) -> KnownRows:
        done.append(1)
        rows = history(1_600)
        return KnownRows(rows, np.where(rows.label == 1, rows.time_ms + DAY_MS, 0))

    monkeypatch.setattr(stream.replay.tuning, "known_rows", replayed)
    return done


def searched(out: Path, n_trials: int, metric: str = "average-precision") -> tuple[Any, list[Told]]:
    what = Learning(
        events=Path("none"), labels=Path("none"), from_ms=0, until_ms=2**42, label_delay_ms=DAY_MS,
        unlabelled="negative", horizon_ms=30 * DAY_MS, max_rows=10_000, base="none", max_texts=0,
        max_seconds=None, seed=0, zone_ms=0, lag_ms=0, threads=1, recipe=QUICK,
    )  # fmt: skip
    how = Tuning(metric=metric, n_folds=2, seconds=3_600, n_trials=n_trials)
    decoder, said, ended = Decoder(Tokens(b"key of the tests")), [], []
    study_folder(out, "key")
    search = tune(decoder, load_policy(None), what, how, out, said.append,
                  lambda trial, best: ended.append(trial))  # fmt: skip
    assert all("going on with the study" in sentence for sentence in said)
    return search, ended


def test_a_study_goes_on_without_another_replay_and_its_best_is_what_train_takes(
    tmp_path: Path, replays: list[int]
) -> None:
    out = tmp_path / "study"
    search, first = searched(out, 1)
    assert [trial.number for trial in first] == [0]
    assert first[0].settings == {name: getattr(QUICK, name) for name in first[0].settings}
    assert first[0].value == pytest.approx(np.mean(first[0].folds))
    assert len(first[0].folds) == 2
    search, then = searched(out, 2)
    assert [trial.number for trial in then] == [1, 2]
    assert then[0].settings != then[1].settings != first[0].settings
    assert (len(replays), search.n_done) == (1, 3)
    best = max(first + then, key=lambda trial: trial.value or 0)
    written = json.loads((out / BEST).read_bytes())
    assert written["trial"] == best.number
    assert written["value"] == best.value
    assert written["usual"]["value"] == first[0].value
    tuned = Recipe.read(out / BEST)
    assert {name: getattr(tuned, name) for name in best.settings} == best.settings


def test_the_same_trial_gives_the_same_figure_and_log_loss_is_to_be_small(
    tmp_path: Path, replays: list[int]
) -> None:
    found = [searched(tmp_path / name, 1, "log-loss")[1][0] for name in ("a", "b")]
    assert found[0].folds == found[1].folds
    base = -np.mean([0.05 * np.log(0.05) + 0.95 * np.log(0.95)])
    assert 0 < (found[0].value or 0) < 2 * base
    search, _ = searched(tmp_path / "a", 1, "log-loss")
    assert search.best().value == min(t.value for t in (search.best(), search.first()))


def test_what_a_killed_run_was_trying_is_tried_again(
    tmp_path: Path, replays: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    searched(tmp_path, 1)
    tried: list[Recipe] = []

    def killed(self: Bench, recipe: Recipe, *_: Any, **__: Any) -> float:
        tried.append(recipe)
        raise SystemExit

    rate = Bench.rate
    monkeypatch.setattr(Bench, "rate", killed)
    with pytest.raises(SystemExit):
        searched(tmp_path, 1)
    monkeypatch.setattr(Bench, "rate", rate)
    _, (again,) = searched(tmp_path, 1)
    assert {name: getattr(tried[0], name) for name in again.settings} == again.settings
    assert again.value is not None


def test_a_study_of_something_else_or_a_damaged_one_is_refused(
    tmp_path: Path, replays: list[int]
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").touch()
    with pytest.raises(InputError, match="is not empty; choose another --out"):
        study_folder(tmp_path / "full", "key")
    study_folder(tmp_path / "study", "another")
    with pytest.raises(InputError, match="holds a study of other inputs, settings or program"):
        searched(tmp_path / "study", 1)
    study_folder(tmp_path / "damaged", "key")
    (tmp_path / "damaged/study.db").write_bytes(b"not a database, but long enough" * 99)
    with pytest.raises(InputError, match=r"study.db cannot be read .*; remove it to begin anew"):
        searched(tmp_path / "damaged", 1)
