"""Where a history comes from: files, or anything else that yields its slices."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from stream.replay.badrecords import BadRecords
from stream.replay.history import Slice, read_history
from topics.columns import LabelBatch
from topics.decode import Decoder
from topics.timed import LABEL_TAG, read_timed


class History(Protocol):
    """Events and labels that can be read more than once."""

    @property
    def name(self) -> str:
        """What an error message calls it."""

    def slices(self, until_ms: int, bad: BadRecords) -> Iterator[Slice]:
        """Yield events and labels in the order in which they happened or became known."""

    def labels(self) -> Iterator[LabelBatch]:
        """Yield all labels, also those that became known later, without those that are bad."""


@dataclass(frozen=True)
class FileHistory:
    """Events and labels in two files or folders, which may be the same."""

    events: Path
    label_path: Path
    decoder: Decoder

    @property
    def name(self) -> str:
        """The path of the events."""
        return str(self.events)

    def slices(self, until_ms: int, bad: BadRecords) -> Iterator[Slice]:
        """Yield events and labels in the order in which they happened or became known."""
        return read_history(
            [self.label_path, self.events], self.decoder, until_ms=until_ms, bad=bad
        )

    def labels(self) -> Iterator[LabelBatch]:
        """Yield all labels; records that are no labels, or cannot be read, are passed over."""
        for part in read_timed(self.label_path, lambda path, line, what: None):
            at = np.flatnonzero(part.tags == LABEL_TAG).tolist()
            yield self.decoder.labels([part.values[i] for i in at]).batch
