"""The jars of Apache Kafka, fetched once by Maven and shared by every clone of this repository."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from tempfile import mkdtemp

POM = Path(__file__).with_name("pom.xml")


def missing_tools() -> str:
    """Return a sentence that names the tools that are missing, or an empty text."""
    absent = [tool for tool in ("java", "mvn") if shutil.which(tool) is None]
    if not absent:
        return ""
    return (
        f"the real Kafka broker needs {' and '.join(absent)} on the PATH (install a JDK and Maven)"
    )


def jar_folder() -> Path:
    """Return the folder of the jars, fetching them first (43 MB) if this pom is new here."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    digest = hashlib.sha256(POM.read_bytes()).hexdigest()[:12]
    folder = caches / "riskstream" / f"kafka-{digest}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:  # Maven's own cache wants one at a time
        fcntl.flock(lock, fcntl.LOCK_EX)
        return folder if folder.is_dir() else _fetched(folder)


def _fetched(folder: Path) -> Path:
    fresh = Path(mkdtemp(prefix=".fetching-", dir=folder.parent))
    command = ["mvn", "--batch-mode", "--quiet", "--file", str(POM)]
    command += ["dependency:copy-dependencies", "-DincludeScope=runtime"]
    command += [f"-DoutputDirectory={fresh}"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=POM.parent, check=False)
    if done.returncode:
        shutil.rmtree(fresh, ignore_errors=True)
        raise RuntimeError(f"Maven could not fetch Kafka's jars: {done.stdout[-2000:]}")
    fresh.rename(folder)
    return folder
