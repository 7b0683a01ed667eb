"""A reader of the links topic alone, in this process or as one that tests kill."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from stream.worker.entities import EntityStore
from stream.worker.links import LinkReader
from stream.worker.settings import WorkerSettings
from stream.worker.stages import Stages
from tests.stream.worker.process import WorkerProcess, begin_child

LAG_MS = 2_000
LIFE = 7


def load(brokers: str, topic: str, folder: Path, load_from_bytes: int) -> int:
    """Read a topic of one partition to its end into a store; return the number of records."""
    counts: list[int] = []
    failures: list[str] = []
    with ThreadPoolExecutor(1) as compute:
        reader = LinkReader(
            brokers, topic, 1, LIFE, folder, EntityStore(LAG_MS), compute, Stages(),
            lambda sentence, error: failures.append(sentence), counts.append,
            load_from_bytes=load_from_bytes,
        )  # fmt: skip
        reader.start()
        while not reader.caught_up and not failures:
            time.sleep(0.01)
        reader.stop()
    assert not failures, failures
    return sum(counts)


class LinkLoader(WorkerProcess):
    """Reads a topic of one partition into a store, all at once, and ends."""

    def __init__(self, brokers: str, topic: str, folder: Path) -> None:
        super().__init__(WorkerSettings(brokers=brokers, data_dir=folder.parent))
        self._main = main
        self._arguments = (brokers, topic, folder, str(self.log))


def main(brokers: str, topic: str, folder: Path, log: str) -> None:
    begin_child(log)
    load(brokers, topic, folder, 1)
    sys.exit(0)
