"""Why a decision is what it is, in sentences: the rules that fired and what moved the score."""

import math
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.features import FEATURES, POSITION
from stream.pipeline.field_sentences import field_sentence
from stream.pipeline.policy import SCORES, Policy
from stream.pipeline.sentences import sentence, words_sentence
from topics.freefields import FreeField, FreeFields, number_of
from topics.reasons import Reason

MAX_REASONS = 4
WORDS = "text_words"
"""The code of the reason that a text reads like others; no feature has this name."""

NONE_GIVEN: Final[FreeFields] = MappingProxyType(dict[str, Any]())
"""The fields of an event that has none."""

_TEXT = POSITION["text_chars"]


def explain_row(
    features: NDArray[np.float32],
    contributions: NDArray[np.float32],
    usual: NDArray[np.float32],
    fired: NDArray[np.bool_],
    policy: Policy,
    fields: Sequence[FreeField] = (),
    given: FreeFields = NONE_GIVEN,
) -> list[Reason]:
    """Return at most four reasons for one event, rules first, then the largest contributions.

    They are told in the policy's language. ``features`` and ``usual`` are float32[F] and ``fired``
    bool[n_rules]. ``contributions`` float32[F + A] has also one for each of the shop's own
    ``fields``, whose values at the event are ``given`` as `ScoreInput.fields_of` has them, and
    where the scorer reads words one more, what they add.
    """
    n_known = len(FEATURES) + len(fields)
    reasons: list[Reason] = []
    named: set[str] = set()
    for rule in (policy.rules[r] for r in np.flatnonzero(fired).tolist()):
        name = next((c.name for c in rule.when if c.name not in SCORES), None)
        if name is None or name in named:
            continue
        named.add(name)
        reasons.append(_reason(rule.name, POSITION[name], features, 0.0, usual, policy.language))
    for at in np.argsort(-np.nan_to_num(contributions), kind="stable").tolist():
        if len(reasons) >= MAX_REASONS or (reasons and contributions[at] <= 0):
            break
        if len(FEATURES) <= at < n_known:
            reasons.append(
                _of_field(
                    fields[at - len(FEATURES)], given, float(contributions[at]), policy.language
                )
            )
        elif at == n_known:
            if contributions[at] != 0:  # 0: no text
                reasons.append(
                    _of_words(float(contributions[at]), features, usual, policy.language)
                )
        elif FEATURES[at].name not in named and not math.isnan(features[at]):
            added = float(contributions[at])
            reasons.append(_reason(FEATURES[at].name, at, features, added, usual, policy.language))
    return reasons[:MAX_REASONS]


def raising(
    features: NDArray[np.float32],
    contributions: NDArray[np.float32],
    usual: NDArray[np.float32],
    language: str,
    fields: Sequence[FreeField] = (),
    given: Sequence[FreeFields] = (),
) -> list[list[Reason]]:
    """Return for each event the at most four known features that raise its log-odds most.

    ``features`` float32[n, F] and ``contributions`` float32[n, F + A] are those of `explain_row`
    for ``n`` events, and ``given`` the values of their ``fields`` where there are such.
    """
    known = np.nan_to_num(contributions)
    known[:, : features.shape[1]][np.isnan(features)] = 0
    largest = _largest(known)
    added = np.take_along_axis(known, largest, 1).tolist()
    return [
        [
            _reason(FEATURES[at].name, at, features[row], by, usual, language)
            if at < len(FEATURES)
            else _of_field(fields[at - len(FEATURES)], given[row], by, language)
            for at, by in zip(places, each, strict=True)
            if by > 0
        ]
        for row, (places, each) in enumerate(zip(largest.tolist(), added, strict=True))
    ]


def _largest(values: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return where the `MAX_REASONS` largest of each row are, the largest and first one first."""
    left = values.copy()
    rows = np.arange(len(left))
    places = np.empty((len(left), min(MAX_REASONS, left.shape[1])), np.int64)
    for place in places.T:
        place[:] = left.argmax(axis=1)
        left[rows, place] = -np.inf
    return places


def _of_field(field: FreeField, given: FreeFields, contribution: float, language: str) -> Reason:
    """Say what one of the shop's own fields is; a string is no number, and only the text has it."""
    value, plain = field.value_in(given), field.kind in ("number", "boolean")
    return Reason(
        field.feature,
        field.feature,
        number_of(value) if plain else math.nan,
        math.nan if isinstance(field.usual, str | None) else field.usual,
        contribution,
        field_sentence(field, value, language),
    )


def _of_words(
    contribution: float,
    features: NDArray[np.float32],
    usual: NDArray[np.float32],
    language: str,
) -> Reason:
    """Say that a text reads like others; its feature is the length of the text."""
    return Reason(
        WORDS,
        FEATURES[_TEXT].name,
        float(features[_TEXT]),
        float(usual[_TEXT]),
        contribution,
        words_sentence(contribution > 0, language),
    )


def _reason(
    code: str,
    at: int,
    features: NDArray[np.float32],
    contribution: float,
    usual: NDArray[np.float32],
    language: str,
) -> Reason:
    value, common = float(features[at]), float(usual[at])
    return Reason(
        code,
        FEATURES[at].name,
        value,
        common,
        contribution,
        sentence(FEATURES[at], value, common, language),
    )
