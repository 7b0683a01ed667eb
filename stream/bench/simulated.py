"""Simulated shops that benchmarks keep: other sources of the simulator, other events."""

import shutil
from pathlib import Path
from zlib import crc32

import topics.simulator
from topics.simulator import SimulatorConfig, write_folder


def simulator_version() -> str:
    """Return a checksum of the simulator's sources, eight hexadecimal digits."""
    checksum = 0
    for path in sorted(Path(topics.simulator.__file__).parent.glob("*.py")):
        checksum = crc32(path.read_bytes(), checksum)
    return f"{checksum:08x}"


def simulated(config: SimulatorConfig, cache: Path) -> Path:
    """Return the folder of a simulated shop's events, labels and truth, writing it if need be."""
    name = f"market-{config.users}-{config.days}-{config.seed}-{config.fraud_share:g}"
    folder = cache / f"{name}-{simulator_version()}"
    if not folder.exists():
        making = folder.with_suffix(".making")
        shutil.rmtree(making, ignore_errors=True)
        write_folder(config, making)
        making.rename(folder)
    return folder
