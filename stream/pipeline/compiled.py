"""Compiling the per-user loops with Numba, cached on disk and recompiled when any of them changes.

One user's events depend on each other, so a batch cannot be handled as whole columns alone: the
loop over a user's events runs as compiled scalar code. The same instructions run for an event
however its batch was cut, which makes features equal bit for bit.
"""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numba import config, njit
from numpy.typing import NDArray


@cache
def source_stamp() -> str:
    """Return a hash of the sources in this folder.

    Numba's own check looks at the file of the outermost function only and would run stale code
    after a change in a function that it calls.
    """
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def interpreted() -> bool:
    """Whether ``NUMBA_DISABLE_JIT`` leaves the kernels plain Python."""
    return bool(vars(config)["DISABLE_JIT"])


def kernel(function: Callable[..., Any]) -> Any:
    """Compile ``function`` on its first call, or load it from the cache on disk.

    With ``NUMBA_DISABLE_JIT=1`` it stays plain Python: slow, but coverage can see into it.
    """
    compiled: Any = njit(cache=True, nogil=True, error_model="numpy", forceinline=True)(function)
    if not interpreted():
        compiled._cache._cache_file._source_stamp = source_stamp()
    return compiled


def records(rows: NDArray[np.void]) -> Any:
    """Return rows whose fields a kernel can read as attributes, compiled or not."""
    if not interpreted():
        return rows
    # Not np.recarray: its rows have attributes of their own, among them ``device``.
    names = rows.dtype.names or ()
    return [SimpleNamespace(**{name: row[name] for name in names}) for row in rows]
