"""One step of a stream computed while the one before it is used."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterable[T]) -> Iterator[T]:
    """Yield ``items``, the next of which is made on another thread meanwhile.

    What making one raises is raised where that item was due.

    >>> list(ahead(iter([1, 2, 3])))
    [1, 2, 3]
    """
    source = iter(items)
    end = object()
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as pool:
        coming = pool.submit(next, source, end)
        while (item := coming.result()) is not end:
            coming = pool.submit(next, source, end)
            yield item  # type: ignore[misc]
