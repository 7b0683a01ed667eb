"""What fine-tuning the text encoder brought, in a sentence for a person."""

from pathlib import Path
from typing import Any

from model.progress import OUT_OF_TIME
from stream.used import time_text


def fine_tuned(told: dict[str, Any], seconds: float, folder: Path) -> str:
    """Return what to print of a manifest's ``fine_tuning``, which took so many ``seconds``.

    ``folder`` is where a tuned encoder is.

    >>> fine_tuned({"n_texts": 80, "n_fraud": 9, "kept": "frozen", "why": "50 are needed"}, 0.0,
    ...     Path("m/encoder"))
    'the text encoder stays frozen: of 80 texts 9 are fraud; 50 are needed'
    """
    n, n_fraud = told["n_texts"], told["n_fraud"]
    if "why" in told:
        return f"the text encoder stays frozen: of {n:,} texts {n_fraud:,} are fraud; {told['why']}"
    n_epochs, judged = told["epochs"], told["held_out"]
    losses = [f"{judged[name]['log_loss']:.3f}" for name in ("frozen", "tuned")]
    ran_out = ", when --max-seconds were over" if told["ended_by"] == OUT_OF_TIME else ""
    kept = f"kept in {folder}" if told["kept"] == "tuned" else "no gain, so it stays frozen"
    return (
        f"the text encoder was taught {n:,} texts, {n_fraud:,} of them fraud, in {n_epochs} "
        f"epoch{'' if n_epochs == 1 else 's'} and {time_text(seconds)}{ran_out}; log loss on "
        f"{judged['n_texts']:,} texts held out: {losses[0]} frozen, {losses[1]} tuned; {kept}"
    )
