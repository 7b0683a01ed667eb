"""Kernels run compiled, and as plain Python where Numba is turned off."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from stream.pipeline import compiled
from stream.pipeline.windows import in_window
from tests.stream.pipeline.streams import INTERPRETED
from topics.compiled import source_stamp

HOUR = 3_600_000


def double(x):
    return 2 * x


def test_a_kernel_computes_what_its_function_does():
    assert in_window(5, 1, 5 * HOUR, HOUR)
    assert not in_window(5, 1, 6 * HOUR, HOUR)  # the window is open on the left
    assert not in_window(5, 1, 5 * HOUR - 1, HOUR)  # and its pane has begun


@pytest.mark.skipif(INTERPRETED, reason="Numba is turned off")
def test_compiled_code_is_kept_until_any_source_beside_it_changes():
    kernel = compiled.kernel(double)
    assert kernel(4) == 8
    file, stamp = kernel._cache._cache_file, source_stamp(Path(__file__).parent)
    assert file._source_stamp == stamp
    # Numba reads no further where another version wrote: what is there may not be readable.
    assert file._version.endswith(stamp)


def test_the_stamp_changes_with_the_sources(tmp_path):
    stamps = set()
    for source in ("a = 1", "a = 2", "a = 1"):
        (tmp_path / "other.py").write_text(source, encoding="utf-8")
        stamps.add(source_stamp.__wrapped__(tmp_path))
    assert len(stamps) == 2
    assert all(len(stamp) == 32 for stamp in stamps)


PLAIN = """
import numpy as np
from stream.pipeline import compiled
from topics.columns import EVENT
def double(x): return 2 * x
assert compiled.kernel(double) is double
rows = np.zeros(2, EVENT)
rows["device"] = 3, 4
assert [row.device for row in compiled.records(rows)] == [3, 4]
"""


def test_without_numba_a_kernel_is_the_plain_function():
    environment = {"NUMBA_DISABLE_JIT": "1", "PATH": "", "PYTHONPATH": ":".join(sys.path)}
    subprocess.run([sys.executable, "-c", PLAIN], env=environment, check=True, timeout=120)


def test_rows_reach_a_compiled_kernel_as_they_are():
    rows = np.zeros(2, [("a", "i8")])
    assert INTERPRETED or compiled.records(rows) is rows
    assert len(compiled.records(rows)) == 2
