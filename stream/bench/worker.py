"""One worker process that works through what lies on the topics, and what it says of itself."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from confluent_kafka import Consumer, TopicPartition

from stream.bench.broker import APPLICATION
from topics.catalog import DEAD_LETTERS, DECISIONS
from topics.kafka import client_config

SILENCE_S: Final = 180.0
"""A worker that publishes nothing for so long has failed; loading a model takes the first part."""

STOP_S: Final = 60.0
POLL_S: Final = 0.5


@dataclass(frozen=True)
class WorkerPlan:
    """How the measured worker is run; ``folder`` holds its states, its log and its stats."""

    brokers: str
    n_partitions: int
    folder: Path
    scoring: str
    model: Path | None
    options: tuple[str, ...] = ()

    @property
    def states(self) -> Path:
        """The folder of the stores, one per partition."""
        return self.folder / "state"

    def command(self, stats: Path) -> list[str]:
        """Return the command line."""
        return [
            *(sys.executable, "-m", "stream", "worker"),
            *("--brokers", self.brokers, "--application", APPLICATION),
            *("--partitions", str(self.n_partitions), "--data-dir", str(self.states)),
            *("--scoring", self.scoring, "--http-port", "0", "--stats", str(stats)),
            *(("--model-dir", str(self.model)) if self.model else ()),
            *self.options,
        ]


class Answers:
    """Counts what has been answered so far: records of the decisions and the dead letters."""

    def __init__(self, brokers: str, n_partitions: int) -> None:
        self._consumer = Consumer(client_config(brokers, group_id="riskstream-bench-ends"))
        self._places = [
            TopicPartition(topic, number)
            for topic in (DECISIONS, DEAD_LETTERS)
            for number in range(n_partitions)
        ]

    def count(self) -> int:
        """Return the number of answers."""
        return sum(
            int(self._consumer.get_watermark_offsets(place, timeout=30)[1])
            for place in self._places
        )

    def close(self) -> None:
        """Disconnect."""
        self._consumer.close()


def run_worker(plan: WorkerPlan, n_events: int, advance: Callable[[float], None]) -> dict[str, Any]:
    """Run a worker until it has answered ``n_events`` more events; return its stats.

    ``advance`` is told how many came. Raises RuntimeError, with the end of its log, where the
    worker fails or falls silent.
    """
    plan.folder.mkdir(parents=True, exist_ok=True)
    stats, log = plan.folder / "stats.json", plan.folder / "worker.log"
    stats.unlink(missing_ok=True)
    answers = Answers(plan.brokers, plan.n_partitions)
    begin = answers.count()
    with log.open("ab") as output:
        process = subprocess.Popen(
            plan.command(stats), stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        _wait(answers, begin, n_events, process, advance)
        time.sleep(POLL_S)  # the last batch is stored and acknowledged after its decisions
        process.send_signal(signal.SIGTERM)
        if process.wait(STOP_S) != 0:
            raise RuntimeError(f"it ended with code {process.returncode}")
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        raise RuntimeError(f"the worker failed: {error}; its log ends:\n{_end_of(log)}") from None
    finally:
        answers.close()
        if process.poll() is None:
            process.kill()
            process.wait()
    found: dict[str, Any] = json.loads(stats.read_text())
    return found


def _wait(
    answers: Answers,
    begin: int,
    n_events: int,
    process: "subprocess.Popen[bytes]",
    advance: Callable[[float], None],
) -> None:
    n_before, last_s = 0, time.monotonic()
    while n_before < n_events:
        if process.poll() is not None:
            raise RuntimeError(f"it ended with code {process.returncode}")
        n = answers.count() - begin
        if n > n_before:
            advance(n - n_before)
            n_before, last_s = n, time.monotonic()
        elif time.monotonic() - last_s > SILENCE_S:
            raise RuntimeError(f"{n:,} of {n_events:,} events were answered, then no more")
        time.sleep(POLL_S)


def _end_of(log: Path, lines: Iterable[str] = ()) -> str:
    return "\n".join(["", *log.read_text(errors="replace").splitlines()[-15:]])
