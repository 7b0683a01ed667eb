"""Compiling the per-user loops with Numba.

One user's events depend on each other, so a batch cannot be handled as whole columns alone: the
loop over a user's events runs as compiled scalar code. The same instructions run for an event
however its batch was cut, which makes features equal bit for bit.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topics.compiled import inlined, interpreted


def kernel(function: Callable[..., Any]) -> Any:
    """Compile ``function`` into its caller, on its first call or from the cache on disk.

    It may neither make arrays nor return any. So nobody counts who holds those that it is given,
    which else happens wherever one is taken out of a tuple, and takes a multiple of what is done
    with it.
    """
    return inlined(function, _nrt=False)


def records(rows: NDArray[np.void]) -> Any:
    """Return rows whose fields a kernel can read as attributes, compiled or not."""
    if not interpreted():
        return rows
    # Not np.recarray: its rows have attributes of their own, among them ``device``.
    names = rows.dtype.names or ()
    return [SimpleNamespace(**{name: row[name] for name in names}) for row in rows]
