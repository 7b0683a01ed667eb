"""Train on one simulated market, and judge the model on later days of three others."""

import os
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch

from model.scorer import ModelScorer
from stream.bench.exam import examine
from stream.bench.scenarios import Found, found_in, summary_of
from stream.bench.simulated import simulated
from stream.loading import build_decoder, load_policy
from stream.pipeline.features import NAMES
from stream.progress import shown
from stream.replay.learning import Learning, learned_rows, train_on
from stream.settings import Settings
from topics.scratch import ScratchFolder
from topics.simulator import SimulatorConfig
from topics.simulator.config import DAY_MS
from topics.simulator.export import EVENTS_FILE, LABELS_FILE


@dataclass(frozen=True)
class MarketPlan:
    """Which markets to simulate and where to cut them.

    The model learns on market ``train_seed``, of ``train_users``, from what is known on day
    ``cut_day``, from events at least ``label_delay_days`` older; it is judged on the days from
    ``cut_day`` up to ``days`` of the markets ``test_seeds``, of ``users`` each. ``base``,
    ``max_texts``, ``max_rows`` and ``max_seconds`` are those of `riskstream train`.
    """

    train_users: int = 16_000
    users: int = 9_000
    days: int = 110
    cut_day: int = 70
    fraud_share: float = 0.015
    label_delay_days: float = 21.0
    train_seed: int = 101
    test_seeds: tuple[int, ...] = (201, 202, 203)
    base: str = "auto"
    max_texts: int = 4_000
    max_rows: int = 1_500_000
    max_seconds: float | None = None
    cache: Path = Path(".riskstream/bench")

    def config(self, seed: int) -> SimulatorConfig:
        """Return the market of a seed; the one to learn from ends at the cut."""
        if seed == self.train_seed:
            users, days = self.train_users, self.cut_day
        else:
            users, days = self.users, self.days
        return SimulatorConfig(users=users, days=days, seed=seed, fraud_share=self.fraud_share)

    @property
    def cut_ms(self) -> int:
        """The moment of training, in epoch milliseconds."""
        return self.config(self.train_seed).start_ms + self.cut_day * DAY_MS


def bench_market(plan: MarketPlan, settings: Settings) -> dict[str, Any]:
    """Measure and return the figures of `bench market`.

    Raises RuntimeError where too little fraud is known at the cut for a model to learn from.
    """
    began = time.monotonic()
    seeds = (plan.train_seed, *plan.test_seeds)
    n_tests = len(plan.test_seeds)
    with (
        ScratchFolder("riskstream-market-") as folder,
        ProcessPoolExecutor(
            min(os.cpu_count() or 1, len(seeds)), mp_context=get_context("spawn")
        ) as pool,
        shown(f"market: simulating, training, judging {n_tests} times", 2 + 2 * n_tests) as advance,
    ):
        for _ in pool.map(simulated, map(plan.config, seeds), repeat(plan.cache)):
            advance(1)
        what, model = _learning(plan, settings), folder / "model"
        rows = learned_rows(build_decoder(settings), load_policy(settings.policy), what)
        manifest = train_on(rows, what, model)
        if "fraud" not in manifest["heads"]:
            raise RuntimeError("too little fraud is known at the cut; simulate more users or days")
        advance(1)
        found = []
        for part in pool.map(
            _examine, plan.test_seeds, repeat(plan), repeat(settings), repeat(model)
        ):
            found.append(part)
            advance(1)
    return {
        "train": {
            "n": len(rows),
            "n_fraud": int((rows.label == 1).sum()),
            "text": manifest["text"],
            "metrics": manifest["metrics"],
            "fusion": manifest["fusion"],
        },
        "train_users": plan.train_users,
        "users": plan.users,
        "days": plan.days,
        "fraud_share": plan.fraud_share,
        "cut_day": plan.cut_day,
        "label_delay_days": plan.label_delay_days,
        "train_seed": plan.train_seed,
        "test_seeds": list(plan.test_seeds),
        "scenarios": summary_of(found),
        "seconds": time.monotonic() - began,
    }


def _learning(plan: MarketPlan, settings: Settings) -> Learning:
    shop = simulated(plan.config(plan.train_seed), plan.cache)
    return Learning(
        events=shop / EVENTS_FILE,
        labels=shop / LABELS_FILE,
        from_ms=0,
        until_ms=plan.cut_ms,
        label_delay_ms=int(plan.label_delay_days * DAY_MS),
        unlabelled="negative",
        horizon_ms=30 * DAY_MS,
        max_rows=plan.max_rows,
        base=plan.base,
        max_texts=plan.max_texts,
        max_seconds=plan.max_seconds,
        seed=0,
        zone_ms=settings.zone_minutes * 60_000,
        lag_ms=settings.visibility_lag_ms,
        threads=os.cpu_count() or 1,
    )


def _examine(seed: int, plan: MarketPlan, settings: Settings, model: Path) -> dict[str, Found]:
    """Judge the model on one market; runs in a process of its own."""
    torch.set_num_threads(1)
    shop = simulated(plan.config(seed), plan.cache)
    decoder, policy = build_decoder(settings), load_policy(settings.policy)
    scorer = ModelScorer.load(model, feature_names=NAMES)
    return found_in(examine(shop, plan.cut_ms, decoder, policy, scorer))
