"""Local stores that cannot be read back: found, dropped, and filled from Kafka again."""

import logging
import shutil
from pathlib import Path
from typing import Final

from rocksdict import AccessType, Options, Rdict

DAMAGED: Final = "DAMAGED"
"""A file in a store's folder that says: drop the store when it is opened next."""

LOG: Final = logging.getLogger(__name__)


class DamagedStoreError(Exception):
    """What a store holds cannot be read back; it begins anew when the worker starts again."""


def opened(path: Path, options: Options, access: AccessType) -> Rdict:
    """Open a folder; one that is damaged is emptied before, since Kafka has all that was in it.

    Raises what RocksDB raises where something else is in the way, such as another process.
    """
    if (path / DAMAGED).exists():
        _empty(path, "it was found damaged")
    try:
        return _opened(path, options, access)
    except Exception as error:
        if not is_damage(error):
            raise
        _empty(path, str(error))
        return _opened(path, options, access)


def _opened(path: Path, options: Options, access: AccessType) -> Rdict:
    # A column family that is not named is opened with the options that the folder's last OPTIONS
    # file holds, and with a limited time RocksDB's filter of what is too old is then there twice:
    # the second one takes the last bytes of a value for the time at which it was written.
    families = {"default": options}
    return Rdict(str(path), options=options, column_families=families, access_type=access)


def is_damage(error: Exception) -> bool:
    """Tell whether RocksDB says that a store's own files are wrong."""
    # The binding raises plain exceptions with RocksDB's words; a lock that is held is an IO error.
    words = str(error)
    return words.startswith("Corruption:") or "No such file or directory" in words


def _empty(path: Path, why: str) -> None:
    LOG.warning("%s is dropped and filled from Kafka again: %s", path, why)
    shutil.rmtree(path)
    path.mkdir()
