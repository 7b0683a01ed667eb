"""Why a decision is what it is, in sentences: the rules that fired and what moved the score."""

import math

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.features import FEATURES, POSITION
from stream.pipeline.policy import SCORES, Policy
from stream.pipeline.sentences import sentence, words_sentence
from topics.reasons import Reason

MAX_REASONS = 4
WORDS = "text_words"
"""The code of the reason that a text reads like others; no feature has this name."""

_TEXT = POSITION["text_chars"]


def explain_row(
    features: NDArray[np.float32],
    contributions: NDArray[np.float32],
    usual: NDArray[np.float32],
    fired: NDArray[np.bool_],
    policy: Policy,
) -> list[Reason]:
    """Return at most four reasons for one event, rules first, then the largest contributions.

    They are told in the policy's language. ``features``, ``contributions`` and ``usual`` are
    float32[F] and ``fired`` bool[n_rules]; where the scorer reads words, ``contributions`` has one
    more, what they add.
    """
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
        if at == len(FEATURES):
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
) -> list[Reason]:
    """Return the at most four known features that raise the log-odds most, none that lowers them.

    The arguments are those of `explain_row`.
    """
    known = np.where(np.isnan(features), 0, np.nan_to_num(contributions))
    return [
        _reason(FEATURES[at].name, at, features, float(known[at]), usual, language)
        for at in np.argsort(-known, kind="stable")[:MAX_REASONS].tolist()
        if known[at] > 0
    ]


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
