"""The folder of a worker's local stores, which only one worker may use at a time."""

import contextlib
import fcntl
from collections.abc import Iterator

from stream.worker.settings import WorkerSettings
from topics.errors import InputError

LOCK = "lock"


@contextlib.contextmanager
def held_folder(settings: WorkerSettings) -> Iterator[None]:
    """Make the folder and keep it from other workers; a process that dies gives it back.

    Raises InputError if it cannot be made or another worker has it.
    """
    folder = settings.folder
    with contextlib.ExitStack() as stack:
        try:
            (folder / "faust").mkdir(parents=True, exist_ok=True)
            file = stack.enter_context((folder / LOCK).open("ab"))
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                f"another worker of {settings.application} uses the folder {settings.data_dir}; "
                "give each worker a folder of its own (setting data_dir, RISKSTREAM_DATA_DIR)"
            ) from None
        except OSError as error:
            raise InputError(
                f"the folder {settings.data_dir} (setting data_dir) cannot be used: "
                f"{error.strerror}"
            ) from None
        yield
