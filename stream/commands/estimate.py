"""`riskstream estimate`: what every customer is expected to spend, as of a moment."""

import argparse
from pathlib import Path

from stream.commands.history import add_events
from stream.moment import moment_ms
from stream.progress import shown
from stream.settings import add_flags, read_settings
from topics.errors import InputError

SUMMARY = "tell what every customer is expected to spend, as of a moment"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_events(parser)
    parser.add_argument(
        "--labels", type=Path, metavar="PATH", help="file or folder of their labels, if any"
    )
    parser.add_argument(
        "--model", type=Path, required=True, metavar="MODEL_DIR", help="a folder of `train --out`"
    )
    parser.add_argument(
        "--at", required=True, metavar="TIME",
        help="the moment: nothing that happened or became known later is used, and silence counts "
        "up to it. A date (its midnight UTC), a time with offset, or epoch milliseconds",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help=".parquet: one row per customer"
    )
    add_flags(parser, "policy", "threads")


def run(args: argparse.Namespace) -> int:
    """Replay, ask, and write the answers."""
    settings = read_settings(args)
    if args.out.suffix != ".parquet":
        raise InputError(f"--out {args.out} must end in .parquet")
    at_ms = moment_ms(args.at, "--at")
    import torch

    from model.scorer import ModelScorer
    from stream.loading import build_decoder, load_policy
    from stream.pipeline.features import NAMES
    from stream.replay.estimating import estimate
    from stream.replay.observer import ReplaySettings

    torch.set_num_threads(settings.threads)
    scorer = ModelScorer.load(args.model, feature_names=NAMES)
    with shown("replaying") as advance:
        n = estimate(
            [path for path in (args.labels, args.events) if path is not None],
            build_decoder(settings), load_policy(settings.policy), scorer, at_ms, args.out,
            ReplaySettings(settings.visibility_lag_ms, settings.zone_minutes * 60_000), advance,
        )  # fmt: skip
    print(f"{n:,} customers as of {args.at}: {args.out}")
    return 0
