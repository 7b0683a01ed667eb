"""A linear head on the vectors of texts: how well they tell fraud, and where fine-tuning begins."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model.baseline import ranking
from model.calibration import log_loss, platt

STRENGTHS: Final = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""What an error costs compared with the squared weights, on standardised vectors."""


class Head(nn.Module):
    """The log-odds of fraud of unit vectors, each number of which is standardised first."""

    def __init__(self, mean: Tensor, scale: Tensor) -> None:
        super().__init__()
        self.mean: Tensor
        self.scale: Tensor
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)
        self.linear = nn.Linear(len(mean), 1)

    def forward(self, vectors: Tensor) -> Tensor:
        """Map float32[n, width] to float32[n]."""
        out: Tensor = self.linear((vectors - self.mean) * self.scale)
        return out[:, 0]


@dataclass(frozen=True)
class Judged:
    """How log-odds tell fraud on texts held out: ``log_loss`` in nats, ``average_precision``."""

    log_loss: float
    average_precision: float


def judged(log_odds: NDArray[np.float64], fraud: NDArray[np.bool_]) -> Judged:
    """Judge the order and the distances of log-odds, whatever their level and unit.

    The log loss is that after Platt's straight line: what reads the vectors later learns level and
    unit itself. Both classes must be there.
    """
    precision = ranking(log_odds, fraud.astype(np.int8)).average_precision
    assert precision is not None
    return Judged(log_loss(platt(log_odds, fraud).apply(log_odds), fraud), precision)


def fit_head(
    vectors: NDArray[np.float32], fraud: NDArray[np.bool_],
    held_out: NDArray[np.float32], held_out_fraud: NDArray[np.bool_],
) -> tuple[Head, Judged]:  # fmt: skip
    """Fit logistic regression with classes of equal weight, as strong as is best on ``held_out``.

    Vectors are float32[n, width] and unit vectors, ``fraud`` bool[n].
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - a second to import

    mean, scale = vectors.mean(0), 1 / (vectors.std(0) + 1e-3)
    best: Any = None
    least: Judged | None = None
    for strength in STRENGTHS:
        model = LogisticRegression(C=strength, class_weight="balanced", max_iter=2_000)
        model.fit((vectors - mean) * scale, fraud)
        found = judged(model.decision_function((held_out - mean) * scale), held_out_fraud)
        if least is None or found.log_loss < least.log_loss:
            best, least = model, found
    assert least is not None
    head = Head(torch.from_numpy(mean), torch.from_numpy(scale))
    with torch.no_grad():
        head.linear.weight.copy_(torch.from_numpy(best.coef_))
        head.linear.bias.copy_(torch.from_numpy(best.intercept_))
    return head, least
