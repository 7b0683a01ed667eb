"""What a worker asks of the C library's allocator."""

import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, sys, threading
from stream.worker.allocator import give_back

def in_a_thread():
    ctypes.CDLL(None).malloc(100)

if "as it is" not in sys.argv:
    assert give_back()
thread = threading.Thread(target=in_a_thread)
thread.start()
thread.join()
ctypes.CDLL(None).malloc_stats()
"""


def n_heaps(*words: str) -> int:
    """Return how many heaps there are after a thread was given a block."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=True
    )
    return done.stderr.count("Arena ")


HUGE = """
import ctypes
from stream.worker.allocator import give_back

def without():
    return ctypes.CDLL(None).prctl(42, *map(ctypes.c_ulong, (0, 0, 0, 0)))  # PR_GET_THP_DISABLE

assert not without()
give_back()
assert without()
"""


SCATTERED = """
import ctypes, resource, time
from stream.worker.allocator import give_back, trimmed

def resident_mb():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1e6

give_back()
library = ctypes.CDLL(None)
library.malloc.restype = ctypes.c_void_p
blocks = [library.malloc(100_000) for _ in range(1_000)]
for block in blocks:
    ctypes.memset(block, 1, 100_000)
for block in blocks[::2]:  # no two beside one another, and none at the top
    library.free(ctypes.c_void_p(block))
before = resident_mb()
with trimmed(0.05):
    deadline = time.monotonic() + 20
    while resident_mb() > before - 40:
        assert time.monotonic() < deadline, (before, resident_mb())
        time.sleep(0.01)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="malloc_trim is glibc's")
def test_free_pages_between_blocks_in_use_are_given_back():
    subprocess.run([sys.executable, "-c", SCATTERED], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="mallopt is glibc's")
def test_all_threads_share_one_heap():
    assert n_heaps("as it is") > 1
    assert n_heaps() == 1


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_memory_comes_in_small_pages():
    subprocess.run([sys.executable, "-c", HUGE], check=True)
