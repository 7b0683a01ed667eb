"""`riskstream replay`: the history that lies in the topics, through the worker's pipeline."""

import argparse
from typing import TYPE_CHECKING

from stream.commands.judged import add_arguments, judge, plan_of, show, tell_bad
from stream.progress import shown
from stream.settings import Settings, add_flags, read_settings
from topics.errors import InputError
from topics.newfolder import new_folder

if TYPE_CHECKING:
    from stream.replay.aslogged import AsLogged
    from stream.replay.backtest import BacktestPlan
    from stream.replay.topichistory import TopicHistory

SUMMARY = "replay what lies in the topics and judge it, or compute again what the worker decided"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_arguments(parser)
    parser.add_argument(
        "--as-logged", action="store_true",
        help="take the order of events, and what links and labels said, from risk.decisions: for "
        "`riskstream parity`; writes no metrics",
    )  # fmt: skip
    add_flags(parser, "brokers", "policy", "reason_language", "threads")


def run(args: argparse.Namespace) -> int:
    """Replay from the topics; live state and topics are only read."""
    settings = read_settings(args)
    if args.as_logged and (args.drop_known is not None or args.unlabelled != "negative"):
        raise InputError("--as-logged judges nothing; it goes without --drop-known, --unlabelled")
    with new_folder(args.out) as out, shown("replaying") as advance:
        plan = plan_of(args, settings, out)
        from stream.loading import build_decoder
        from stream.replay.topichistory import TopicHistory

        source = TopicHistory(settings.brokers, build_decoder(settings), advance=advance)
        if args.as_logged:
            replayed = _as_logged(args, plan, settings, source)
        else:
            found, metrics = judge(
                source, plan, settings, args.model, lambda n: None, against=args.against
            )
    if args.as_logged:
        print(
            f"{replayed.n_reported:,} events replayed as logged, {replayed.n_unlogged:,} of them "
            f"without a logged decision; compare them by `riskstream parity --replayed {args.out}`"
        )
        tell_bad(replayed.bad.told, replayed.bad.n)
    else:
        show(metrics, args.out)
        tell_bad(found.bad.told, found.bad.n)
    return 0


def _as_logged(
    args: argparse.Namespace, plan: "BacktestPlan", settings: Settings, source: "TopicHistory"
) -> "AsLogged":
    import torch

    from model.scorer import ModelScorer
    from stream.loading import load_policy
    from stream.pipeline.features import NAMES
    from stream.replay.aslogged import replay_as_logged
    from stream.replay.logged import Logged
    from topics.hashing import Tokens

    torch.set_num_threads(settings.threads)
    return replay_as_logged(
        plan,
        source,
        Logged.read(settings.brokers, Tokens(settings.token_key.encode())),
        load_policy(settings.policy, settings.reason_language),
        ModelScorer.load(args.model, feature_names=NAMES, engine=settings.text_engine),
    )  # fmt: skip
