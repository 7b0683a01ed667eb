"""The benchmarks of a running worker, end to end on a small shop and a real broker."""

import json
import subprocess
import sys

import pytest


def figures(name, tmp_path, *arguments):
    command = [sys.executable, "-m", "stream", "bench", name, "--json", "--scoring", "none"]
    done = subprocess.run(
        [*command, "--cache", str(tmp_path), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=540,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.mark.slow
def test_memory_is_read_while_a_worker_works_and_told_as_a_slope(kafka, tmp_path):
    found = figures("memory", tmp_path, "--users", "3000", "--minutes", "0.2")
    assert found["state_bytes_per_user"]["users"] == 3_000
    assert found["events"] > 10_000
    assert found["peak_mb"] >= found["rss_mb"] >= found["pss_mb"] > 50
    assert [*found["series"][0]] == ["at_s", "rss_mb", "pss_mb", "anonymous_mb"]
    assert isinstance(found["rss_mb_per_minute"], float)


@pytest.mark.slow
def test_latency_is_that_of_every_alert_that_had_to_come(kafka, tmp_path):
    options = ("--users", "2000", "--rates", "500", "1000", "--seconds", "5")
    found = figures("latency", tmp_path, *options)
    assert (found["rate"], [row["rate"] for row in found["curve"]]) == (500, [500, 1000])
    assert found["alerts"] > 20
    assert 0 < found["p50_ms"] <= found["p99_ms"] <= found["p999_ms"] <= found["max_ms"]
    assert found["sent_per_s"] == pytest.approx(500, rel=0.1)
    assert found["with_new_texts"] is None


@pytest.mark.slow
def test_recovery_rebuilds_every_user_and_decides_every_event_through_joins_and_a_kill(
    kafka, tmp_path
):
    found = figures("recovery", tmp_path, "--users", "2000", "--rate", "300")
    assert found["keys"] == found["state_bytes_per_user"]["users"] == 2_000
    assert found["changelog_records"] >= 2_000
    assert found["seconds"] > 0
    assert found["live_events"] > 3_000
    for phase in ("join_empty", "leave_empty", "join_known", "leave_known"):
        stops = found[f"{phase}_stops"]
        assert stops["one_partition_s"] >= stops["all_partitions_s"] > 0
    assert found["kill_to_decision_s"] >= found["restart_s"] > 0


@pytest.mark.slow
def test_two_workers_decide_the_same_events_as_one(kafka, tmp_path):
    found = figures("scale", tmp_path, "--users", "2000", "--events", "100000")
    assert found["events"] == 100_000
    assert found["one_worker"]["repeated_answers"] == 0
    assert len(found["two_workers"]["cpu_shares"]) == 2
    assert found["times"] > 0
