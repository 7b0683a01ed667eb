"""`make real`: decides all real events on a broker of its own and checks every count."""

import sys
import tempfile
from pathlib import Path

from tests.kafka.broker import Broker
from tests.kafka.jars import missing_tools
from tests.real.deciding import DATA, TABLES, Found, decide_real


def main() -> int:
    """Run it, print what came of it, and exit 1 where a count differs."""
    if missing := missing_tools():
        print(f"make real: {missing}", file=sys.stderr)
        return 2
    absent = [table for table in TABLES.values() if not (DATA / table).is_dir()]
    if absent:
        print(
            f"make real: no {', '.join(absent)} in {DATA}; set RISKSTREAM_TEST_DATA to a folder "
            "that has them (see docs/data.md)",
            file=sys.stderr,
        )
        return 2
    with tempfile.TemporaryDirectory(prefix="riskstream-real-") as name:
        broker = Broker(Path(name) / "kafka")
        broker.start()
        try:
            found = decide_real(broker.bootstrap, Path(name), n_reviews=None)
        finally:
            broker.stop()
    return report(found)


def report(found: Found) -> int:
    """Print the counts; return 0 where they are as they must be."""
    n_dead = found.dead.total()
    users = found.expected.users
    checks = {
        f"{found.expected.n_records:,} events in = {found.n_distinct:,} distinct decisions + "
        f"{found.n_duplicates:,} duplicates + {n_dead:,} dead letters": found.expected.n_records
        == found.n_distinct + found.n_duplicates + n_dead,
        f"{len(found.credit_users):,} of {len(users):,} users have a credit record": users.keys()
        == found.credit_users,
        f"{len(found.differing):,} of {len(users):,} users' counters differ from a plain count":
            not found.differing,
    }  # fmt: skip
    for sentence, right in checks.items():
        print("ok    " if right else "WRONG ", sentence)
    print(f"{found.events_per_s:,.0f} events/s from the first batch to the last, no models")
    for user in found.differing[:5]:
        print(user, dict(found.expected.users.get(user, {})), dict(found.counters.get(user, {})))
    return 0 if all(checks.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
