"""The benchmark end to end on a small shop, and its arithmetic."""

import json
import subprocess
import sys

import pytest

from stream.bench.window import window_of

FIELDS = {
    "events", "events_per_s", "worker_cpu_s", "events_per_cpu_s", "stock_faust_events_per_s",
    "ratio_to_stock_faust", "broker", "stages", "state_bytes_per_user", "texts", "degraded_share",
}  # fmt: skip


@pytest.mark.slow
def test_a_small_run_reports_every_figure_and_its_stages_add_up(kafka, tmp_path):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "stream", "bench", "pipeline", "--json", "--scoring", "none"),
            *("--events", "20000", "--poll-max-records", "1000", "--cache", str(tmp_path)),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=540,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert found.keys() >= FIELDS
    assert 20_000 <= found["events"] <= 30_000
    assert found["dead_letters"] == found["duplicates"] == 0
    assert sum(found["actions"].values()) == found["events"]
    cpu_us = 1e6 * found["worker_cpu_s"] / found["events"]
    assert sum(found["stages"].values()) == pytest.approx(cpu_us, rel=0.1)
    assert found["other_share_of_cpu"] < 0.1
    assert {"decode", "features", "encode", "changelog", "store write"} <= found["stages"].keys()
    assert all(found["stages"][stage] > 0 for stage in ("decode", "features", "encode"))
    assert 0.68 < found["browse_share"] < 0.73
    assert 0 < found["state_bytes_per_user"]["median"] <= found["state_bytes_per_user"]["p99"]
    assert found["stock_faust"]["keys"] > 0
    assert found["ratio_to_stock_faust"] == pytest.approx(
        found["events_per_s"] / found["stock_faust_events_per_s"], rel=0.01
    )


def reading(at_s, n_decisions, cpu_s=0.0):
    return {
        "at_s": at_s,
        "cpu_s": cpu_s,
        "counts": {"decisions.allow": n_decisions},
        "stages_cpu_s": {"decode": cpu_s / 4, "score": cpu_s / 2, "other": cpu_s / 4},
    }


def test_the_window_begins_behind_the_lead_and_ends_with_the_last_reading():
    samples = [reading(1, 5), reading(2, 10, 1.0), reading(3, 20, 2.0), reading(5, 60, 5.0)]
    window = window_of(samples, 10)
    assert (window.n_events, window.seconds, window.cpu_s) == (50, 3, 4.0)
    assert window.stages_us == {"decode": 20_000.0, "score": 40_000.0, "other": 20_000.0}
    assert (window.stages_share, window.other_share) == (1.0, 0.25)
    assert window.counts == {"decisions.allow": 50}


@pytest.mark.parametrize("n_lead", [60, 61])
def test_a_window_without_events_is_refused(n_lead):
    with pytest.raises(ValueError, match="decisions"):
        window_of([reading(1, 5), reading(5, 60, 5.0)], n_lead)
