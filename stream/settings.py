"""All settings of a program: one frozen object, built once from the environment and flags."""

import argparse
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from stream.setting import declare, shown_default, shown_range, value_of
from topics.errors import InputError

PREFIX = "RISKSTREAM_"
DEVELOPMENT_KEY = "riskstream development key: set a secret of your own"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that a deployment may choose; thresholds are not here but in the policy file."""

    brokers: str = declare("127.0.0.1:9092", "Kafka bootstrap servers, `host:port,host:port`.")
    application: str = declare(
        "riskstream",
        "Consumer group, and prefix of the internal topics; one per deployment.",
        longest_name=180,
    )
    partitions: int = declare(
        8, "Partitions of every input topic and changelog; never changed later.", low=1, high=1000
    )
    data_dir: Path = declare(
        Path(".riskstream/state"), "Folder of the local store; rebuilt from the changelog if lost."
    )
    model_dir: Path = declare(
        Path(".riskstream/model"), "Folder of a trained model, or of versions: newest is used."
    )
    policy: str = declare("", "Policy file (JSON) with the thresholds; empty: the built-in one.")
    reason_language: str = declare(
        "en",
        "Language of `reasons[].text`; `both`: English, then Chinese after a slash.",
        choices=("en", "zh", "both"),
    )
    scoring: str = declare(
        "full",
        "`none`: rules of the policy alone, no model.",
        choices=("full", "none"),
    )
    device: str = declare("cpu", "Where the model runs.", choices=("cpu", "cuda"))
    text_engine: str = declare(
        "auto",
        "How texts are encoded: `float32`, `bfloat16`, `auto` (the latter on CUDA, else the "
        "former), or a folder that `riskstream export` wrote, for int8.",
    )
    threads: int = declare(1, "Threads of one worker's matrix products.", low=1, high=256)
    token_key: str = declare(
        DEVELOPMENT_KEY,
        "Secret key of the hashes that stand for devices, addresses, instruments and IPs.",
        secret=True,
    )
    zone_minutes: int = declare(
        0, "The shop's offset from UTC, for night and weekend.", low=-720, high=840
    )
    visibility_lag_ms: int = declare(
        2_000,
        "Event time that passes before other users see a link to an entity.",
        low=0,
        high=86_400_000,
    )
    future_limit_ms: int = declare(
        300_000,
        "An event this far ahead of its Kafka timestamp is a dead letter.",
        low=0,
        high=31_536_000_000,
    )
    max_record_bytes: int = declare(
        262_144, "A larger record is a dead letter.", low=1_024, high=1_048_576
    )
    text_deadline_ms: int = declare(
        250,
        "After this long an event is decided without its text's vector, as degraded; sooner in "
        "rounds of more than 500 events.",
        low=0,
        high=60_000,
    )
    score_timeout_ms: int = declare(
        10_000,
        "A model that takes longer for a batch is down: rules and forest decide until it is back.",
        low=100,
        high=600_000,
    )
    dead_letter_limit: int = declare(
        1_000,
        "More dead letters than this among a partition's last 10,000 records stop the worker.",
        low=1,
        high=10_000,
    )
    poll_max_records: int = declare(
        5_000,
        "Most records that one poll hands over, all partitions together.",
        low=1,
        high=50_000,
    )
    poll_max_bytes: int = declare(
        4_194_304, "Most bytes of one partition in one fetch.", low=65_536, high=67_108_864
    )
    fetch_wait_ms: int = declare(
        50, "How long the broker may hold back an empty fetch.", low=1, high=5_000
    )
    batches_in_flight: int = declare(
        2, "Unfinished batches of a topic partition that pause its fetching.", low=1, high=64
    )
    commit_interval_ms: int = declare(
        1_000, "Time between two commits of offsets.", low=10, high=60_000
    )
    session_timeout_ms: int = declare(
        10_000, "A worker silent for this long loses its partitions.", low=1_000, high=300_000
    )
    produce_timeout_ms: int = declare(
        30_000,
        "How long an unacknowledged record may take before the worker stops.",
        low=1_000,
        high=600_000,
    )
    instance: str = declare(
        "",
        "Static member name; keeps a restarted worker's partitions. Unique per worker.",
        longest_name=64,  # with the application's, below Kafka's limit of 249
    )
    cache_bytes: int = declare(
        33_554_432,
        "Memory for raw values of the local store, all partitions together.",
        low=0,
        high=1 << 40,
    )
    watchdog_s: int = declare(
        60, "A worker with lag and without progress for this long ends itself.", low=5, high=3_600
    )
    stop_timeout_s: int = declare(
        20, "How long running batches may take to finish at a stop or rebalance.", low=1, high=300
    )
    http_host: str = declare("127.0.0.1", "Address of the metrics and health endpoints.")
    http_port: int = declare(9464, "Port of these endpoints; 0 turns them off.", low=0, high=65535)


def read_settings(
    flags: argparse.Namespace | None = None, environ: Mapping[str, str] | None = None
) -> Settings:
    """Build the settings: defaults, then `RISKSTREAM_*` variables, then flags that were given.

    `flags` are those of `add_flags`; `environ` is the process's environment unless given.

    Raises InputError naming the variable or flag that is unknown, malformed or out of range.

    >>> read_settings(environ={"RISKSTREAM_PARTITIONS": "4"}).partitions
    4
    >>> read_settings(environ={"RISKSTREAM_PARTITIONS": "none"})
    Traceback (most recent call last):
    topics.errors.InputError: RISKSTREAM_PARTITIONS is 'none'; it must be a whole number
    """
    known = {PREFIX + item.name.upper(): item for item in fields(Settings)}
    chosen: dict[str, Any] = {}
    for variable, text in (os.environ if environ is None else environ).items():
        if variable not in known:
            if variable.startswith(PREFIX) and not variable.startswith(PREFIX + "TEST_"):
                raise InputError(f"{variable} is not a setting; `riskstream settings` lists them")
            continue
        chosen[known[variable].name] = value_of(known[variable], text, variable)
    for name, text in vars(flags).items() if flags else ():
        if name.startswith("setting_") and text is not None:
            item = known[PREFIX + name.removeprefix("setting_").upper()]
            chosen[item.name] = value_of(item, text, "--" + item.name.replace("_", "-"))
    return replace(Settings(), **chosen)


def calm_threads() -> None:
    """Have OpenMP's threads spin for microseconds, not milliseconds, before they sleep.

    To be called before scikit-learn or PyTorch are loaded. A thread that waits for one whose
    processor is taken keeps its own busy for nothing: two fits at once on two processors took 4 to
    40 times as long as one alone. What the environment says of it already stays as it is.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")


def add_flags(parser: argparse.ArgumentParser, *names: str) -> None:
    """Offer the named settings as flags of a command, for `read_settings` to pick up."""
    table = {item.name: item for item in fields(Settings)}
    for name in names:
        item = table[name]
        parser.add_argument(
            "--" + name.replace("_", "-"),
            dest="setting_" + name,
            metavar="|".join(item.metadata["choices"]) or "X",
            help=f"{item.metadata['text']} ({PREFIX}{name.upper()}; {shown_default(item)})",
        )


def setting_rows() -> Iterator[tuple[str, str, str, str]]:
    """Yield (variable, default, range, sentence) of every setting, for documents and screens."""
    for item in fields(Settings):
        yield (
            PREFIX + item.name.upper(),
            shown_default(item),
            shown_range(item),
            item.metadata["text"],
        )
