"""Fine-tuning the text encoder: a linear head on its vectors, and its layers with it."""

import time
from dataclasses import asdict
from typing import Final

import torch

from model.adapting import made_teachable
from model.artifact import file_hash
from model.base import folder_of, prefix_of
from model.checkpoint import FINE_TUNING, Checkpoint
from model.engine import TOKENIZER, WEIGHTS, TorchEngine, checked
from model.labelledtexts import LabelledTexts, labelled_texts
from model.probe import fit_head, judged
from model.progress import Report
from model.rows import TrainingRows
from model.slices import Slices
from model.teaching import FineTuning, Teaching
from model.text import TextEncoder, Vectors
from model.tunedencoder import TunedEncoder, not_tuned, weights_of

MIN_EACH: Final = 50
"""Fewer texts than this of fraud, or of honest events, are too few to teach millions of weights."""

MIN_HELD_OUT: Final = 10
"""Fewer texts than this of either class cannot say whether what was learned is any good."""


def tuned_encoder(
    rows: TrainingRows, slices: Slices, base: str, how: FineTuning, max_texts: int, *, seed: int,
    report: Report, checkpoint: Checkpoint,
) -> TunedEncoder:  # fmt: skip
    """Fine-tune an encoder on the texts of the first slice of ``rows``, judged on the second.

    At most ``max_texts`` distinct texts teach. ``checkpoint`` holds what an earlier run brought to
    its end. It runs on CUDA where that is there. Raises as `fine_tune` does.
    """
    taught, held_out = labelled_texts(rows, slices, max_texts, seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return checkpoint.kept(
        f"{FINE_TUNING}-{file_hash(checked(folder_of(base)) / WEIGHTS)[:16]}",
        TunedEncoder,
        lambda: fine_tune(base, taught, held_out, how, seed=seed, report=report, device=device),
    )


def fine_tune(
    base: str, taught: LabelledTexts, held_out: LabelledTexts, how: FineTuning, *, seed: int,
    report: Report, device: str = "cpu",
) -> TunedEncoder:  # fmt: skip
    """Teach an encoder the texts ``taught``; keep it frozen where that is no gain on ``held_out``.

    It begins with the head that suits the frozen encoder best, so that the layers need not follow
    one drawn at random (Kumar and others, "Fine-Tuning can Distort Pretrained Features", 2022).
    Texts become tokens, batches and vectors as at inference. The result depends on the texts,
    ``how`` and ``seed`` only, unless the time runs out. On CUDA products are computed in bfloat16.
    Raises InputError where the encoder is not found, or PEFT is needed and not installed.
    """
    began_s = time.monotonic()
    if taught.n_fewer < MIN_EACH:
        return not_tuned(
            base, how.way, taught, f"{MIN_EACH} that are and {MIN_EACH} that are not are needed"
        )
    if held_out.n_fewer < MIN_HELD_OUT:
        n = len(held_out)
        why = (
            f"of the {n:,} held out to judge it {held_out.n_fraud:,} are, and at least "
            f"{MIN_HELD_OUT} that are and {MIN_HELD_OUT} that are not are needed"
        )
        return not_tuned(base, how.way, taught, why)
    folder = checked(folder_of(base))
    engine = TorchEngine(folder, device, "float32")
    encoder = TextEncoder(
        engine, folder / TOKENIZER, prefix=prefix_of(base), sha256=file_hash(folder / WEIGHTS),
        cached=0,
    )  # fmt: skip
    report("fine-tuning: the frozen encoder", 0.0)
    vectors = _vectors(encoder, held_out)
    head, before = fit_head(_vectors(encoder, taught), taught.fraud, vectors, held_out.fraud)
    torch.manual_seed(seed)
    ended = made_teachable(engine.network.network, how.way, how.rank, how.alpha)
    run = Teaching(
        encoder, engine.network, head.to(device), taught, how, before, torch.device(device), seed
    )
    while run.ended is None:
        run.epoch(report)
        with torch.inference_mode():
            vectors = _vectors(encoder, held_out)
            log_odds = head(torch.from_numpy(vectors).to(device)).double().cpu().numpy()
        run.judge(judged(log_odds, held_out.fraud))
    report("fine-tuning: done", 1.0)
    after = min(run.curve, key=lambda found: found.log_loss)
    tuned = after.log_loss < before.log_loss
    if tuned:
        run.restore()
    ended()
    told = {
        "way": how.way, "kept": "tuned" if tuned else "frozen", "n_texts": len(taught),
        "n_fraud": taught.n_fraud, "epochs": len(run.curve), "ended_by": run.ended,
        "held_out": {"n_texts": len(held_out), "n_fraud": held_out.n_fraud,
                     "frozen": asdict(before), "tuned": asdict(after)},
    }  # fmt: skip
    weights = weights_of(engine.network.network) if tuned else None
    return TunedEncoder(base, told, time.monotonic() - began_s, weights)


def _vectors(encoder: TextEncoder, of: LabelledTexts) -> Vectors:
    return encoder.encode(of.texts, range(len(of)))[0]
