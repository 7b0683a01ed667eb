"""`riskstream train`: replays history, and trains and calibrates a model on it."""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from model.base import OWN
from model.progress import OUT_OF_TIME
from stream.commands.computing import add_computing, computing
from stream.commands.fields_read import fields_read
from stream.commands.fine_tuned import fine_tuned
from stream.commands.learning import add_learning, learning_of, with_delay
from stream.commands.rated import rated
from stream.settings import Settings, read_settings
from stream.used import peak_memory_gb, time_text
from topics.errors import InputError
from topics.files import require_new_folder

if TYPE_CHECKING:
    from model.checkpoint import Checkpoint
    from model.compute import Compute
    from model.teaching import FineTuning

SUMMARY = "train a model on replayed history"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_learning(parser)
    add_computing(parser)
    parser.add_argument(
        "--tuned", type=Path, metavar="FILE",
        help="settings of the network: best.json of `riskstream tune` (default: the usual ones)",
    )  # fmt: skip
    parser.add_argument(
        "--pretrain-epochs", type=int, metavar="N",
        help="before it learns from labels, let the network guess hidden fields and next events, "
        "N times through all events, labelled or not (default 0, or what --tuned says)",
    )  # fmt: skip
    parser.add_argument(
        "--tensorboard", type=Path, metavar="DIR",
        help="write loss, learning rate and the figure on validation of every epoch there, as "
        "event files for TensorBoard; needs riskstream[tensorboard]",
    )  # fmt: skip
    parser.add_argument(
        "--fine-tune", choices=("lora", "full"), metavar="lora|full",
        help="teach the text encoder the texts of labelled events first: by LoRA adapters (needs "
        "riskstream[finetune]) or in all its layers; at most --max-texts, and --max-seconds for "
        "its epochs as well (default: the encoder stays as it is)",
    )  # fmt: skip
    parser.add_argument(
        "--out",
        type=Path,
        metavar="MODEL_DIR",
        help="a new folder; MODEL_DIR.partial beside it keeps what is done, and the same command "
        "goes on from there after a kill",
    )
    parser.add_argument(
        "--export", type=Path, metavar="FILE",
        help=".parquet: the training rows with named features, event time and the time at which "
        "the label became known, for other tools; without --out nothing is trained",
    )  # fmt: skip
    parser.add_argument(
        "--export-asked", type=Path, metavar="FILE",
        help=".parquet: the rows that expected spend is learned from, every customer at regular "
        "moments, with what was spent after",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Train, and print what the model can do; of several processes, the first alone prints."""
    settings = read_settings(args)
    with computing(args, settings) as compute:
        if compute.ranks.leads:
            return _train(args, settings, compute)
        from model.fitting import follow

        return 0 if follow(compute) else 1


def _train(args: argparse.Namespace, settings: Settings, compute: "Compute") -> int:
    began = time.monotonic()
    what = learning_of(args, settings)
    if args.tuned is not None:
        from model.recipe import Recipe

        what = replace(what, recipe=Recipe.read(args.tuned))
    if args.pretrain_epochs is not None:
        from model.recipe import check_setting

        check_setting("pretrain_epochs", args.pretrain_epochs, "--pretrain-epochs")
        what = replace(what, recipe=replace(what.recipe, pretrain_epochs=args.pretrain_epochs))
    what = replace(what, recipe=replace(what.recipe, precision=args.precision))
    if args.out is None and compute.ranks.n > 1:
        raise InputError("several processes train a model; give --out for it")
    if args.out is None and args.export is None and args.export_asked is None:
        raise InputError("give --out for a model, --export for its rows, or both")
    if args.out is None and args.tensorboard is not None:
        raise InputError("--tensorboard tells of a training; give --out for its model")
    if args.out is not None:
        require_new_folder(args.out)
    for name, path in (("--export", args.export), ("--export-asked", args.export_asked)):
        if path is not None and path.suffix != ".parquet":
            raise InputError(f"{name} {path} must end in .parquet")
    from model.scalars import recording
    from stream.loading import build_decoder, load_policy
    from stream.replay.learning import Exports, base_of, learn, learned_rows
    from stream.replay.trainingkey import training_key

    what = replace(what, fine_tune=_fine_tuning(args))
    if args.out is not None and args.base == "auto" and base_of(args.base) is None:
        _tell(
            "no text encoder is installed; texts count by their sketches only "
            "(install riskstream[offline], or name one with --base)"
        )
    decoder, policy = build_decoder(settings), load_policy(settings.policy)
    what = with_delay(what, decoder)
    exports = Exports(args.export, args.export_asked)
    if args.out is None:
        rows = learned_rows(decoder, policy, what, exports)
        if args.export is not None:
            n_fraud = int((rows.label == 1).sum())
            print(f"{len(rows):,} rows, {n_fraud:,} of them fraud: {args.export}")
        if args.export_asked is not None and rows.asked is not None:
            print(f"{len(rows.asked):,} rows of customers asked: {args.export_asked}")
        return 0
    token_key = settings.token_key
    with (
        recording(args.tensorboard) as scalars,
        _checkpoint(args.out, lambda: training_key(what, policy, token_key, exports)) as checkpoint,
    ):
        manifest = learn(decoder, policy, what, args.out, exports, checkpoint, scalars, compute)
    _print(manifest, args.out, time.monotonic() - began)
    return 0


def _fine_tuning(args: argparse.Namespace) -> "FineTuning | None":
    """Return how to teach the encoder; raise InputError where it, or a package, is not there."""
    if args.fine_tune is None:
        return None
    from model.adapting import require_packages
    from model.teaching import FineTuning
    from stream.replay.learning import base_of

    if base_of(args.base) is None:
        raise InputError(
            "--fine-tune needs a text encoder; install riskstream[offline], or name one with --base"
        )
    require_packages(args.fine_tune)
    return FineTuning(args.fine_tune)


@contextmanager
def _checkpoint(out: Path, key: Callable[[], str]) -> Iterator["Checkpoint"]:
    """Make a place for what is done beside ``out``, so that hours of work have one from the start.

    Where ``out`` is an empty folder, which may be a mount in a place that takes no other folder,
    training goes on without.
    """
    from model.checkpoint import NOTHING_KEPT, checkpoint_in, folder_beside

    try:
        partial = folder_beside(out)
    except OSError as error:
        if not out.is_dir():
            raise InputError(f"cannot make {out}: {error.strerror or error}") from error
        _tell(f"no folder can be made beside {out}; a training that is killed begins anew")
        yield NOTHING_KEPT
        return
    with checkpoint_in(partial, key, _tell) as checkpoint:
        yield checkpoint


def _tell(sentence: str) -> None:
    print(f"riskstream train: {sentence}", file=sys.stderr, flush=True)


def _print(manifest: dict[str, Any], out: Path, seconds: float) -> None:
    """Say what the model learned from, how well it ranks, what it cannot tell, what it took."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"model {manifest['name']} {manifest['version']} in {out}")
    learned = manifest["training"]
    console.print(
        f"learned from {learned['n_rows']:,} events, {learned['n_fraud']:,} of them known as fraud"
    )
    for found in rated(manifest):
        console.print(found, markup=False)
    if learned["ended_by"] == OUT_OF_TIME:
        n = learned["whole_epochs"]
        console.print(
            f"the network's training ran into --max-seconds after {n} whole "
            f"epoch{'' if n == 1 else 's'}, before it had stopped improving"
        )
    if "fine_tuning" in manifest:
        seconds_of_it = manifest["fine_tuning_seconds"]
        console.print(fine_tuned(manifest["fine_tuning"], seconds_of_it, out / OWN), markup=False)
    for line in fields_read(manifest["attributes"]):
        console.print(line, markup=False)
    for what in manifest["lacks"]:
        console.print(f"this model gives {what}")
    console.print(
        f"trained {datetime.now(UTC):%Y-%m-%d %H:%M} UTC in {time_text(seconds)}, "
        f"peak memory {peak_memory_gb():.2f} GB"
    )
