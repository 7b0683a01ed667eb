"""`make faithful`: do the reasons of alerts name what raised their risk, in both languages?

On the handbook's test week, by a model trained as `make handbook` trains it, and on later days of
two simulated markets, by a model trained on a third. For each alert the features that its reasons
name are set to what is usual, and so are the four that deviate most by z-score; counted is where
the first lowers the risk further (see `tests.real.neutralising`).
"""

import argparse
import re
import sys
import tempfile
from pathlib import Path

import torch

from model.scorer import ModelScorer
from stream.bench.market import MarketPlan
from stream.bench.simulated import simulated
from stream.loading import build_decoder, load_policy
from stream.moment import moment_ms
from stream.pipeline.features import NAMES
from stream.replay.filehistory import FileHistory
from stream.settings import Settings
from tests.real.commands import riskstream
from tests.real.neutralising import alerted, shares
from tests.real.protocol import PROTOCOL, TABLE
from topics.reasons import Reason
from topics.records import LATEST_MS
from topics.simulator.export import EVENTS_FILE, LABELS_FILE

LEAST = 0.8
"""Of the alerts, the share whose risk must fall further by their reasons."""

PLAN = MarketPlan(train_users=6_000, users=4_000, test_seeds=(201, 202))
BOUNDS = ("--max-texts", "1500", "--max-seconds", "240")
BOTH = re.compile(r"[^\u4e00-\u9fff]+ / [^/]*[\u4e00-\u9fff][^/]*")


def main() -> int:
    """Measure, print, and exit 1 where a share is too low or an alert lacks a reason."""
    parser = argparse.ArgumentParser(prog="make faithful", description=__doc__)
    parser.add_argument("--handbook-model", type=Path, help="instead of training one")
    parser.add_argument("--market-model", type=Path, help="instead of training one")
    args = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="riskstream-faithful-") as name:
        good = on_markets(Path(name), args.market_model)
        if TABLE.exists():
            good.append(on_handbook(Path(name), args.handbook_model))
        else:
            print(f"left out: the handbook's week; there is no {TABLE} (see docs/data.md)")
    return 0 if all(good) else 1


def on_handbook(folder: Path, model: Path | None) -> bool:
    """Judge the alerts of the test week, 2018-08-08 to 14."""
    data = folder / "handbook"
    riskstream("import", "handbook", str(TABLE), "--out", str(data))
    if model is None:
        model = folder / "handbook-model"
        riskstream("train", *_named(data), *PROTOCOL.training, "--out", str(model))
    days = moment_ms("2018-08-08", "from"), moment_ms("2018-08-15", "to")
    return judged("handbook, test week", data, days, model)


def on_markets(folder: Path, model: Path | None) -> list[bool]:
    """Judge the alerts of the markets, from the day on which the model learned from another."""
    if model is None:
        model = folder / "market-model"
        shop = simulated(PLAN.config(PLAN.train_seed), PLAN.cache)
        delay = ("--label-delay", f"{PLAN.label_delay_days:g}")
        riskstream("train", *_named(shop), "--until", str(PLAN.cut_ms), *delay, *BOUNDS,
                   "--out", str(model))  # fmt: skip
    return [
        judged(f"market {seed}", simulated(PLAN.config(seed), PLAN.cache),
               (PLAN.cut_ms, LATEST_MS), model)
        for seed in PLAN.test_seeds
    ]  # fmt: skip


def judged(what: str, data: Path, span_ms: tuple[int, int], model: Path) -> bool:
    """Print the table of one history, and return whether all is as it should be."""
    scorer = ModelScorer.load(model, feature_names=NAMES)
    policy = load_policy(None, "both")
    history = FileHistory(data / EVENTS_FILE, data / LABELS_FILE, build_decoder(Settings()))
    alerts = alerted(history, *span_ms, policy, scorer)
    n_told = sum(map(_is_told, alerts.reasons))
    print(f"\n{what:<44}{'alerts':>7}{'share':>9}{'even':>7}")
    found = list(shares(alerts, policy, scorer))
    print("\n".join(map(str, found)))
    print(f"with one to four reasons, each in English and Chinese: {n_told:,} of {len(alerts):,}",
          flush=True)  # fmt: skip
    return found[0].n_further >= LEAST * found[0].n and n_told == len(alerts)


def _is_told(reasons: list[Reason]) -> bool:
    return 1 <= len(reasons) <= 4 and all(BOTH.fullmatch(reason.text) for reason in reasons)


def _named(folder: Path) -> tuple[str, ...]:
    return "--events", str(folder / EVENTS_FILE), "--labels", str(folder / LABELS_FILE)


if __name__ == "__main__":
    sys.exit(main())
