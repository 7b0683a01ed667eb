"""The programs that are compared: how each is started, where it answers, what it is."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from tests.bench.peers.environments import interpreter
from tests.bench.peers.jars import built_jars
from tests.bench.peers.job import EVENTS, PREFIX

CACHE_BYTES = 256 << 20
"""Memory for Kafka Streams' cache of records, as much as our worker has for its own."""


@dataclass(frozen=True)
class Program:
    """A program that is ready to run; ``changelog`` is its topic of states, None without one."""

    name: str
    versions: str
    command: list[str]
    output: str
    changelog: str | None


Maker = Callable[[str, Path, Path], Program]
"""Makes a program from the address of the broker, its folder and the folder for downloads."""


def _ours(brokers: str, folder: Path, cache: Path) -> Program:
    output = PREFIX + "risk.decisions"
    command = _python(Path(sys.executable), "ours", brokers, output, folder)
    about = f"this checkout, Python {sys.version.split()[0]}"
    return Program("riskstream", about, command, output, PREFIX + "ours.changelog")


def _faust(brokers: str, folder: Path, cache: Path) -> Program:
    output = PREFIX + "answers.faust"
    command = _python(Path(sys.executable), "stockfaust", brokers, output, folder)
    about = f"faust-streaming {version('faust-streaming')}"
    return Program("faust", about, command, output, PREFIX + "faust-states-changelog")


def _quix(brokers: str, folder: Path, cache: Path) -> Program:
    python = interpreter("quix", cache)
    output = PREFIX + "answers.quix"
    command = _python(python, "quix", brokers, output, folder)
    changelog = f"changelog__{PREFIX}quix--{EVENTS}--default"
    return Program("quix", f"quixstreams {_installed(python, 'quixstreams')}", command, output,
                   changelog)  # fmt: skip


def _bytewax(brokers: str, folder: Path, cache: Path) -> Program:
    python = interpreter("bytewax", cache)
    output = PREFIX + "answers.bytewax"
    command = _python(python, "bytewaxjob", brokers, output, folder)
    return Program("bytewax", f"bytewax {_installed(python, 'bytewax')}", command, output, None)


def _kafka_streams(name: str, cache_bytes: int) -> Maker:
    def make(brokers: str, folder: Path, cache: Path) -> Program:
        jars = built_jars(cache)
        release = next(jars.glob("kafka-streams-*.jar")).stem.removeprefix("kafka-streams-")
        application, output = PREFIX + name, f"{PREFIX}answers.{name}"
        command = [
            "java",
            "-XX:+UseParallelGC",
            "-cp",
            f"{jars}/*",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        ]
        command += ["peers.Job", brokers, EVENTS, output, str(folder), application]
        about = f"Kafka Streams {release}, {_java()}"
        changelog = f"{application}-panes-changelog"
        return Program(name, about, [*command, str(cache_bytes)], output, changelog)

    return make


PROGRAMS: dict[str, Maker] = {
    "riskstream": _ours,
    "faust": _faust,
    "quix": _quix,
    "bytewax": _bytewax,
    "kafka-streams": _kafka_streams("kafka-streams", 0),
    "kafka-streams-cached": _kafka_streams("kafka-streams-cached", CACHE_BYTES),
}


def _python(python: Path, module: str, brokers: str, output: str, folder: Path) -> list[str]:
    arguments = ["--brokers", brokers, "--output", output, "--folder", str(folder)]
    return [str(python), "-m", f"tests.bench.peers.{module}", *arguments]


def _installed(python: Path, package: str) -> str:
    code = f"import importlib.metadata as m, json; print(json.dumps(m.version({package!r})))"
    return str(json.loads(subprocess.check_output([str(python), "-c", code])))


def _java() -> str:
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=True).stderr
    return said.splitlines()[0].replace('"', "")
