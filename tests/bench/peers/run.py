"""The comparison: the same events and the same job for every program, one after another."""

import datetime
import os
import tempfile
from pathlib import Path
from typing import Any

from stream.bench.broker import bench_broker
from stream.progress import shown
from stream.worker.processor import SOURCES
from tests.bench.peers.events import make_events, send
from tests.bench.peers.job import EVENTS, PARTITIONS, PREFIX
from tests.bench.peers.measuring import measure
from tests.bench.peers.programs import PROGRAMS, Program
from tests.bench.peers.reference import check, expected
from topics.catalog import TopicSpec
from topics.topicadmin import create_topics

OURS = "riskstream"


def compare(
    names: tuple[str, ...], n_events: int, n_users: int, brokers: str | None, cache: Path
) -> dict[str, Any]:
    """Run the named programs and return their figures as one JSON object.

    Every answer of every program is checked. Raises InputError where a program cannot be had, and
    RuntimeError where one fails or an answer is wrong.
    """
    cache.mkdir(parents=True, exist_ok=True)
    events = make_events(n_events, n_users)
    right = expected(events)
    found: dict[str, Any] = {}
    with (
        tempfile.TemporaryDirectory(prefix="peers-", dir=cache.resolve()) as run,
        bench_broker(brokers, Path(run, "kafka")) as (address, about),
    ):
        programs = {
            name: PROGRAMS[name](address, Path(run, name), cache / "peers") for name in names
        }
        _create_topics(address, list(programs.values()))
        with shown("sending the events", n_events) as advance:
            n_bytes = send(address, EVENTS, events, advance)
        for name, program in programs.items():
            with shown(name, n_events) as advance:
                found[name] = measure(program, address, n_events, Path(run, name), advance)
            check(address, program.output, events, right)
            found[name]["checked_answers"] = n_events
    return {
        "bench": "peers",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "events": n_events,
        "users": n_users,
        "bytes_per_event": round(n_bytes, 1),
        "partitions": PARTITIONS,
        "broker": about,
        "cores": os.cpu_count(),
        "programs": found,
        "ratios": ratios(found),
    }


def ratios(found: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Return how many times as fast as each other program ours is; empty without ours.

    >>> one, two = {"events_per_s": 30, "events_per_cpu_s": 40}, {"events_per_s": 10, "events_per_cpu_s": 5}
    >>> ratios({"riskstream": one, "faust": two})
    {'faust': {'events_per_s': 3.0, 'events_per_cpu_s': 8.0}}
    """  # noqa: E501
    ours = found.get(OURS)
    rates = ("events_per_s", "events_per_cpu_s")
    return {
        name: {rate: round(ours[rate] / figures[rate], 2) for rate in rates}
        for name, figures in found.items()
        if ours and name != OURS
    }


def _create_topics(brokers: str, programs: list[Program]) -> None:
    inputs = [PREFIX + source for source in SOURCES]
    outputs = [program.output for program in programs]
    names = [*inputs, *outputs, PREFIX + "risk.deadletter"]
    specs = [_topic(name) for name in dict.fromkeys(names)]
    changelogs = [program.changelog for program in programs if program.name == "faust"]
    specs += [_topic(name, compacted=True) for name in changelogs if name]
    create_topics(brokers, specs)


def _topic(name: str, *, compacted: bool = False) -> TopicSpec:
    return TopicSpec(name, "internal", PARTITIONS, 1, None, compacted, "a benchmark's records")
