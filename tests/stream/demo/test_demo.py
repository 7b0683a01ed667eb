"""The demo as a newcomer runs it, but small: one command, a model, a worker, exact sums."""

import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow
DEMO = [
    *(sys.executable, "-m", "stream", "demo", "--users", "250", "--days", "30"),
    *("--train-days", "20", "--live", "400", "--rate", "200", "--fraud-share", "0.15"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def first(folder):
    return run(folder)


def run(folder):
    return subprocess.run(
        [*DEMO, "--folder", str(folder)], capture_output=True, text=True, check=False, timeout=400
    )


def test_it_exits_0_and_every_event_in_came_out_once(first):
    assert first.returncode == 0, first.stdout + first.stderr
    found = re.search(
        r"([\d,]+) events in = ([\d,]+) decisions \+ ([\d,]+) duplicates \+ ([\d,]+) dead letters",
        first.stdout,
    )
    assert found, first.stdout
    n_in, *out = (int(number.replace(",", "")) for number in found.groups())
    assert n_in == sum(out)
    assert all(out)


def test_it_shows_alerts_with_reasons_and_how_they_compare_with_the_truth(first):
    assert re.search(r"^  because  \S", first.stdout, re.M), first.stdout
    assert re.search(r"precision \d+%, recall \d+%", first.stdout)


def test_a_plan_that_cannot_be_is_one_line_and_exit_2(folder):
    done = subprocess.run(
        [*DEMO, "--train-days", "40", "--folder", str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "--train-days" in done.stderr


def test_the_second_time_it_uses_the_model_of_the_first_and_says_so_if_a_worker_ends(first, folder):
    (manifest,) = folder.glob("*/model/manifest.json")
    manifest.write_text("{")
    done = run(folder)
    assert "trained by an earlier demo" in done.stdout
    assert "Training a model" not in done.stdout
    assert done.returncode == 1
    assert "the worker ended with code 2" in done.stderr
    assert "manifest.json" in done.stderr
