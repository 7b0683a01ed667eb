"""`make reviews`: what the words of reviews tell, by the commands, in English and in Chinese.

English reviews, written by people or by a machine: five folds, each judged by a model that learned
from the other four. Chinese reviews of shops, content or not: a random fifth is judged by a model
that learned from the rest. Neither set has users or times; every review gets a user of its own, and
those to judge come after those to learn from, in an order drawn at random. Beside each accuracy
stands that of logistic regression on TF-IDF (English: words; Chinese: runs of one to three
characters), learned from and judged on the same reviews.
"""

import argparse
import csv
import gzip
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import orjson
import pyarrow.parquet as pq
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from tests.real.commands import riskstream
from tests.real.deciding import DATA
from topics.files import write_records

ENGLISH = DATA / "reviews_fake_en"
CHINESE = DATA / "reviews_zh"
SEED, FOLDS = 0, 5
START_MS, CUT_MS, STEP_MS = 1_735_689_600_000, 1_767_225_600_000, 60_000
"""2025-01-01 and 2026-01-01 (UTC), between which what is learned from lies; a minute apart."""

CUT, END = "2026-01-01", "2027-01-01"
MOST_SECONDS = 20
"""For the epochs of the network, which finds nothing in one event per user."""

Review = tuple[str, bool]


def main() -> int:
    """Run both sets and print the tables."""
    parser = argparse.ArgumentParser(prog="make reviews", description=__doc__)
    parser.add_argument("--base", default="none", help="text encoder of `riskstream train`")
    parser.add_argument(
        "--fine-tune", choices=("lora", "full"), help="as `riskstream train` has it"
    )
    parser.add_argument("--only", choices=("english", "chinese"), help="run one of the two sets")
    parser.add_argument("--folds", type=int, default=FOLDS, help="English folds to run (default 5)")
    args = parser.parse_args()
    if absent := [str(path) for path in (ENGLISH, CHINESE) if not path.is_dir()]:
        print(f"make reviews: no {', '.join(absent)}; set RISKSTREAM_TEST_DATA (see docs/data.md)",
              file=sys.stderr)  # fmt: skip
        return 2
    how = ("--base", args.base, "--max-seconds", str(MOST_SECONDS))
    if args.fine_tune:
        how = ("--base", args.base, "--fine-tune", args.fine_tune)
    if args.only != "chinese":
        english(how, args.folds)
    if args.only != "english":
        chinese(how)
    return 0


def english(how: Sequence[str], n_folds: int) -> None:
    """Print the accuracy of each fold and of all of them together."""
    reviews = [(row["text"], row["is_human"] == "0") for row in table(ENGLISH)]
    fold = np.random.default_rng(SEED).permutation(len(reviews)) % FOLDS
    ours, others = [], []
    print(f"{len(reviews):,} English reviews, written by people or by a machine", flush=True)
    for k in range(n_folds):
        learned, judged = ([reviews[i] for i in np.flatnonzero(part)]
                           for part in (fold != k, fold == k))  # fmt: skip
        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
        ours.append(accuracy(learned, judged, how, f"fold {k + 1}"))
        others.append(baseline(learned, judged, words))
        print(f"fold {k + 1}: riskstream {ours[-1]:.1%}, TF-IDF {others[-1]:.1%}", flush=True)
    print(f"mean of {n_folds}: riskstream {np.mean(ours):.2%}, TF-IDF {np.mean(others):.2%}")


def chinese(how: Sequence[str]) -> None:
    """Print the accuracy on a random fifth."""
    cells = ((row["review"], row["label"] == "0") for row in table(CHINESE))
    stripped = (((text or "").strip("\ufeff \u3000\t\r\n"), bad) for text, bad in cells)
    reviews = [(text, bad) for text, bad in stripped if text]
    order = np.random.default_rng(SEED).permutation(len(reviews)).tolist()
    n = len(reviews) * 4 // 5
    learned, judged = ([reviews[i] for i in part] for part in (order[:n], order[n:]))
    print(f"{len(reviews):,} Chinese reviews, content or not", flush=True)
    ours = accuracy(learned, judged, how, "chinese")
    characters = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, min_df=2)
    print(f"a fifth: riskstream {ours:.2%}, TF-IDF {baseline(learned, judged, characters):.2%}")


def table(folder: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of the tables in a folder."""
    csv.field_size_limit(1 << 24)
    for path in sorted(folder.glob("*.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)


def accuracy(
    learned: Sequence[Review], judged: Sequence[Review], how: Sequence[str], name: str
) -> float:
    """Return the share of ``judged`` that a model of ``learned`` has on the right side of 1/2.

    ``how`` are further words of `riskstream train`.
    """
    with tempfile.TemporaryDirectory(prefix="riskstream-reviews-") as folder_name:
        folder = Path(folder_name)
        data, model, out = folder / "data", folder / "model", folder / "test"
        rng = np.random.default_rng(SEED)
        write(data, [learned[i] for i in rng.permutation(len(learned)).tolist()], judged)
        history, began = ("--events", str(data), "--labels", str(data)), time.monotonic()
        print(f"  {name}: training on {len(learned):,} reviews ...", flush=True)
        said = riskstream("train", *history, "--until", CUT, *how, "--out", str(model))
        told = (line for line in said.splitlines() if "gives" in line or "encoder" in line)
        print("\n".join(f"  {name}: {line}" for line in told))
        seconds = time.monotonic() - began
        print(f"  {name}: judging {len(judged):,}, after {seconds:.0f} s ...", flush=True)
        riskstream("backtest", *history, "--model", str(model), "--from", CUT, "--to", END,
                   "--out", str(out))  # fmt: skip
        found = pq.read_table(out / "decisions.parquet", columns=["event_id", "p_fraud"])
        truth = {f"judged-{i}": fraud for i, (_, fraud) in enumerate(judged)}
        assert len(found) == len(truth), (len(found), len(truth))
        manifest = orjson.loads((model / "manifest.json").read_bytes())
        words = {key: manifest["words"][key] for key in ("strength", "share_of_order")}
        print(f"  {name}: weights {manifest['fusion']}, words {words}", flush=True)
    ids, p = found["event_id"].to_pylist(), found["p_fraud"].to_pylist()
    right = [(p > 0.5) == truth[i] for i, p in zip(ids, p, strict=True)]
    return sum(right) / len(right)


def write(folder: Path, learned: Sequence[Review], judged: Sequence[Review]) -> None:
    """Write events and labels: those to learn from, in their order, end before the cut."""
    with (
        write_records(folder / "events.jsonl.zst") as events,
        write_records(folder / "labels.jsonl.zst") as labels,
    ):
        for kind, part, start in (("learned", learned, START_MS), ("judged", judged, CUT_MS)):
            times = [start + i * STEP_MS for i in range(len(part))]
            events.write(
                [
                    event(f"{kind}-{i}", text, ms)
                    for i, ((text, _), ms) in enumerate(zip(part, times, strict=True))
                ]
            )
            labels.write(
                [
                    label(f"{kind}-{i}", fraud, ms)
                    for i, ((_, fraud), ms) in enumerate(zip(part, times, strict=True))
                ]
            )


def event(name: str, text: str, ms: int) -> dict:
    return {"type": "review", "event_id": name, "user_id": f"user-{name}", "event_time": ms,
            "review_id": name, "rating": 3, "text": text}  # fmt: skip


def label(name: str, fraud: bool, ms: int) -> dict:
    return {"label_id": f"label-{name}", "user_id": f"user-{name}", "kind": "fake_review",
            "is_fraud": fraud, "event_id": name, "event_time": ms, "known_at": ms + 1000,
            "source": "published table"}  # fmt: skip


def baseline(learned: Sequence[Review], judged: Sequence[Review], words: TfidfVectorizer) -> float:
    """Return the accuracy of logistic regression on TF-IDF."""
    x = words.fit_transform([text for text, _ in learned])
    regression = LogisticRegression(C=10, solver="liblinear", random_state=SEED)
    regression.fit(x, [fraud for _, fraud in learned])
    found = regression.predict(words.transform([text for text, _ in judged]))
    return float(np.mean(found == np.array([fraud for _, fraud in judged])))


if __name__ == "__main__":
    sys.exit(main())
