"""``riskstream topics create`` and ``check``: the topics of the contract on a cluster."""

import argparse
import sys

from stream.settings import Settings, add_flags, read_settings
from topics.catalog import TopicSpec, catalogue
from topics.errors import InputError
from topics.topicadmin import MISSING, check_topics, create_topics

SUMMARY = "create the topics on a cluster, or check them"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "do",
        metavar="create|check",
        choices=("create", "check"),
        help="create: make the missing ones; check: exit 1 where one differs",
    )
    parser.add_argument(
        "--replication",
        type=int,
        default=1,
        metavar="N",
        help="copies of each topic: created with so many, checked for at least so many (default 1)",
    )
    add_flags(parser, "brokers", "partitions", "application")


def run(args: argparse.Namespace) -> int:
    """Create or check; 1 where a topic is not as it should be."""
    if args.replication < 1:
        raise InputError(f"--replication is {args.replication}; it must be 1 or more")
    settings = read_settings(args)
    specs = _specs(settings, args.replication)
    created = create_topics(settings.brokers, specs) if args.do == "create" else []
    for spec in specs:
        if spec.name in created:
            print(f"created {spec.name}: {spec.partitions} partitions, {_kept(spec)}")
    problems = check_topics(settings.brokers, specs)
    for problem in problems:
        print(problem, file=sys.stderr)
    if any(problem.endswith(MISSING) for problem in problems):
        print("create the missing topics: run `riskstream topics create`", file=sys.stderr)
    if not problems:
        print(f"all {len(specs)} topics at {settings.brokers} are as they should be")
    return 1 if problems else 0


def _specs(settings: Settings, replication: int) -> list[TopicSpec]:
    return catalogue(
        partitions=settings.partitions,
        replication=replication,
        application=settings.application,
    )


def _kept(spec: TopicSpec) -> str:
    if spec.compacted:
        return "compacted"
    return "kept" if spec.retention_ms is None else f"{spec.retention_ms / 86_400_000:.0f} days"
