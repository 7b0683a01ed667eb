"""How large the users' states are, read from a stopped worker's stores."""

from pathlib import Path

import numpy as np

from stream.worker.partition import META_KEY
from stream.worker.rocks import Rocks, block_cache

CACHE_BYTES = 16 << 20


def state_bytes(folder: Path) -> dict[str, float]:
    """Return users, and median, 99th percentile and greatest size of a stored state in bytes.

    ``folder`` holds the stores, ``partition-0`` and so on; a size includes the worker's header.
    """
    cache = block_cache(CACHE_BYTES)
    sizes: list[int] = []
    for path in sorted(folder.glob("partition-*")):
        store = Rocks(path, cache)
        sizes += [len(value) for key, value in store.items() if key != META_KEY]
        store.close()
    if not sizes:
        return {"users": 0}
    median, p99 = np.percentile(sizes, [50, 99])
    return {"users": len(sizes), "median": float(median), "p99": float(p99), "max": max(sizes)}
