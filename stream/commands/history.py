"""The history that several commands read, as arguments."""

import argparse
from pathlib import Path

from topics.files import SUFFIXES


def add_events(parser: argparse.ArgumentParser) -> None:
    """Declare ``--events``."""
    parser.add_argument(
        "--events", type=Path, required=True, metavar="PATH",
        help=f"file or folder of events: {', '.join(SUFFIXES)}",
    )  # fmt: skip
