"""`make real`: decides all real events on a broker of its own and checks every count."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.kafka.broker import Broker
from tests.kafka.jars import missing_tools
from tests.real.deciding import Found, absent_tables, decide_real
from tests.real.model import small_model


def main() -> int:
    """Run it, print what came of it, and exit 1 where a count differs."""
    parser = argparse.ArgumentParser(prog="make real", description=__doc__)
    parser.add_argument(
        "--scoring", choices=("full", "none"), default="full",
        help="full (default): with a small model, trained first on a simulated shop",
    )  # fmt: skip
    args = parser.parse_args()
    if missing := missing_tools():
        print(f"make real: {missing}", file=sys.stderr)
        return 2
    if absent := absent_tables():
        print(
            f"make real: no {', '.join(absent)}; set RISKSTREAM_TEST_DATA to a folder "
            "that has them (see docs/data.md)",
            file=sys.stderr,
        )
        return 2
    with tempfile.TemporaryDirectory(prefix="riskstream-real-") as name:
        folder, model = Path(name), None
        if args.scoring == "full":
            print("training a small model on a simulated shop", flush=True)
            model, seconds = small_model(folder)
            print(f"trained in {seconds:.0f} s", flush=True)
        broker = Broker(folder / "kafka")
        broker.start()
        try:
            found = decide_real(broker.bootstrap, folder, n_reviews=None, model=model)
        finally:
            broker.stop()
    return report(found, args.scoring)


def report(found: Found, scoring: str) -> int:
    """Print the counts; return 0 where they are as they must be."""
    worked, n_in, n_dead = found.worked, found.expected.n_records, found.dead.total()
    users = found.expected.users
    n_out = found.n_distinct + worked.n_duplicates + n_dead
    n_with_score = found.n_distinct if scoring == "full" else 0
    checks = {
        f"{n_in:,} events in = {found.n_distinct:,} distinct decisions + "
        f"{worked.n_duplicates:,} duplicates + {n_dead:,} dead letters": n_in == n_out,
        f"{len(found.credit_users):,} of {len(users):,} users have a credit record": users.keys()
        == found.credit_users,
        f"{len(found.differing):,} of {len(users):,} users' counters differ from a plain count":
            not found.differing,
        f"{found.n_scored:,} decisions have scores, {found.n_degraded:,} of them without the "
        "vector of their text": found.n_scored == n_with_score,
    }  # fmt: skip
    for sentence, right in checks.items():
        print("ok    " if right else "WRONG ", sentence)
    print(
        f"produced in {found.produced_s:.1f} s; worker at its first batch after "
        f"{worked.ready_s:.1f} s, at its last {worked.seconds:.1f} s later: "
        f"{found.events_per_s:,.0f} events/s (--scoring {scoring})"
    )
    for user in found.differing[:5]:
        print(user, dict(found.expected.users.get(user, {})), dict(found.counters.get(user, {})))
    return 0 if all(checks.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
