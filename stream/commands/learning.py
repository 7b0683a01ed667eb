"""What commands that learn from history are told: the history, the times, what counts as known."""

import argparse
import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from stream.commands.history import add_events
from stream.moment import moment_ms
from stream.settings import Settings, add_flags
from topics.errors import InputError

if TYPE_CHECKING:
    from stream.replay.learning import Learning
    from topics.decode import Decoder

DAY_MS = 86_400_000


def add_learning(parser: argparse.ArgumentParser) -> None:
    """Declare what `learning_of` reads."""
    add_events(parser)
    parser.add_argument(
        "--labels", type=Path, metavar="PATH",
        help="file or folder of their labels; without any, only what is unusual and what users "
        "will spend can be learned",
    )  # fmt: skip
    parser.add_argument(
        "--from", dest="start", metavar="TIME",
        help="learn from events from then on; those before count as history (default: all)",
    )  # fmt: skip
    parser.add_argument(
        "--until", required=True, metavar="TIME",
        help="the moment of training: nothing that happened or became known later is used. A date "
        "(its midnight UTC), a time with offset, or epoch milliseconds; --from likewise",
    )  # fmt: skip
    parser.add_argument(
        "--label-delay", type=float, metavar="DAYS",
        help="leave out events younger than this at --until: frauds among them that are not known "
        "yet would count as honest and make the probabilities too small (default: the time within "
        "which 95 %% of the frauds known at --until became known, as is said)",
    )  # fmt: skip
    parser.add_argument(
        "--base", default="auto", metavar="MODEL",
        help="text encoder: a Hugging Face name or folder; auto (the default): "
        "multilingual-e5-small where riskstream[offline] is installed; none: only sketches",
    )  # fmt: skip
    parser.add_argument(
        "--unlabelled", choices=("negative", "ignore"), default="negative",
        help="what an event without a label counts as: honest, or left out (default negative)",
    )  # fmt: skip
    parser.add_argument(
        "--spend-horizon-days",
        type=int,
        default=30,
        metavar="N",
        help="learn from the spend of N days (default 30); the model tells spend per 30 days",
    )
    parser.add_argument(
        "--max-rows", type=int, default=600_000, metavar="N",
        help="above this many events, learn from the known frauds and a random part of the others, "
        "which probabilities allow for (default 600000)",
    )  # fmt: skip
    parser.add_argument(
        "--max-texts", type=int, default=4_000, metavar="N",
        help="distinct texts to encode for training, those that decide first (default 4000)",
    )  # fmt: skip
    parser.add_argument(
        "--max-seconds", type=float, metavar="S",
        help="time for the epochs of the network (default: until it no longer improves)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=int, default=0, metavar="S",
        help="same seed and data, same model, unless the time runs out (default 0)",
    )  # fmt: skip
    add_flags(parser, "policy", "threads")


def learning_of(args: argparse.Namespace, settings: Settings) -> "Learning":
    """Return what to learn from and how.

    Raises InputError where a number is none or out of its range, or the times do not fit.
    """
    from stream.replay.learning import Learning

    _check(args)
    until = moment_ms(args.until, "--until")
    start = moment_ms(args.start, "--from") if args.start else 0
    if start >= until:
        raise InputError(f"--from {args.start} is not before --until {args.until}")
    return Learning(
        events=args.events,
        labels=args.labels,
        from_ms=start,
        until_ms=until,
        label_delay_ms=None if args.label_delay is None else int(args.label_delay * DAY_MS),
        unlabelled=args.unlabelled,
        horizon_ms=args.spend_horizon_days * DAY_MS,
        max_rows=args.max_rows,
        base=args.base,
        max_texts=args.max_texts,
        max_seconds=args.max_seconds,
        seed=args.seed,
        zone_ms=settings.zone_minutes * 60_000,
        lag_ms=settings.visibility_lag_ms,
        threads=settings.threads,
    )


def with_delay(what: "Learning", decoder: "Decoder") -> "Learning":
    """Return the same with the delay that the labels tell where none is given, and print that."""
    from stream.replay.labeldelay import label_delay
    from stream.replay.newest import known_labels

    if what.label_delay_ms is not None or what.labels is None:
        return what
    labels = known_labels(what.labels, decoder, what.until_ms)
    found = label_delay(
        labels, from_ms=what.from_ms, until_ms=what.until_ms, unlabelled=what.unlabelled
    )
    print(found.told, flush=True)
    return replace(what, label_delay_ms=found.ms)


_RANGES: dict[str, tuple[float, float]] = {
    "label_delay": (0, 3650),
    "spend_horizon_days": (1, 365),
    "max_rows": (1, math.inf),
    "max_texts": (0, math.inf),
    "max_seconds": (0, math.inf),
    "seed": (0, 2**32 - 1),
}


def _check(args: argparse.Namespace) -> None:
    """Raise InputError where a number is none or lies outside its range."""
    for name, (low, high) in _RANGES.items():
        value = getattr(args, name)
        if value is not None and not (math.isfinite(value) and low <= value <= high):
            limits = f"at least {low}" if high == math.inf else f"from {low} to {high}"
            raise InputError(f"--{name.replace('_', '-')} is {value}; it must be {limits}")
