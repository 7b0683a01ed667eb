"""The comparison with other stream processors: the job, its reference, and runs of both."""

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.bench.peers.events import START_MS, Events, encoded, make_events, user_id
from tests.bench.peers.job import WINDOWS, Event, State, read_event, write_answer
from tests.bench.peers.panes import STATE, count
from tests.bench.peers.reference import check, expected
from tests.kafka.fixture import skip_without_tools

KNOWN = ("riskstream", "faust", "quix", "bytewax", "kafka-streams", "kafka-streams-cached")
CACHE = Path(__file__).parents[3] / ".riskstream" / "bench"


@pytest.fixture(scope="module")
def events() -> Events:
    """Events of a few users, some of them exactly where a pane begins."""
    drawn = make_events(4_000, 20)
    minutes = np.sort(np.random.default_rng(1).integers(0, 72 * 60, 4_000)) // 5 * 5
    return Events(drawn.users, START_MS + 60_000 * minutes, drawn.cents)


def by_definition(events: Events, i: int) -> list[int]:
    """Add up, for the window of event i, the panes whose start lies in (t - width, t]."""
    mine = np.flatnonzero(events.users[: i + 1] == events.users[i])
    times, cents, t = events.times_ms[mine], events.cents[mine], events.times_ms[i]
    found: list[int] = []
    for width, pane in WINDOWS:
        inside = times // pane * pane > t - width
        found += [int(inside.sum()), int(cents[inside].sum())]
    return [*found, len(mine), int(cents.sum())]


def test_the_reference_is_the_definition_of_the_windows(events):
    right = expected(events)
    for i in range(0, len(events), 7):
        assert right[i].tolist() == by_definition(events, i)


def test_our_kernel_counts_as_the_reference_does_however_the_events_are_cut(events):
    rows = np.zeros(20, STATE)
    for start in range(0, len(events), 333):
        part = slice(start, start + 333)
        counts, sums = count(rows, events.users[part], events.times_ms[part], events.cents[part])
        found = np.stack([counts, sums], axis=2).reshape(-1, 6)
        assert (found == expected(events)[part]).all()


def answers(events: Events) -> list[bytes]:
    """What the Python peers say."""
    states = {user: State() for user in set(events.users.tolist())}
    said = []
    for keys, values in encoded(events):
        for user, key, value in zip(events.users.tolist(), keys, values, strict=True):
            said.append(write_answer(states[user].add(read_event(value), key.decode())))
    return said


def test_the_peers_job_is_right_and_every_kind_of_wrong_answer_is_found(events):
    right, said = expected(events), answers(events)
    check(said, events, right)
    for wrong in (
        said[1:],
        [*said, said[0]],
        [said[0].replace(b'"count":', b'"count":1'), *said[1:]],
    ):
        with pytest.raises(RuntimeError, match="1 of 4,000 answers are wrong"):
            check(wrong, events, right)
    of_another = said[0].replace(user_id(int(events.users[0])).encode(), b"u-99999")
    with pytest.raises(RuntimeError, match="answered for u-99999"):
        check([of_another, *said[1:]], events, right)


def test_an_event_is_about_as_long_as_the_comparison_says_and_can_be_read():
    (_, values), *_ = encoded(make_events(1_000, 100))
    assert 225 < np.mean([len(value) for value in values]) < 245
    assert msgspec.json.decode(values[3], type=Event).event_id == "e-000000003"


def run(*arguments: str, timeout_s: float = 300) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "stream", "bench", "peers", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=timeout_s)


@pytest.mark.kafka
def test_our_worker_answers_every_event_of_the_job_rightly(tmp_path):
    skip_without_tools()
    done = run("--json", "--only", "riskstream", "--events", "200000", "--cache", str(tmp_path))
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    ours = found["programs"]["riskstream"]
    assert ours["checked_answers"] == found["events"] == 200_000
    assert ours["events_per_cpu_s"] == pytest.approx(ours["events"] / ours["cpu_s"], rel=0.01)
    assert 0 < ours["cpu_s"] < ours["whole_cpu_s"]
    assert ours["changelog_records"] > 50_000 / 2


@pytest.mark.slow
@pytest.mark.parametrize("name", ["quix", "bytewax", "kafka-streams"])
def test_a_peer_that_is_installed_answers_every_event_rightly(name):
    if not list((CACHE / "peers").glob(f"{name.replace('-', '')}-*/")):
        pytest.skip(f"{name} is not installed; `riskstream bench peers --only {name}` does that")
    skip_without_tools()
    done = run("--json", "--only", name, "--events", "50000", "--cache", str(CACHE))
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout)["programs"][name]["checked_answers"] == 50_000


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--only", "flink"), f"--only has 'flink'; it must name some of {', '.join(KNOWN)}"),
        (("--events", "10"), "--events is 10; it must be 50000 or more"),
    ],
)
def test_a_wrong_argument_is_refused_in_one_sentence(arguments, said):
    done = run(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
