"""An environment of its own for each peer that is no dependency of this project."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from topics.errors import InputError


def interpreter(name: str, cache: Path) -> Path:
    """Return the Python of a peer's environment, which is made once for each list of versions.

    Raises InputError where the packages cannot be installed.
    """
    wanted = Path(__file__).with_name(f"{name}.txt")
    digest = hashlib.sha256(wanted.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = cache.resolve() / f"{name}-{digest}"
    cache.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / ".ready").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _uv(name, "venv", "--python", sys.executable, str(folder))
            python = str(folder / "bin" / "python")
            _uv(name, "pip", "install", "--no-deps", "--python", python, "-r", str(wanted))
            (folder / ".ready").touch()
    return folder / "bin" / "python"


def _uv(name: str, *arguments: str) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-m", "uv", "--quiet", *arguments],
        capture_output=True, text=True, env=environment, check=False,
    )  # fmt: skip
    if done.returncode:
        raise InputError(
            f"the environment of {name} cannot be made: {done.stderr.strip()[-1000:]}; "
            "leave it out with --only"
        )
