"""The jars of the Kafka Streams program, built once by Maven for each state of its sources."""

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path
from tempfile import mkdtemp

from topics.errors import InputError

SOURCES = Path(__file__).with_name("kafkastreams")


def built_jars(cache: Path) -> Path:
    """Return the folder of the jars; raises InputError where Maven fails."""
    files = sorted(path for path in SOURCES.rglob("*") if path.suffix in {".xml", ".java"})
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]
    folder = cache.resolve() / f"kafkastreams-{digest}"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return folder if folder.is_dir() else _built(folder, files)


def _built(folder: Path, files: list[Path]) -> Path:
    work = Path(mkdtemp(prefix=".building-", dir=folder.parent))
    try:
        for path in files:  # built in a copy: the checkout keeps nothing of it
            target = work / path.relative_to(SOURCES)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        command = ["mvn", "--batch-mode", "--quiet", "package", "dependency:copy-dependencies"]
        command += ["-DincludeScope=runtime", f"-DoutputDirectory={work / 'jars'}"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=work, check=False)
        if done.returncode:
            raise InputError(f"Maven could not build Kafka Streams' job: {done.stdout[-2000:]}")
        shutil.copy(work / "target" / "peers.jar", work / "jars")
        (work / "jars").rename(folder)
    finally:
        shutil.rmtree(work)
    return folder
