"""The first half of a replay in a process of its own: what it leaves when it is ended early."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from stream.loading import build_decoder
from stream.replay.apart import Span, observed_apart
from stream.replay.badrecords import BadRecords
from stream.replay.history import Slice, read_history
from stream.replay.observer import ReplaySettings
from stream.settings import Settings
from tests.stream.replay.test_trainset import START, order
from topics.columns import LabelBatch
from topics.files import write_records


@dataclass(frozen=True)
class Endless:
    """A history without an end that keeps a temporary folder in ``folder``, as a long sort does."""

    folder: Path
    events: Path
    name: str = "endless"

    def slices(self, until_ms: int, bad: BadRecords) -> Iterator[Slice]:
        with TemporaryDirectory(dir=self.folder):
            while True:
                yield from read_history([self.events], build_decoder(Settings()))

    def labels(self) -> Iterator[LabelBatch]:
        return iter(())


def test_a_process_that_is_ended_early_removes_its_temporary_files(tmp_path: Path) -> None:
    scratch, events = tmp_path / "scratch", tmp_path / "events.jsonl"
    scratch.mkdir()
    with write_records(events) as writer:
        writer.write([order(i, i) for i in range(10)])
    span = Span(0, START * 2, ReplaySettings())
    parts = observed_apart(partial(Endless, scratch, events), span, BadRecords())
    part, _ = next(parts)
    assert len(part.events)
    assert list(scratch.iterdir())
    parts.close()  # type: ignore[attr-defined]
    assert not list(scratch.iterdir())
