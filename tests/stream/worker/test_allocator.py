"""What a worker asks of the C library's allocator."""

import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, threading
from stream.worker.allocator import give_back

def in_a_thread():
    ctypes.CDLL(None).malloc(100)

given = give_back()
thread = threading.Thread(target=in_a_thread)
thread.start()
thread.join()
print(given, flush=True)
ctypes.CDLL(None).malloc_stats()
"""


def run(environment: dict[str, str]) -> tuple[str, int]:
    """Return what `give_back` said, and how many heaps there were after a thread had one block."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip(), done.stderr.count("Arena ")


@pytest.mark.skipif(sys.platform != "linux", reason="mallopt is glibc's")
def test_the_options_are_taken_and_those_of_the_environment_are_left_alone():
    assert run({}) == ("True", 1)
    said, n_heaps = run({"MALLOC_ARENA_MAX": "4"})
    assert said == "False"
    assert n_heaps > 1
