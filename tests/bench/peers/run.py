"""The comparison: the same events and the same job for every program, one after another."""

import datetime
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream.bench.broker import bench_broker
from stream.progress import shown
from stream.worker.processor import SOURCES
from tests.bench.peers.events import Events, make_events, send
from tests.bench.peers.job import EVENTS, PARTITIONS, PREFIX
from tests.bench.peers.measuring import measure
from tests.bench.peers.programs import PROGRAMS, Program
from tests.bench.peers.reference import check, expected, values_of
from topics.catalog import TopicSpec
from topics.consuming import n_records_in
from topics.errors import InputError
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
            _check(address, program, events, right)
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


def _check(brokers: str, program: Program, events: Events, right: NDArray[np.int64]) -> None:
    try:
        check(values_of(brokers, program.output), events, right)
    except RuntimeError as error:
        raise RuntimeError(f"{program.name} answered wrongly: {error}") from None


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
    created = create_topics(brokers, specs)
    for spec in specs:
        if spec.name not in created and n_records_in(brokers, spec.name):
            raise InputError(f"topic {spec.name} at {brokers} holds records; the comparison needs "
                             "a cluster on which nothing else runs")  # fmt: skip


def _topic(name: str, *, compacted: bool = False) -> TopicSpec:
    return TopicSpec(name, "internal", PARTITIONS, 1, None, compacted, "a benchmark's records")
