"""``riskstream tail``: what the output topics hold, on the screen or as a file."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.text import Text

from stream.moment import moment_ms
from stream.printing import alert_text, credit_text, decision_text
from stream.progress import shown
from stream.settings import add_flags, read_settings
from topics.catalog import ALERTS, CREDIT_SCORES, DECISIONS
from topics.consuming import n_records_in, read_topic
from topics.errors import InputError
from topics.files import Writer, require_record_name, write_records
from topics.newest import newest_records
from topics.outputtable import ALERT, CREDIT, OutputWriter

SUMMARY = "print an output topic, or write it to a file"

Record = dict[str, Any]
_TOPICS = {"alerts": ALERTS, "scores": CREDIT_SCORES, "decisions": DECISIONS}
_TEXTS: dict[str, Callable[[Record], Text]] = {
    "alerts": alert_text,
    "scores": credit_text,
    "decisions": decision_text,
}
_TIMES = {"alerts": "event_time_ms", "scores": "updated_at_ms", "decisions": "event_time_ms"}
_KEYS = {"alerts": "event_id", "scores": "user_id", "decisions": "event_id"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("what", metavar="alerts|scores|decisions", choices=_TOPICS, help="a topic")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.add_argument("--follow", action="store_true", help="go on when the end is reached")
    parser.add_argument(
        "--from",
        dest="from_",
        metavar="TIME",
        help="only what happened from then on (of scores: what was computed)",
    )
    parser.add_argument("--to", metavar="TIME", help="only what happened before")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help=".parquet or .jsonl[.gz|.zst]: one row per event (of scores: per user), the last "
        "record of each",
    )
    add_flags(parser, "brokers")


def run(args: argparse.Namespace) -> int:
    """Print what there is, or write it."""
    if args.out is not None and (args.follow or args.json):
        raise InputError("--out writes what there is; it goes without --follow and --json")
    if args.out is not None:
        require_record_name(args.out)
    brokers = read_settings(args).brokers
    wanted = _between(args)
    if args.out is None:
        _print(args, brokers, wanted)
    else:
        _write(args, brokers, wanted)
    return 0


def _between(args: argparse.Namespace) -> Callable[[Record], bool]:
    from_ms = moment_ms(args.from_, "--from") if args.from_ else -(1 << 62)
    to_ms = moment_ms(args.to, "--to") if args.to else 1 << 62
    if from_ms >= to_ms:
        raise InputError(f"--from {args.from_} is not before --to {args.to}")
    field = _TIMES[args.what]
    return lambda record: from_ms <= record[field] < to_ms


def _print(args: argparse.Namespace, brokers: str, wanted: Callable[[Record], bool]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for taken in read_topic(brokers, _TOPICS[args.what], follow=args.follow):
        for value in taken.values:
            if value is None or not wanted(record := _record(value, args.what)):
                continue
            if args.json:
                print(orjson.dumps(_named(record)).decode())
            elif console.is_terminal:
                console.print(_TEXTS[args.what](record))
            else:
                print(_TEXTS[args.what](record).plain)
        sys.stdout.flush()


def _write(args: argparse.Namespace, brokers: str, wanted: Callable[[Record], bool]) -> None:
    topic, n_rows = _TOPICS[args.what], 0
    with (
        shown(f"reading {topic}", 2 * n_records_in(brokers, topic)) as progress,
        _writer(args.what, args.out) as writer,
    ):
        for values in newest_records(brokers, topic, _KEYS[args.what], progress=progress):
            rows = [_named(r) for value in values if wanted(r := _record(value, args.what))]
            writer.write(rows)
            n_rows += len(rows)
    print(f"{n_rows:,} rows of {topic} in {args.out}")


def _writer(what: str, out: Path) -> Writer:
    if out.suffix != ".parquet":
        return write_records(out)
    if what == "decisions":
        return OutputWriter(out, feature_names=_feature_table()[1])
    return OutputWriter(out, ALERT if what == "alerts" else CREDIT)


def _record(value: bytes, what: str) -> Record:
    try:
        record = orjson.loads(value)
    except orjson.JSONDecodeError:
        record = None
    if not isinstance(record, dict) or not isinstance(record.get(_TIMES[what]), int):
        raise InputError(f"{_TOPICS[what]} holds a record that is none of ours: {value[:80]!r}")
    return record


def _named(record: Record) -> Record:
    """Return the record with its features by name."""
    if "features" not in record:
        return record
    version, names = _feature_table()
    if record.get("feature_version") != version or len(record["features"]) != len(names):
        raise InputError(
            f"decision {record.get('decision_id')} has features of version "
            f"{record.get('feature_version')}, and this release knows {version}; choose a --from "
            "after the change, or read it with the release that wrote it"
        )
    return {**record, "features": dict(zip(names, record["features"], strict=True))}


def _feature_table() -> tuple[str, tuple[str, ...]]:
    # Imported here: it takes a second, and the other topics have no features.
    from stream.pipeline.features import FEATURE_VERSION, NAMES

    return FEATURE_VERSION, NAMES
