"""A trained model that answers whole batches of events, on CPU or CUDA."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

import numpy as np
import torch
from numpy.typing import NDArray

from model import artifact
from model.attributefile import fields_from
from model.base import encoder_of
from model.expecting import expectation_from
from model.inputs import VECTOR_UNKNOWN, TextVectors
from model.predict import DeviceNetwork, Network, answering
from model.quick import QuickNetwork
from model.reading import read_ahead, read_texts
from model.rows import take
from model.saving import (
    SPEND_DAYS,
    bins_from,
    calibration_from,
    forest_from,
    fusion_from,
    network_from,
)
from model.text import TextEncoder
from topics.errors import InputError
from topics.freefields import FreeField
from topics.scores import Head, ScoreInput, Scores, TextWork

FRAUD, BAD, SPEND = range(3)
STEPS: Final[dict[Head, int]] = {"fraud": 4, "bad": 1}
"""Of integrated gradients. Far more users fall a credit band than raise an alert, and one step in
the middle finds the same first reason as 64, and 99 % of the first four."""


class ModelScorer:
    """Forest, event Transformer, boosted trees and text encoder of one model folder.

    ``name`` and ``version`` identify the model; ``features`` and ``feature_version`` the inputs it
    was trained on; ``usual`` float32[F] the training medians (NaN where never known); ``fields``
    the shop's own that it reads besides, whose columns stand behind the features; ``expects`` tells
    spend, at events and between them (None: the network does, at events only).
    """

    wants_past = True

    def __init__(
        self,
        loaded: artifact.Artifact,
        device: str = "cpu",
        encoder: TextEncoder | None = None,
        text_deadline_ms: float | None = None,
    ) -> None:
        manifest, inputs = loaded.manifest, loaded.arrays["inputs"]
        self.manifest = manifest
        self.name: str = manifest["name"]
        self.version: str = manifest["version"]
        self.features: list[str] = manifest["features"]
        self.feature_version: str = manifest["feature_version"]
        self.heads = frozenset(manifest["heads"])
        self.device = torch.device(device)
        self.encoder, self.text_deadline_ms = encoder, text_deadline_ms
        self._medians: NDArray[np.float32] = inputs["usual"]
        self.usual = self._medians[: len(self.features)]
        self._attributes = fields_from(loaded)
        self.fields: tuple[FreeField, ...] = self._attributes.fields
        # Folders that do not say were trained on the spend of 30 days.
        horizon_days = manifest.get("spend_horizon_days", SPEND_DAYS)
        self._per_30_days = SPEND_DAYS / horizon_days
        self._spend_scale = float(inputs["spend_scale"][0]) * self._per_30_days
        self.expects = expectation_from(loaded.arrays, self.features, horizon_days)
        self._forest = forest_from(loaded.arrays["forest"])
        self._fusion = fusion_from(loaded)
        self._fraud = calibration_from(loaded.arrays["calibration"], "fraud")
        self._bad = calibration_from(loaded.arrays["calibration"], "bad")
        network, bins = network_from(loaded).to(self.device), bins_from(inputs)
        kind = QuickNetwork if self.device.type == "cpu" else DeviceNetwork
        self._network: Network = kind(network, network.table(), bins)

    @classmethod
    def load(
        cls,
        folder: str | Path,
        device: str = "cpu",
        *,
        feature_names: Sequence[str] | None = None,
        text_deadline_ms: float | None = None,
        base: str | None = None,
        engine: str = "auto",
    ) -> Self:
        """Load a model folder.

        ``device`` is ``cpu`` or ``cuda``; ``feature_names``, if given, must be the model's own;
        ``text_deadline_ms`` bounds the time that one call of ``score`` spends on texts (None: no
        bound, 0: only texts in the cache); ``base`` overrides where the text encoder is found,
        and ``engine`` says how it computes, as in `TextEncoder.load`.
        Raises InputError where the folder is damaged, or features, encoder or device do not fit.
        """
        loaded = artifact.load(Path(folder))
        names = loaded.manifest["features"]
        if feature_names is not None and list(feature_names) != names:
            differ = sorted(set(feature_names) ^ set(names))[:5] or ["their order"]
            raise InputError(
                f"model {folder} was trained on other features than these ({', '.join(differ)}); "
                "train it again"
            )
        if device.startswith("cuda") and not torch.cuda.is_available():
            raise InputError(f"device {device} is not there; use cpu")
        encoder = None
        if text := loaded.manifest["text"]:
            place, prefix = encoder_of(Path(folder), loaded.manifest, base)
            encoder = TextEncoder.load(place, device=device, engine=engine, prefix=prefix)
            encoder.expect(text["sha256"])
        return cls(loaded, device, encoder, text_deadline_ms)

    def score(self, x: ScoreInput) -> Scores:
        """Score ``n`` events; an event's scores do not depend on the others beyond 1e-6.

        Raises ScorerDownError where a device other than the processor fails.
        """
        return self._score(x, self.text_deadline_ms)

    def score_fully(self, x: ScoreInput) -> Scores:
        """Score events with all their texts, however long that takes."""
        return self._score(x, None)

    def read_texts(self, x: ScoreInput, at_most: int) -> bool:
        """Encode up to so many of the events' texts that are not in the cache; tell if all are.

        Raises ScorerDownError where a device other than the processor fails.
        """
        with answering(self.device):
            return read_ahead(self.encoder, x, at_most)

    def score_by_forest(self, x: ScoreInput) -> Scores:
        """Score events by the isolation forest alone, as degraded; no device is needed."""
        nothing = np.full(len(x), np.nan)
        anomaly = self._forest.anomaly(self._wide(x).features)
        return Scores(nothing, anomaly, nothing, nothing, np.ones(len(x), np.bool_))

    def _score(self, x: ScoreInput, deadline_ms: float | None) -> Scores:
        x, before = self._wide(x), self._text_work()
        with answering(self.device):
            texts = read_texts(self.encoder, x, deadline_ms)
            after = self._text_work()
            out = self.network_outputs(x, texts)
        nothing = np.full(len(x), np.nan)
        return Scores(
            p_fraud=self._fraud.apply(self._fusion.log_odds(out[:, FRAUD], x.features, x.texts))
            if "fraud" in self.heads
            else nothing,
            anomaly=self._forest.anomaly(x.features),
            p_bad=self._bad.apply(out[:, BAD]) if "bad" in self.heads else nothing,
            spend=self.expects.mean(x) * self._per_30_days
            if self.expects is not None
            else self._spend_scale * np.exp(out[:, SPEND])
            if "spend" in self.heads
            else nothing,
            degraded=(texts.kind == VECTOR_UNKNOWN) & (self.encoder is not None),
            text_work=after.since(before),
        )

    def network_outputs(self, x: ScoreInput, texts: TextVectors) -> NDArray[np.float64]:
        """Return the raw outputs of the network alone, float64[n, N_OUTPUTS]."""
        return self._network.outputs(self._wide(x), texts)

    def apart(self, x: ScoreInput) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the log-odds of fraud that the network alone and the trees alone give.

        Both float64[n], uncalibrated; NaN where the model has no such part.
        """
        x = self._wide(x)
        out = self.network_outputs(x, read_texts(self.encoder, x, self.text_deadline_ms))
        nothing = np.full(len(x), np.nan)
        trees = self._fusion.trees
        return (
            out[:, FRAUD] if "fraud" in self.heads else nothing,
            nothing if trees is None else trees.log_odds(x.features),
        )

    def explain(
        self, x: ScoreInput, rows: NDArray[np.int64], head: Head = "fraud", steps: int | None = None
    ) -> NDArray[np.float32]:
        """Return what features and fields add to the log-odds of ``head``, float32[m, F + A].

        Both compare with the training medians, or the most frequent strings: of the network
        integrated gradients, of the trees, which only know of fraud, `shapley_values`; where words
        count for fraud, what they add in a last column more. A row's sum is about its log-odds less
        those of the same event with what is usual and neutral words. Zeros without such a head.
        """
        part = self._wide(take(x, np.asarray(rows, np.int64)))
        n = len(self.usual)
        if not len(part) or head not in self.heads:
            return np.zeros((len(part), n + len(self.fields)), np.float32)
        with answering(self.device):
            added = self._explained(part, head, steps or STEPS[head])
            return self._attributes.joined(added, n)

    def _wide(self, x: ScoreInput) -> ScoreInput:
        """Return the events with the columns of the shop's own fields behind their features."""
        return self._attributes.widened(x, len(self.features))

    def _explained(self, part: ScoreInput, head: Head, steps: int) -> NDArray[np.float32]:
        # What could not be read in time did not count: an explanation is of the score as it is.
        texts = read_texts(self.encoder, part, None if self.text_deadline_ms is None else 0)
        at = FRAUD if head == "fraud" else BAD
        network = self._network.contributions(part, texts, self._medians, at, steps)
        if head == "bad":
            return (network * self._bad.slope).astype(np.float32)
        added = self._fusion.contributions(network, part.features, self._medians, part.texts)
        return (added * self._fraud.slope).astype(np.float32)

    def _text_work(self) -> TextWork:
        """Return what the encoder has done since it was loaded."""
        done = self.encoder
        return TextWork(done.n_encoded, done.n_cached, done.cpu_s) if done else TextWork()
