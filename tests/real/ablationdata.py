"""What `make ablation` learns from and is tested on: a card stream and a simulated market."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import model.rows
from model.rows import TrainingRows
from stream.bench.market import MarketPlan
from stream.bench.simulated import simulated
from stream.loading import build_decoder, load_policy
from stream.moment import moment_ms
from stream.pipeline.windows import DAY_MS
from stream.replay.learning import Learning, learned_rows
from stream.settings import Settings
from tests.real.protocol import DELAY_DAYS, PROTOCOL, WEEK, imported, rows_of_test
from topics.hashing import Tokens
from topics.simulator.export import EVENTS_FILE, LABELS_FILE

PLAN = MarketPlan(train_users=6_000, users=4_000, test_seeds=(201, 202))
KNOWN_DAYS = 200
"""After the end of a market, by when all its labels are known."""


@dataclass(frozen=True, eq=False)
class Task:
    """Rows to learn from, and later ones to be tested on, with what became known of them."""

    name: str
    rows: TrainingRows
    test: TrainingRows


def handbook(folder: Path) -> Task:
    """Return the protocol's training week, and the rows of its test."""
    data = folder / "handbook"
    imported(data)
    begin, end = (moment_ms(str(day), "") for day in (PROTOCOL.tests, PROTOCOL.tests + WEEK))
    rows = learned(data, data, moment_ms(str(PROTOCOL.trains), ""), begin, DELAY_DAYS)
    later = learned(data, data, begin, end + (DELAY_DAYS + 1) * DAY_MS, 0)
    number, customer, fraud = rows_of_test(PROTOCOL)
    tokens = Tokens(Settings().token_key.encode())
    token = np.array([tokens.of(f"handbook-{n}") for n in number.tolist()], np.uint64)
    order = np.argsort(later.x.rows["event"])
    at = order[np.searchsorted(later.x.rows["event"][order], token)]
    if not (later.x.rows["event"][at] == token).all():
        raise ValueError("the replay lacks transactions of the test week")
    test = later.take(at)
    return Task("handbook", rows, replace(test, label=fraud.astype(np.int8), user=customer))


def market(folder: Path, plan: MarketPlan = PLAN) -> Task:
    """Return what is known of one market at its cut, and the later days of two others."""
    shop = simulated(plan.config(plan.train_seed), plan.cache)
    delay = plan.label_delay_days
    rows = learned(shop / EVENTS_FILE, shop / LABELS_FILE, 0, plan.cut_ms, delay)
    tests = []
    for seed in plan.test_seeds:
        config, shop = plan.config(seed), simulated(plan.config(seed), plan.cache)
        until = config.end_ms + KNOWN_DAYS * DAY_MS
        tests.append(learned(shop / EVENTS_FILE, shop / LABELS_FILE, plan.cut_ms, until, 0))
    return Task("market", rows, joined(tests))


def learned(
    events: Path, labels: Path, from_ms: int, until_ms: int, delay_days: float
) -> TrainingRows:
    """Return the rows of a history by the settings of `riskstream train`, without its forest."""
    settings = Settings()
    what = Learning(
        events=events, labels=labels, from_ms=from_ms, until_ms=until_ms,
        label_delay_ms=int(delay_days * DAY_MS), unlabelled="negative", horizon_ms=30 * DAY_MS,
        max_rows=600_000, base="none", max_texts=0, max_seconds=None, seed=0,
        zone_ms=settings.zone_minutes * 60_000, lag_ms=settings.visibility_lag_ms, threads=1,
    )  # fmt: skip
    return learned_rows(build_decoder(settings), load_policy(None), what)


def joined(parts: list[TrainingRows]) -> TrainingRows:
    """Return rows one after another; the users of different parts are different people."""
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("label", "turned_bad", "spend", "time_ms")
    }
    users = [part.user ^ np.uint64(i) for i, part in enumerate(parts)]
    x = model.rows.joined([part.x for part in parts])
    return replace(parts[0], x=x, user=np.concatenate(users), asked=None, **columns)
