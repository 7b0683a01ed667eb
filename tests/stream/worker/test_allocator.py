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


@pytest.mark.skipif(sys.platform != "linux", reason="mallopt is glibc's")
def test_all_threads_share_one_heap():
    assert n_heaps("as it is") > 1
    assert n_heaps() == 1


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_memory_comes_in_small_pages():
    subprocess.run([sys.executable, "-c", HUGE], check=True)
