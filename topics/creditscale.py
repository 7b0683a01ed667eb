"""The credit scale of the contract: probabilities of turning bad as points, and bands."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

LOWEST, HIGHEST = 300, 850
FACTOR: Final = 20 / np.log(2)
"""Points per unit of log-odds: 20 points double the odds."""

OFFSET: Final = 600 - FACTOR * np.log(50)
"""600 points stand at odds of 50 good to 1 bad."""

BAND_CUTS: Final = (560, 600, 640, 680)
"""Lowest scores of bands D, C, B and A; E lies below. In odds good to bad: 12.5, 50, 200, 800."""


def credit_score(p_bad: NDArray[np.float64]) -> NDArray[np.int32]:
    """Return credit scores, int32[n] in 300..850, higher is better; NaN gives 0, not computed.

    score = offset - factor * ln(p / (1 - p)), rounded, 600 points at odds 50:1.

    >>> credit_score(np.array([1 / 51, 1 / 101, 0.5, 0.0, 1.0, np.nan])).tolist()
    [600, 620, 487, 850, 300, 0]
    """
    p = np.asarray(p_bad, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        points = OFFSET - FACTOR * (np.log(p) - np.log1p(-p))
    clipped = np.clip(np.rint(points), LOWEST, HIGHEST)
    scores: NDArray[np.int32] = np.where(np.isnan(p), 0, clipped).astype(np.int32)
    return scores


def credit_band(score: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Return each score's index in ``topics.vocabulary.CREDIT_BANDS``, uint8[n], 0 is A.

    >>> credit_band(np.array([700, 680, 679, 640, 600, 560, 559])).tolist()
    [0, 0, 1, 1, 2, 3, 4]
    """
    bands: NDArray[np.uint8] = (4 - np.searchsorted(BAND_CUTS, score, side="right")).astype(
        np.uint8
    )
    return bands
