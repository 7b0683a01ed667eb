"""Rows that stand in for those whose text a training did not encode.

When scoring, nearly every text has its vector. What a network is stopped, weighed and calibrated on
must have them too: else it is judged in a state that it is hardly ever in.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.inputs import NO_TEXT, VECTOR_UNKNOWN, WITH_VECTOR, TextVectors
from model.rows import TrainingRows

ENOUGH: Final = 20
"""So many rows may stand in for any number of others, fewer for FOR_EACH times as many."""

FOR_EACH: Final = 10


def stand_ins(rows: TrainingRows, texts: TextVectors, part: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each row the one to judge by, int64[n]: itself, or one whose text is encoded.

    ``part`` int64[n] numbers the slices, 0 for what is learned from. A row that stands in is drawn
    at random from the same slice and has the same label, and its text is one of fraud, in slices
    that decide, where that of the other is: these texts are more often encoded. Counts of rows and
    of frauds stay as they are. Where too few rows can stand in, or none of the texts is encoded, a
    row stays itself. Equal arguments give equal rows.
    """
    index = np.arange(len(rows))
    encoded, missing = texts.kind == WITH_VECTOR, texts.kind == VECTOR_UNKNOWN
    if not encoded.any() or not missing.any():
        return index
    hashes, fraud = rows.x.rows["text"], rows.label == 1
    of_fraud = np.isin(hashes, hashes[(part > 0) & fraud & (texts.kind != NO_TEXT)])
    stratum = (2 * part + of_fraud) * 3 + rows.label + 1
    rng = np.random.default_rng(0)
    for number in np.unique(stratum[missing]).tolist():
        here = stratum == number
        there, gone = np.flatnonzero(here & encoded), np.flatnonzero(here & missing)
        if len(there) >= min(ENOUGH, max(1, len(gone) / FOR_EACH)):
            index[gone] = rng.choice(there, len(gone))
    return index
