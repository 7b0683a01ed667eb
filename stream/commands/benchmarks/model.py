"""`riskstream bench model`."""

import argparse
from pathlib import Path

from stream.commands.benchmarks.shared import CACHE, Names, told
from topics.errors import InputError


def arguments(names: Names) -> None:
    """Declare the benchmark and its arguments."""
    model = names.add_parser(
        "model",
        help="texts per second of each engine, what each changes, and the event Transformer's cost",
        description="Texts per second of each engine through our own path and of the bare engine, "
        "how far each moves the probability of fraud from float32's, and what an event costs in "
        "the event Transformer.",
    )
    model.add_argument("--json", action="store_true", help="print one JSON object")
    model.add_argument(
        "--device", choices=("cpu", "cuda"), default="cpu", help="what is measured (default cpu)"
    )
    model.add_argument(
        "--events", type=int, default=10_000, metavar="N",
        help="simulated events with a text to compare the engines on (default 10000)",
    )  # fmt: skip
    model.add_argument(
        "--threads", type=int, default=1, metavar="N", help="of matrix products (default 1)"
    )
    model.add_argument("--model", type=Path, metavar="DIR", help="default: one trained here, once")
    model.add_argument(
        "--base", metavar="ENCODER", help="where the text encoder is (default: as the model says)"
    )
    model.add_argument(
        "--cache", type=Path, default=CACHE, metavar="DIR",
        help=f"keeps the simulated shop, the model and the encoder in int8 (default {CACHE})",
    )  # fmt: skip
    model.set_defaults(measure=_measure)


def _measure(args: argparse.Namespace) -> int:
    if args.events < 500:
        raise InputError(f"--events is {args.events}; it must be 500 or more")
    if not 1 <= args.threads <= 256:
        raise InputError(f"--threads is {args.threads}; it must be 1 to 256")
    from stream.bench.figures import show_figures
    from stream.bench.model import ModelPlan, bench_engines

    plan = ModelPlan(
        cache=args.cache,
        n_events=args.events,
        device=args.device,
        threads=args.threads,
        model=args.model,
        base=args.base,
    )
    return told(bench_engines(plan), show_figures, as_json=args.json)
