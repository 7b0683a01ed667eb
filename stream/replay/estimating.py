"""Expected spend of every customer at a moment, from history to a table."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from model.expecting import Expectation
from model.habits import FROM_PAST, habits
from model.saving import SPEND_DAYS
from model.scorer import ModelScorer
from stream.pipeline.features import N_FEATURES, NAMES
from stream.pipeline.policy import Policy
from stream.pipeline.scorer import NoScorer
from stream.replay.asking import Customers, ask_in_parts
from stream.replay.history import read_history
from stream.replay.replay import Replay, ReplaySettings
from topics.decode import Decoder
from topics.errors import InputError
from topics.parquet import TableWriter
from topics.scores import ScoreInput

ESTIMATES: Final = pa.schema(
    [
        ("user_id", pa.string()),
        ("asked_at_ms", pa.int64()),
        ("purchasing_power", pa.float64()),
        ("horizon_days", pa.float64()),
        ("spend_mean", pa.float64()),
        ("spend_median", pa.float64()),
        *((name, pa.float32()) for name in (*FROM_PAST, *NAMES)),
    ]
)
"""One row per customer. ``purchasing_power`` is the expected spend of 30 days, ``spend_mean`` and
``spend_median`` are of ``horizon_days``, all net of what is returned, in the shop's currency."""


class _OnlyPast(NoScorer):
    wants_past = True


def estimate(
    paths: Sequence[Path], decoder: Decoder, policy: Policy, scorer: ModelScorer, at_ms: int,
    out: Path, settings: ReplaySettings, advance: Callable[[float], None],
) -> int:  # fmt: skip
    """Write what every customer of a history before ``at_ms`` is expected to spend from then on.

    Everybody counts that any event came from, but for guests. ``advance`` is told how many events
    were read. Returns the number of rows. Raises InputError where the model tells no spend, or
    nobody came before the moment.
    """
    expects = scorer.expects
    if expects is None:
        raise InputError("this model tells no spend between events; train it on a longer history")
    replay = Replay(policy, _OnlyPast(N_FEATURES), settings)
    customers = Customers()
    for part in read_history(paths, decoder, until_ms=at_ms):
        replay.decide(part)
        customers.meet(part)
        advance(len(part.events))
    users = customers.tokens()
    if not len(users):
        raise InputError(f"no customer came before --at in {', '.join(map(str, paths))}")
    ids, begin = customers.ids(), 0
    with TableWriter(out, ESTIMATES) as writer:
        for x in ask_in_parts(replay, users, at_ms):
            writer.write_table(_table(ids[begin : begin + len(x)], x, expects))
            begin += len(x)
    return len(users)


def _table(ids: list[str], x: ScoreInput, expects: Expectation) -> pa.Table:
    """Return the rows of ESTIMATES of the customers ``ids``, of whom ``x`` is known."""
    mean, days = expects.mean(x), expects.horizon_days
    columns = [
        pa.array(ids, pa.string()),
        pa.array(x.rows["time_ms"].copy()),
        pa.array(mean * (SPEND_DAYS / days)),
        pa.array(np.full(len(x), float(days))),
        pa.array(mean),
        pa.array(expects.median(x)),
    ]
    known = habits(x, NAMES, days)[:, : len(FROM_PAST)]
    features = np.concatenate([known, x.features], 1)
    columns += [pa.array(column, mask=np.isnan(column)) for column in features.T.copy()]
    return pa.Table.from_arrays(columns, schema=ESTIMATES)
