"""What a model cannot tell, and what there was nothing to learn from."""

from collections.abc import Sequence
from typing import Final

from model.rows import TrainingRows

LACKS: Final = {
    "fraud": "no fraud probability: too few events labelled as fraud to learn from",
    "bad": "no probability of turning bad: too few users known to have turned bad",
    "spend": "no expected spend: no later spending known",
}
LACKS_PAST: Final = "no weight to what users did before: hardly any of them has an earlier event"
LACKS_TEXT: Final = "no weight to words: no event has a text"
LACKS_WORDS: Final = (
    "no weight to words by themselves: too few different texts of fraud, or of honest events, to "
    "learn from"
)
LACKS_FIELDS: Final = "no weight to fields of the shop's own: events have no attributes to read"
MIN_PAST: Final = 0.01
"""Share of events after an earlier one of their user, below which behaviour teaches nothing."""


def lacking(rows: TrainingRows, heads: Sequence[str], *, words: bool, fields: bool) -> list[str]:
    """Say what a model with these heads, learned from ``rows``, does not give.

    ``words`` and ``fields`` say whether there was enough to learn from texts and from the shop's
    own fields.
    """
    lacks = [text for head, text in LACKS.items() if head not in heads]
    if (rows.x.n_past > 0).mean() < MIN_PAST:
        lacks.append(LACKS_PAST)
    if not any(rows.x.texts):
        lacks.append(LACKS_TEXT)
    elif not words:
        lacks.append(LACKS_WORDS)
    if not fields:
        lacks.append(LACKS_FIELDS)
    return lacks
