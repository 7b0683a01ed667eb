"""`make copies`: a history ten times as long takes ten times the time and no more memory.

Copies of the Fraud Detection Handbook's 1,754,155 events follow one another, the same customers
183 days later each time, and are decided and judged like one. Prints seconds and the peak memory
of all processes of the command together (proportional set size, from /proc).
"""

import argparse
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from tests.real.commands import riskstream
from tests.real.protocol import PROTOCOL, TABLE
from topics.files import read_chunks, write_records

COPY_DAYS = 183
MS_PER_DAY = 86_400_000
FIRST = datetime(2018, 4, 1, tzinfo=UTC)
IDS = ("event_id", "order_id", "label_id")
TIMES = ("event_time", "known_at")
EVERY_S = 0.5


def main() -> int:
    """Run it and print the two lines and their ratios."""
    parser = argparse.ArgumentParser(prog="make copies")
    parser.add_argument("--copies", type=int, default=10, metavar="N", help="default 10")
    copies = parser.parse_args().copies
    if not TABLE.exists():
        print(f"make copies: no {TABLE}; set RISKSTREAM_TEST_DATA (see docs/data.md)")
        return 2
    with tempfile.TemporaryDirectory(prefix="riskstream-copies-") as name:
        folder = Path(name)
        one, many = folder / "one", folder / "many"
        riskstream("import", "handbook", str(TABLE), "--out", str(one))
        model = folder / "model"
        riskstream("train", "--events", str(one), "--labels", str(one), *PROTOCOL.training,
                   "--out", str(model))  # fmt: skip
        copy(one, many, copies)
        first = measured(one, model, 1, folder / "judged-1")
        last = measured(many, model, copies, folder / f"judged-{copies}")
        print(f"{copies} copies take {last[0] / first[0]:.2f} times the time and "
              f"{last[1] / first[1]:.2f} times the memory")  # fmt: skip
    return 0


def copy(source: Path, folder: Path, n: int) -> None:
    """Write ``n`` copies of the files of a folder, one after the other in time."""
    folder.mkdir()
    for path in sorted(source.iterdir()):
        with write_records(folder / path.name) as writer:
            for number in range(n):
                for chunk in read_chunks(path):
                    writer.write(moved(orjson.loads(value), number) for value in chunk.values)


def moved(record: dict, number: int) -> bytes:
    """Return a record of the copy ``number``: its own ids, and its times later."""
    ids = {name: f"{record[name]}-{number}" for name in IDS if name in record}
    later = number * COPY_DAYS * MS_PER_DAY
    times = {name: record[name] + later for name in TIMES if name in record}
    return orjson.dumps(record | ids | times)


def measured(data: Path, model: Path, n: int, out: Path) -> tuple[float, float]:
    """Backtest everything; return seconds and the peak of the memory in MB."""
    end = FIRST + timedelta(days=COPY_DAYS * n)
    command = [
        *(sys.executable, "-m", "stream", "backtest", "--model", str(model)),
        *("--events", str(data), "--labels", str(data)),
        "--from", FIRST.date().isoformat(), "--to", end.date().isoformat(), "--out", str(out),
    ]  # fmt: skip
    began, peak = time.monotonic(), 0.0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            peak = max(peak, sum(map(share_mb, family(process.pid))))
            time.sleep(EVERY_S)
    if process.returncode:
        raise SystemExit(f"riskstream backtest ended with code {process.returncode}")
    seconds = time.monotonic() - began
    decided = orjson.loads((out / "metrics.json").read_bytes())["n_decided"]
    print(f"{decided:,} events decided and judged in {seconds:.0f} s, {peak:,.0f} MB", flush=True)
    return seconds, peak


def family(pid: int) -> list[int]:
    """Return a process and all below it."""
    found = [pid]
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [one for child in path.read_text().split() for one in family(int(child))]
        except FileNotFoundError:
            continue  # it has ended
    return found


def share_mb(pid: int) -> float:
    """Return a process's proportional set size, 0 where it has ended."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    lines = [line.split() for line in text.splitlines() if line.startswith("Pss:")]
    return int(lines[0][1]) / 1024 if lines else 0.0


if __name__ == "__main__":
    sys.exit(main())
