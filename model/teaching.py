"""Teaching an encoder the texts of a shop: epochs over shuffled texts, and when they end."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from model.adapting import Way
from model.engine import padded
from model.flight import sent
from model.labelledtexts import LabelledTexts
from model.probe import Judged
from model.progress import EPOCHS, NO_GAIN, OUT_OF_TIME, Report
from model.text import WINDOW, TextEncoder

LEARNING_RATES: Final[dict[Way, float]] = {"lora": 5e-4, "full": 5e-5}
"""Adapters: of those in Hu and others (2022). Layers: of those in Devlin and others (2019)."""

Batch = tuple[list[int], list[list[int]]]
"""Which texts, and their tokens."""


@dataclass(frozen=True)
class FineTuning:
    """How the encoder is taught.

    ``rank`` and ``alpha`` of the adapters, the share of steps ``warm_up`` and the linear decay are
    those of Hu and others ("LoRA", 2022, appendix D) for RoBERTa base, where fewer layers have
    adapters. At most ``epochs`` over the texts, ended after ``patience`` without gain or after
    ``max_seconds``; a step is made of at least ``step_texts`` texts, as many batches as that takes,
    and its gradient is cut to the length ``longest_step``. ``learning_rate`` None: the usual one of
    the way.
    """

    way: Way = "lora"
    epochs: int = 4
    patience: int = 2
    step_texts: int = 32
    learning_rate: float | None = None
    warm_up: float = 0.06
    weight_decay: float = 0.01
    longest_step: float = 1.0
    rank: int = 8
    alpha: int = 8
    max_seconds: float | None = None


@dataclass
class Teaching:
    """One fine-tuning under way.

    ``network`` makes vectors of the tokens of ``encoder``, ``head`` log-odds of vectors; of both
    learns what wants gradients. ``before`` is how the frozen encoder was judged, ``curve`` how each
    epoch was; ``ended`` says what ended them.
    """

    encoder: TextEncoder
    network: nn.Module
    head: nn.Module
    texts: LabelledTexts
    how: FineTuning
    before: Judged
    device: torch.device
    seed: int
    began_s: float = field(default_factory=time.monotonic)
    curve: list[Judged] = field(default_factory=list)
    best: list[Tensor] = field(default_factory=list)
    done: int = 0
    ended: str | None = None

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        rate = self.how.learning_rate or LEARNING_RATES[self.how.way]
        parts = (*self.network.parameters(), *self.head.parameters())
        self.weights = [weight for weight in parts if weight.requires_grad]
        self.rate = rate
        self.optimiser = torch.optim.AdamW(
            self.weights, lr=rate, weight_decay=self.how.weight_decay
        )
        fraud = torch.from_numpy(self.texts.fraud).float()
        n, n_fraud = len(self.texts), self.texts.n_fraud
        self.fraud = fraud.to(self.device)
        # So that both classes weigh the same, and a text 1 on average.
        self.weight = torch.where(self.fraud > 0, n / (2 * n_fraud), n / (2 * (n - n_fraud)))

    def epoch(self, report: Report) -> None:
        """Go through all texts once, or until the time is over."""
        least = min(found.log_loss for found in (self.before, *self.curve))
        total = self.how.epochs * len(self.texts)
        self.network.train()
        for step in steps(self.encoder, self.texts.texts, self.how.step_texts, self.rng):
            report(
                f"fine-tuning: epoch {len(self.curve) + 1} of at most {self.how.epochs}, best "
                f"held-out log loss {least:.3f}", self.done / total,
            )  # fmt: skip
            self._step(step, _share_of_rate(self.done / total, self.how.warm_up))
            self.done += sum(len(keys) for keys, _ in step)
            most_s = self.how.max_seconds
            if most_s is not None and time.monotonic() - self.began_s > most_s:
                self.ended = OUT_OF_TIME
                break
        self.network.eval()

    def _step(self, step: list[Batch], share: float) -> None:
        n = sum(len(keys) for keys, _ in step)
        for keys, tokens in step:
            batch = padded(tokens, self.encoder.engine.pad)
            ids, mask = sent(batch.ids, self.device), sent(batch.mask, self.device)
            with torch.autocast(
                self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"
            ):
                vectors = self.network(ids, mask)
            losses = nn.functional.binary_cross_entropy_with_logits(
                self.head(vectors.float()), self.fraud[keys], self.weight[keys], reduction="sum"
            )
            part = losses / n  # of a step, over whose batches the gradients add up
            part.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.weights, self.how.longest_step)
        for group in self.optimiser.param_groups:
            group["lr"] = share * self.rate
        self.optimiser.step()
        self.optimiser.zero_grad()

    def judge(self, found: Judged) -> None:
        """Take how an epoch was judged: keep its weights if they are best, and see if to end."""
        self.curve.append(found)
        losses = [judged.log_loss for judged in (self.before, *self.curve)]
        at = int(np.argmin(losses))
        if at == len(self.curve):
            self.best = [weight.detach().clone() for weight in self.weights]
        elif self.ended is None and len(self.curve) - at >= self.how.patience:
            self.ended = NO_GAIN
        if self.ended is None and len(self.curve) >= self.how.epochs:
            self.ended = EPOCHS

    def restore(self) -> None:
        """Take the weights back that were best."""
        with torch.no_grad():
            for weight, best in zip(self.weights, self.best, strict=True):
                weight.copy_(best)


def steps(
    encoder: TextEncoder, texts: list[str], at_least: int, rng: np.random.Generator
) -> Iterator[list[Batch]]:
    """Yield the batches of each step of an epoch, ``at_least`` so many texts but in the last one.

    Texts are drawn in an order of their own each time; those of a batch are of about one length.
    """
    order = rng.permutation(len(texts)).tolist()
    batches: list[Batch] = []
    for begin in range(0, len(order), WINDOW):
        batches += encoder.batches({key: texts[key] for key in order[begin : begin + WINDOW]})
    step: list[Batch] = []
    for i in rng.permutation(len(batches)).tolist():
        step.append(batches[i])
        if sum(len(keys) for keys, _ in step) >= at_least:
            yield step
            step = []
    if step:
        yield step


def _share_of_rate(done: float, warm_up: float) -> float:
    """Return the share of the learning rate when ``done`` of all is done: up in a line, and down.

    >>> [round(_share_of_rate(done, 0.1), 2) for done in (0.05, 0.1, 0.55)]
    [0.5, 1.0, 0.5]
    """
    return min(done / warm_up, (1 - done) / (1 - warm_up)) if warm_up else 1 - done
