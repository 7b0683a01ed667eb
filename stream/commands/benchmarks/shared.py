"""What the benchmarks' arguments and answers have in common."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeAlias

Names: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""What a benchmark adds its own parser to."""

CACHE: Final = Path(".riskstream/bench")
BROKERS_HELP: Final = "an empty Kafka cluster (default: start Apache Kafka here, as the tests do)"
EVENTS_HELP: Final = "measured (default 2000000)"


def told(found: dict[str, Any], show: Callable[[dict[str, Any]], None], *, as_json: bool) -> int:
    """Print what a benchmark found, as one JSON object or by ``show``; return the exit code."""
    import orjson

    if as_json:
        print(orjson.dumps(found).decode())
    else:
        show(found)
    return 0
