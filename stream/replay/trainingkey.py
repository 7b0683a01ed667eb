"""What makes two trainings the same: their inputs, their settings and the program."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Final

from stream.pipeline.policy import Policy
from stream.replay.learning import Exports, Learning, base_of
from topics.files import files_of
from topics.hashing import Tokens

PACKAGES: Final = ("riskstream", "torch", "numpy", "scikit-learn", "numba", "scipy")
FOLDERS: Final = ("topics", "model", "stream")


def training_key(what: Learning, policy: Policy, token_key: str, exports: Exports) -> str:
    """Return a digest that is equal only where two runs would train the same model.

    Input files count by name, size and time of change, the program by its sources and the versions
    of what it computes with; of ``token_key`` only the token of a text goes into it.
    Raises InputError where there is nothing to read.
    """
    base = base_of(what.base)
    packages = (*PACKAGES, *(("peft",) if what.fine_tune and what.fine_tune.way == "lora" else ()))
    parts = {
        "events": [*_stamps(files_of(what.events))],
        "labels": [] if what.labels is None else [*_stamps(files_of(what.labels))],
        "encoder": [base, *_stamps(sorted(Path(base).rglob("*")) if base else [])],
        "learning": asdict(what),
        "exports": asdict(exports),
        "policy": repr(policy),
        "token": Tokens(token_key.encode()).of("training"),
        "packages": [version(name) for name in packages],
        "sources": sources_digest(),
    }
    return hashlib.sha256(json.dumps(parts, default=str, sort_keys=True).encode()).hexdigest()


def sources_digest() -> str:
    """Return the SHA-256 of the program's own sources, names and contents."""
    root, digest = Path(__file__).parents[2], hashlib.sha256()
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            digest.update(str(path.relative_to(root)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _stamps(paths: Iterable[Path]) -> Iterator[tuple[str, int, int]]:
    for path in paths:
        if path.is_file():
            found = path.stat()
            yield str(path.resolve()), found.st_size, found.st_mtime_ns
