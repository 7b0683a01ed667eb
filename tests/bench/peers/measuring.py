"""Runs one program on events that lie on the topic, and reads its clock while it answers.

The rates are of the middle of the run: from when a tenth of the events is answered until nine
tenths are. Starting, compiling and ending are in the whole run's figures, which are given too.
"""

import json
import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer

from stream.bench.broker import ROOT
from tests.bench.peers.programs import Program
from tests.bench.peers.reference import ends_of
from tests.kafka.broker import bound_to_parent
from topics.kafka import client_config

SILENCE_S = 120.0
STOP_S = 120.0
POLL_S = 0.05
MIDDLE = (0.1, 0.9)
LOG_LINES = 20
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Reading:
    """Answers so far, the program's processor seconds, and its most memory in MB, at a moment."""

    at_s: float
    n_answers: int
    cpu_s: float
    peak_mb: int


def measure(
    program: Program, brokers: str, n_events: int, folder: Path, advance: Callable[[float], None]
) -> dict[str, Any]:
    """Run a program until it has answered every event, stop it, and return its figures.

    Raises RuntimeError, with the end of its log, where it fails or falls silent.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "log.txt"
    reader = Consumer(client_config(brokers, group_id="peers-ends"))
    before_s, began_s = _children_s(), time.monotonic()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*bound_to_parent(), *program.command], stdin=subprocess.DEVNULL, stdout=file,
            stderr=file, env=environment, cwd=folder,
        )  # fmt: skip
    try:
        readings = _readings(process, reader, program.output, n_events, advance)
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_S)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        end = "\n".join(log.read_text(errors="replace").splitlines()[-LOG_LINES:])
        raise RuntimeError(f"{program.name} failed: {error}; its log ends:\n{end}") from None
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    states = None if program.changelog is None else sum(ends_of(reader, program.changelog).values())
    reader.close()
    return {
        **middle(readings, n_events),
        "peak_mb": readings[-1].peak_mb,
        "whole_seconds": round(readings[-1].at_s - began_s, 2),
        "whole_cpu_s": round(_children_s() - before_s, 2),
        "changelog_records": states,
        "versions": program.versions,
        **_stages(folder / "stats.json", n_events),
    }


def middle(readings: list[Reading], n_events: int) -> dict[str, Any]:
    """Return the rates between the readings at which a tenth and nine tenths were answered.

    >>> found = middle([Reading(t, 10 * t, t / 2, 1) for t in range(11)], 100)
    >>> found["events"], found["seconds"], found["events_per_s"], found["events_per_cpu_s"]
    (80, 8, 10.0, 20.0)
    """
    first, last = (next(r for r in readings if r.n_answers >= share * n_events) for share in MIDDLE)
    n = last.n_answers - first.n_answers
    seconds, cpu_s = last.at_s - first.at_s, last.cpu_s - first.cpu_s
    if not n or not cpu_s:
        raise RuntimeError(f"{n_events:,} events are too few: they were answered all at once")
    return {
        "events": n,
        "seconds": round(seconds, 3),
        "events_per_s": round(n / seconds, 1),
        "cpu_s": round(cpu_s, 3),
        "events_per_cpu_s": round(n / cpu_s, 1),
    }


def _readings(
    process: "subprocess.Popen[bytes]",
    reader: Consumer,
    output: str,
    n_events: int,
    advance: Callable[[float], None],
) -> list[Reading]:
    readings = [Reading(time.monotonic(), 0, 0.0, 0)]
    last_s = time.monotonic()
    while readings[-1].n_answers < n_events:
        time.sleep(POLL_S)
        if process.poll() is not None:
            raise RuntimeError(f"it ended with code {process.returncode}")
        n = sum(ends_of(reader, output).values())
        reading = Reading(time.monotonic(), n, *_used(process.pid))
        if n > readings[-1].n_answers:
            advance(n - readings[-1].n_answers)
            last_s = reading.at_s
        elif reading.at_s - last_s > SILENCE_S:
            raise RuntimeError(f"{n:,} of {n_events:,} events were answered, then no more")
        readings.append(reading)
    return readings


def _stages(stats: Path, n_events: int) -> dict[str, Any]:
    """Return where our worker's processor time went over the whole run, in us per event."""
    if not stats.exists():
        return {}
    seconds = json.loads(stats.read_text())["stages_cpu_s"]
    return {"stages_us": {name: round(1e6 * s / n_events, 2) for name, s in seconds.items()}}


def _used(pid: int) -> tuple[float, int]:
    """Return the processor seconds, user and system, of a process and its peak memory in MB."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    status = Path(f"/proc/{pid}/status").read_text()
    peak_kb = next((li.split()[1] for li in status.splitlines() if li.startswith("VmHWM")), "0")
    return (int(fields[11]) + int(fields[12])) / TICKS, int(peak_kb) // 1024


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
