"""`riskstream export`: a model's text encoder in int8, for ONNX Runtime."""

import argparse
from pathlib import Path

from topics.newfolder import new_folder

SUMMARY = "write a model's text encoder in int8, for processors without bfloat16"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("model", type=Path, metavar="MODEL_DIR", help="a trained model")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="a new folder")
    parser.add_argument(
        "--base", metavar="ENCODER",
        help="Hugging Face name or folder of the encoder (default: as the model says)",
    )  # fmt: skip
    parser.epilog = (
        "A worker uses the folder where RISKSTREAM_TEXT_ENGINE names it. It serves all models that "
        "were trained with the same encoder. Needs riskstream[onnx]."
    )


def run(args: argparse.Namespace) -> int:
    """Export, and say how to use what was written."""
    from model.export import export_of
    from stream.progress import shown

    with new_folder(args.out) as out, shown("exporting"):
        export_of(args.model, out, base=args.base)
    size = sum(path.stat().st_size for path in args.out.iterdir())
    print(f"text encoder of {args.model} in int8, {size / 1e6:,.0f} MB: {args.out}")
    print(f"to use it: RISKSTREAM_TEXT_ENGINE={args.out} riskstream worker")
    return 0
