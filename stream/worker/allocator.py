"""The C library's allocator, told to give back what a round no longer needs, in small pages."""

import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

TRIM_THRESHOLD: Final = -1
MMAP_THRESHOLD: Final = -3
ARENA_MAX: Final = -8
OPTIONS: Final = {ARENA_MAX: 1, TRIM_THRESHOLD: 64 << 20, MMAP_THRESHOLD: 32 << 20}
"""By the numbers of mallopt(3): one heap, of which at most 64 MB at its top are kept for later, and
larger blocks than 32 MB of their own. By itself it keeps a heap for each of several threads, with
what the largest round of each has needed; one costs a worker 2 % of its speed and saves 100 MB. The
top is about what a round needs: with 8 MB every round asked for it anew, page by page."""

NO_HUGE_PAGES: Final = 41
"""By the number of prctl(2). NumPy asks for pages of 2 MB for its large arrays. In a heap they stay
where an array was, and are resident whole whatever small block is put there: 70 to 90 MB."""


TRIM_EVERY_S: Final = 10.0
"""Between two looks for whole free pages, at the heap's top and between blocks in use, where what a
round lets go of is scattered. A look takes some 10 ms, in which nobody gets a block, and saves
about 40 MB."""


def give_back() -> bool:
    """Set `OPTIONS`, before threads begin; False where the C library has no such options."""
    library = ctypes.CDLL(None)
    if hasattr(library, "prctl"):
        library.prctl(NO_HUGE_PAGES, *map(ctypes.c_ulong, (1, 0, 0, 0)))
    if not hasattr(library, "mallopt"):
        return False
    return all(library.mallopt(option, value) == 1 for option, value in OPTIONS.items())


@contextmanager
def trimmed(every_s: float = TRIM_EVERY_S) -> Iterator[None]:
    """Give back whole free pages inside the heap every so many seconds, on a thread of its own."""
    library, done = ctypes.CDLL(None), threading.Event()

    def trim() -> None:
        while not done.wait(every_s):
            library.malloc_trim(0)  # without holding the interpreter

    if not hasattr(library, "malloc_trim"):
        yield
        return
    thread = threading.Thread(target=trim, name="trim", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
