"""The feature table: which features there are, in which order, and their values."""

import hashlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.feature import Feature, Known
from stream.pipeline.own_features import OWN
from stream.pipeline.shared_features import SHARED

FEATURES: Final[tuple[Feature, ...]] = OWN + SHARED
"""All features; those of the user's own events first."""

NAMES: Final = tuple(f.name for f in FEATURES)
N_OWN: Final = len(OWN)
N_FEATURES: Final = len(FEATURES)
POSITION: Final = {name: i for i, name in enumerate(NAMES)}


def feature_version() -> str:
    """Return the version of the table: a hash of what its features are, in order."""
    text = "\n".join(
        f"{f.name} {f.unit} {f.window} {f.current} {f.shared} {f.revision}" for f in FEATURES
    )
    return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()


FEATURE_VERSION: Final = feature_version()


def compute_features(known: Known) -> NDArray[np.float32]:
    """Return float32[n, N_FEATURES], NaN where unknown."""
    out = np.empty((N_FEATURES, len(known.events)), np.float32)
    with np.errstate(invalid="ignore", over="ignore"):
        for i, feature in enumerate(FEATURES):
            out[i] = feature.compute(known)
    return np.ascontiguousarray(out.T)
