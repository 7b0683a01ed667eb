"""The content of ``metrics.json``: how good decisions were, overall and by everything asked for."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stream.judging.blocks import amount_block, block_of, blocks_of
from stream.judging.budget import by_budget, policy_actions
from stream.judging.cards import card_precision, most_card_precision
from stream.judging.days import by_day, days_of
from stream.judging.judged import Cases, Judged, Segment, cases_of
from stream.judging.resampling import n_resamples_for
from topics.vocabulary import EVENT_TYPES

SCHEMA_VERSION: Final = 1
MOST_VALUES: Final = 50
"""A segment's values that are reported: the ones with the most events."""


def metrics_of(
    judged: Judged,
    *,
    unlabelled: str,
    dropped_known: int | None,
    seed: int = 0,
    n_resamples: int = 200,
) -> dict[str, Any]:
    """Return all metrics, JSON-ready: numbers, text and None, never NaN.

    Over the labelled events; only alerts are counted over all. ``unlabelled`` says what an event
    without a label counted as, ``negative`` or ``ignore``; ``dropped_known`` how many events left
    because their user was known as bad before, None where nobody was asked to leave. The overall
    block's names lie at the top. Intervals come from ``n_resamples`` resamples of the users, fewer
    where there are very many events.
    """
    known = judged.take(judged.label >= 0)
    cases = cases_of(known)
    draws: dict[str, int] = {"seed": seed, "n_resamples": n_resamples}
    head = {
        "schema_version": SCHEMA_VERSION,
        "unlabelled": unlabelled,
        "dropped_known": dropped_known,
        "n_decided": len(judged) + judged.n_cold,
        "n_cold": judged.n_cold,
        "n_left_out": len(judged) - len(known),
        "n_users": cases.n_users,
        "resamples": {"of": "users", "n": n_resamples_for(len(known), n_resamples), "seed": seed},
    }
    overall, parts = blocks_of(cases, _parts(known, cases), **draws)
    days = days_of(known.day)
    overall["card_precision_at_100"] = card_precision(days, known.user, known.score, cases.fraud)
    overall["maximum"]["card_precision_at_100"] = most_card_precision(days, known.user, cases.fraud)
    return (
        head
        | overall
        | {
            "by_amount": amount_block(cases, **draws),
            "by_type": _by(Segment(known.type, EVENT_TYPES), cases, draws)["values"],
            "by_kind": {name: parts["kind", name] for of, name in parts if of == "kind"},
            "by_scenario": {n: parts["scenario", n] for of, n in parts if of == "scenario"},
            "by_segment": {
                name: _by(segment, cases, draws) for name, segment in known.segments.items()
            },
            "by_day": by_day(judged),
            "by_budget": by_budget(known, days),
            "policy": policy_actions(judged),
        }
    )


def _parts(known: Judged, cases: Cases) -> dict[tuple[str, str], NDArray[np.int64]]:
    """Return the rows of the frauds of each kind and scenario that has any."""
    frauds = np.flatnonzero(cases.fraud)
    columns = ("kind", known.kind, known.kinds), ("scenario", known.scenario, known.scenarios)
    return {
        (column, name): rows
        for column, codes, names in columns
        for code, name in enumerate(names)
        if len(rows := frauds[codes[frauds] == code])
    }


def _by(segment: Segment, cases: Cases, draws: dict[str, int]) -> dict[str, Any]:
    """Return a block for each of a column's values, the most frequent first."""
    counts = np.bincount(segment.codes[segment.codes >= 0], minlength=len(segment.names))
    codes = [code for code in np.argsort(-counts, kind="stable").tolist() if counts[code]]
    return {
        "n_values": len(codes),
        "values": {
            segment.names[code]: block_of(cases.take(segment.codes == code), **draws)
            for code in codes[:MOST_VALUES]
        },
    }
