"""What every measured program is told; nothing of this repository is needed to read it."""

import argparse
import gc
from pathlib import Path


def arguments(description: str | None) -> argparse.Namespace:
    """Read ``--brokers``, ``--output`` (a topic) and ``--folder`` (of the states)."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--brokers", required=True, help="bootstrap servers")
    parser.add_argument("--output", required=True, help="topic of the answers")
    parser.add_argument("--folder", type=Path, required=True, help="of the states")
    return parser.parse_args()


def settle() -> None:
    """Collect garbage as seldom as our worker does: the peers are to have that advantage too."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
