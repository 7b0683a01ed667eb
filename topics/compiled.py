"""Compiling loops with Numba, cached on disk and recompiled when a source beside them changes."""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import config, njit

F = TypeVar("F", bound=Callable[..., Any])


@cache
def source_stamp(folder: Path) -> str:
    """Return a hash of the sources in a folder.

    Numba's own check looks at the file of the outermost function only and would run stale code
    after a change in a function that it calls.
    """
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(folder.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def interpreted() -> bool:
    """Whether ``NUMBA_DISABLE_JIT`` leaves compiled functions plain Python."""
    return bool(vars(config)["DISABLE_JIT"])


def compiled(function: F, **options: Any) -> F:
    """Compile ``function`` on its first call, or load it from the cache on disk.

    ``options`` are Numba's. With ``NUMBA_DISABLE_JIT=1`` it stays plain Python: slow, but coverage
    can see into it. What is built on `model.tiles` cannot run so.
    """
    found: Any = njit(cache=True, nogil=True, error_model="numpy", **options)(function)
    if not interpreted():
        file = found._cache._cache_file
        stamp = source_stamp(Path(function.__code__.co_filename).parent)
        file._source_stamp = stamp
        # Compared first: what other sources left may name types that are no longer there.
        file._version = f"{file._version} {stamp}"
    return cast(F, found)


def inlined(function: F, **options: Any) -> F:
    """Compile ``function`` into its callers, for what is short and called often."""
    return compiled(function, forceinline=True, **options)
