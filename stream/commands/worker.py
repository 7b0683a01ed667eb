"""`riskstream worker`: reads the topics and publishes decisions, alerts and credit scores."""

import argparse
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from stream.settings import DEVELOPMENT_KEY, Settings, add_flags, read_settings

if TYPE_CHECKING:
    from stream.worker.settings import WorkerSettings

SUMMARY = "score events as they come; run as many as there are partitions"
FLAGS = (
    "brokers",
    "application",
    "partitions",
    "data_dir",
    "model_dir",
    "policy",
    "scoring",
    "device",
    "poll_max_records",
    "http_host",
    "http_port",
    "instance",
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Offer the settings that differ between workers; the others are environment variables."""
    add_flags(parser, *FLAGS)
    parser.add_argument(
        "--embedded-broker",
        action="store_true",
        help="the broker is the demo's, which makes topics by itself",
    )
    parser.add_argument(
        "--stats", type=Path, metavar="FILE", help="write what was done, as JSON, when stopping"
    )
    parser.epilog = "`riskstream settings` lists all settings."


def run(args: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT."""
    settings = read_settings(args)
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s"
    )
    if settings.token_key == DEVELOPMENT_KEY:
        logging.warning(
            "RISKSTREAM_TOKEN_KEY is not set: tokens are hashed with a key that everybody knows"
        )
    # Imported here, so that --help stays fast.
    from stream.warm import warm_up
    from stream.worker.build import build_processor
    from stream.worker.run import run as run_worker

    processor, links = build_processor(settings)
    warm_up(processor, links)
    worker = worker_settings(settings, embedded_broker=args.embedded_broker, stats_path=args.stats)
    return run_worker(worker, processor, links=links)


def worker_settings(
    settings: Settings, *, embedded_broker: bool = False, stats_path: Path | None = None
) -> "WorkerSettings":
    """Return the part of the settings that the worker itself needs, in its units."""
    from stream.worker.settings import WorkerSettings

    return WorkerSettings(
        brokers=settings.brokers,
        application=settings.application,
        partitions=settings.partitions,
        data_dir=settings.data_dir,
        instance=settings.instance,
        poll_max_records=settings.poll_max_records,
        poll_max_bytes=settings.poll_max_bytes,
        fetch_wait_ms=settings.fetch_wait_ms,
        batches_in_flight=settings.batches_in_flight,
        commit_interval_s=settings.commit_interval_ms / 1e3,
        session_timeout_s=settings.session_timeout_ms / 1e3,
        produce_timeout_s=settings.produce_timeout_ms / 1e3,
        cache_bytes=settings.cache_bytes,
        dead_letter_limit=settings.dead_letter_limit,
        watchdog_s=float(settings.watchdog_s),
        stop_timeout_s=float(settings.stop_timeout_s),
        http_host=settings.http_host,
        http_port=settings.http_port or None,
        embedded_broker=embedded_broker,
        stats_path=stats_path,
    )
