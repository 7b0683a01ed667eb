"""The structure of the code, read from its imports: layers, purity, sizes and names."""

import ast
from collections import defaultdict
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MOST_LINES = 220
LONG_LINES = 180

# What each folder, or file that stands for itself, may import of ours.
GIVEN = {"stream.metrics", "stream.settings", "stream.loading"}  # what a process is given
LAYERS = {
    "topics": {"topics"},
    "model": {"topics", "model"},
    "stream.pipeline": {"topics", "stream.pipeline"},
    "stream.metrics": {"stream.metrics"},
    "stream.setting": {"topics", "stream.setting"},
    "stream.settings": {"topics", "stream.setting", "stream.settings"},
    "stream.loading": {"topics", "stream.pipeline", "stream.settings", "stream.loading"},
    "stream.worker": {"topics", "model", "stream.pipeline", "stream.worker", *GIVEN},
    "stream.replay": {"topics", "model", "stream.pipeline", "stream.judging", "stream.replay"},
    "stream.judging": {"topics", "model", "stream.pipeline", "stream.judging"},
    "stream.parity": {"topics", "stream.pipeline", "stream.parity"},
    "stream": {"topics", "model", "stream"},
}
FAUST = {"faust", "mode", "aiokafka"}
OUTSIDE_THE_CORE = FAUST | {
    "asyncio", "confluent_kafka", "random", "requests", "rocksdict", "socket", "subprocess",
    "threading", "time", "torch", "transformers", "uvloop",
}  # fmt: skip
VAGUE = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc"}


def _sources() -> dict[str, Path]:
    """Return {module name: path} of all our code."""
    paths = (path for top in ("topics", "model", "stream") for path in (ROOT / top).rglob("*.py"))
    return {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in paths}


SOURCES = _sources()


def imports_of(source: str) -> set[str]:
    """Return the dotted names that a source imports anywhere in it, in functions too."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def layer_of(name: str) -> str | None:
    """Return the layer that a module or an imported name belongs to; None: not ours."""
    for layer in sorted(LAYERS, key=len, reverse=True):
        if name == layer or name.startswith(layer + "."):
            return layer
    return None


def folder_of(name: str) -> str | None:
    """Return the folder, dotted, of an imported name, or the file that stands for itself."""
    layer = layer_of(name)
    if layer is None or ROOT.joinpath(*layer.split(".")).with_suffix(".py").is_file():
        return layer
    parts = name.split(".")
    while not (ROOT.joinpath(*parts)).is_dir():
        parts.pop()
    return ".".join(parts)


def arrows_back(name: str, source: str) -> set[str]:
    """Return what a module imports although its layer may not."""
    own = layer_of(name)
    assert own is not None
    layers = {target: layer_of(target) for target in imports_of(source)}
    wrong = {
        t for t, layer in layers.items() if layer and layer not in LAYERS[own] and own != "stream"
    }
    tops = {target: target.partition(".")[0] for target in layers}
    if own != "stream.worker":
        wrong |= {target for target, top in tops.items() if top in FAUST}
    if own == "stream.pipeline":
        wrong |= {target for target, top in tops.items() if top in OUTSIDE_THE_CORE}
    return wrong


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_no_import_points_back(name):
    assert not arrows_back(name, SOURCES[name].read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("topics.decode", "from model.scorer import ModelScorer"),
        ("model.train", "def f():\n    from stream import settings"),
        ("stream.pipeline.windows", "import time"),
        ("stream.pipeline.windows", "import torch.nn"),
        ("stream.pipeline.windows", "from stream.worker import app"),
        ("stream.worker.app", "from stream.commands import worker"),
        ("stream.settings", "from stream.worker import app"),
        ("stream.replay.history", "import faust"),
        ("stream.commands.worker", "from faust import App"),
    ],
)
def test_an_import_that_points_back_is_found(name, source):
    assert arrows_back(name, source)


def test_folders_form_no_cycle():
    graph = defaultdict(set)
    for name, path in SOURCES.items():
        own = folder_of(name)
        targets = {folder_of(t) for t in imports_of(path.read_text(encoding="utf-8"))}
        graph[own] |= targets - {None, own}
    TopologicalSorter(graph).prepare()


def test_the_pipeline_waits_for_nothing_and_opens_nothing():
    asynchronous = (ast.Await, ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith)
    for name, path in SOURCES.items():
        if layer_of(name) != "stream.pipeline":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            place = f"{name}:{getattr(node, 'lineno', 0)}"
            assert not isinstance(node, asynchronous), place
            called = node.func if isinstance(node, ast.Call) else None
            assert not (isinstance(called, ast.Name) and called.id == "open"), place
            assert not (isinstance(called, ast.Attribute) and called.attr in {"now", "today"}), (
                place
            )


def test_only_the_settings_read_the_environment():
    for name, path in SOURCES.items():
        if name == "stream.settings":
            continue
        source = path.read_text(encoding="utf-8")
        names = {n.attr for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Attribute)}
        names |= {target.partition("os.")[2] for target in imports_of(source)}
        assert not names & {"environ", "environb", "getenv", "putenv"}, name


def test_files_stay_short():
    lines = {n: len(path.read_text(encoding="utf-8").splitlines()) for n, path in SOURCES.items()}
    long = sorted((n for n in lines if lines[n] > LONG_LINES), key=lambda n: -lines[n])
    print(f"over {LONG_LINES} lines:", ", ".join(f"{n} {lines[n]}" for n in long) or "none")
    assert not {n: lines[n] for n in long if lines[n] > MOST_LINES}


def test_names_say_what_is_in_a_file():
    for name in SOURCES:
        words = {word for part in name.split(".") for word in part.split("_")}
        assert not words & VAGUE, name


def test_every_test_of_a_module_lies_where_the_module_does():
    folders = {folder for name in SOURCES if (folder := folder_of(name))}
    allowed = {""} | {folder.replace(".", "/") for folder in folders} | {"chaos", "kafka", "real"}
    for path in (ROOT / "tests").rglob("test_*.py"):
        folder = path.parent.relative_to(ROOT / "tests").as_posix().removeprefix(".")
        assert folder in allowed, path
