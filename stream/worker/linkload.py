"""Fills an empty store of links with all that its topic holds at once, where that is much."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import chain
from typing import Any, Final

from stream.worker.linkrecords import Unpacking
from stream.worker.linksink import LinkLoad, LinkSink
from stream.worker.linkstore import LinkStore
from stream.worker.tablefiles import Sorted, failed_beside, fill_store
from topics.errors import InputError
from topics.scratch import ScratchFolder, remove_leftovers

SCRATCH: Final = "links-loading-"
"""How folders begin that a worker which is killed may leave beside its store."""


class Loading:
    """What an empty store is filled with.

    ``check`` is called often and may raise to end it, ``on_read`` with the number of records that
    were taken in. ``is_sorting`` tells whether all were, and it takes only time from then on.
    """

    def __init__(
        self,
        store: LinkStore,
        sink: LinkSink,
        unpacking: Unpacking,
        check: Callable[[], None],
        on_read: Callable[[int], None],
    ) -> None:
        self._store, self._sink, self._unpacking = store, sink, unpacking
        self._check, self._on_read = check, on_read
        remove_leftovers(SCRATCH, store.path.parent)
        self.is_sorting = False

    def fill(self, batches: Iterator[Sequence[Any]], at_least: int) -> list[Any]:
        """Fill the store with batches of messages if they come to ``at_least`` so many bytes.

        After that, all of it is in the store, or after a kill nothing. Returns the messages that
        have been taken from ``batches`` and are not in the store: none, or the first ones.
        """
        held: list[Any] = []
        n_bytes = 0
        while n_bytes < at_least:
            messages = next(batches, None)
            if messages is None:
                return held
            held += messages
            n_bytes += sum(len(message.value() or b"") for message in messages)
        beside = self._store.path.parent
        try:
            with ScratchFolder(SCRATCH, beside) as scratch:
                load = self._sink.load(scratch)
                if load is None:
                    return held
                with closing(load):
                    fill_store(self._store, self._sorted(load, chain([held], batches)), scratch)
        except OSError as error:
            raise InputError(
                failed_beside(beside, "about 300 bytes for each event in the topic", error)
            ) from error
        return []

    def _sorted(self, load: LinkLoad, batches: Iterator[Sequence[Any]]) -> Iterator[Sorted]:
        for messages in batches:
            load.add(self._unpacking.records(messages))
            self._on_read(len(messages))
        self.is_sorting = True
        for pairs in load.sorted():
            yield pairs
            self._check()
        marks = self._unpacking.marks()
        yield [key for key, _ in marks], [value for _, value in marks]
