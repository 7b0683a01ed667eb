"""The broker of a benchmark: a given one, or Apache Kafka as the tests start it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import stream
from topics.catalog import catalogue
from topics.consuming import n_records_in
from topics.errors import InputError
from topics.topicadmin import create_topics

ROOT = Path(stream.__file__).parents[1]

APPLICATION = "riskstream-bench"


@contextmanager
def bench_broker(given: str | None, folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the address of a broker and a sentence that says what it is.

    Without one ``given``, a broker of our own is started in ``folder`` and stopped at the end.
    Raises InputError where that takes a checkout, Java or Maven that is not there.
    """
    if given:
        yield given, f"given, at {given}"
        return
    if not (ROOT / "tests" / "kafka" / "broker.py").exists():
        raise InputError(
            "starting Apache Kafka needs a checkout of the repository, with tests/kafka; "
            "name a cluster with --brokers instead"
        )
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    jars = import_module("tests.kafka.jars")
    if missing := jars.missing_tools():
        raise InputError(f"{missing}; or name a cluster with --brokers")
    broker = import_module("tests.kafka.broker").Broker(folder)
    release = next(jars.jar_folder().glob("kafka_2*.jar")).stem.partition("-")[2]
    try:
        broker.start()
        yield broker.bootstrap, f"Apache Kafka {release}, one node, on this machine"
    finally:
        broker.stop()


def empty_topics(brokers: str, n_partitions: int) -> None:
    """Create the topics of the contract; raise InputError where one holds records already."""
    specs = catalogue(partitions=n_partitions, application=APPLICATION)
    created = create_topics(brokers, specs)
    for spec in specs:
        if spec.name not in created and n_records_in(brokers, spec.name):
            raise InputError(
                f"topic {spec.name} at {brokers} holds records; a benchmark needs a cluster "
                "on which nothing else runs"
            )
