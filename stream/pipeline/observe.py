"""What a batch says of its users before anything is scored: states moved on, features computed."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.feature import Known
from stream.pipeline.features import N_OWN, compute_features
from stream.pipeline.users import Steps, UserResult, advance
from topics.columns import LABEL, EventBatch, Rows


@dataclass(frozen=True, eq=False)
class Seen:
    """``n`` events with all that is known at each: ``features`` float32[n, N_FEATURES]."""

    batch: EventBatch
    steps: Steps
    users: UserResult
    known: Known
    features: NDArray[np.float32]


def observe(
    batch: EventBatch,
    steps: Steps,
    states: list[bytes | None],
    ask: Callable[[UserResult], NDArray[np.float64]],
    *,
    zone_ms: int = 0,
    labels: Rows | None = None,
    shared: NDArray[np.float32] | None = None,
    want_past: bool = True,
) -> Seen:
    """Take a batch through its users' states and compute its features.

    ``steps`` says what happens to each user in order, ``states`` their packed states (None: new
    user). ``ask`` returns what the entities of each event say, float64[n, 6, N_QUESTIONS], when it
    is told what became of the users. ``shared`` float32[n, N_FEATURES - N_OWN] replaces the shared
    features where they are known from a log. Without ``want_past`` past events are left out.
    """
    no_labels = np.zeros(0, LABEL)
    users = advance(
        batch.rows, no_labels if labels is None else labels, steps, states,
        zone_ms=zone_ms, want_past=want_past,
    )  # fmt: skip
    known = Known(
        batch.rows,
        np.ascontiguousarray(users.aggregates.T),
        np.ascontiguousarray(ask(users).transpose(1, 2, 0)),
    )
    features = compute_features(known)
    if shared is not None:
        features[:, N_OWN:] = shared
    return Seen(batch, steps, users, known, features)
