"""What a training has done, kept in a folder so that it goes on after a kill.

Nothing in it is taken on trust: every file has the hash of what was written, none is a pickle that
could run code, and each appears under its name only when it is whole.
"""

import contextlib
import fcntl
import hashlib
import io
import json
import os
import pickle
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

import torch

from model.columnfolder import DamagedError, read_columns, write_columns
from topics.errors import InputError
from topics.partial import replacing

KEY: Final = "key"
LOCK: Final = "lock"
ROWS: Final = "rows"
FINE_TUNING: Final = "fine-tuning"
NETWORK: Final = "network.state"
EVERY_S: Final = 30.0
"""Seconds between two states of the network within an epoch; each epoch's end has one as well."""

T = TypeVar("T")


class Checkpoint:
    """Keeps the parts of one training in ``folder``; None: keeps nothing, for short trainings.

    ``tell`` gets one sentence where a part is damaged or cannot be kept; then it is done anew, or
    the training goes on without.
    """

    def __init__(
        self, folder: Path | None = None, tell: Callable[[str], None] = lambda sentence: None
    ) -> None:
        self._folder, self._tell = folder, tell

    def kept(self, name: str, kind: type[T], make: Callable[[], T]) -> T:
        """Return the columns that an earlier run kept under ``name``; else make and keep them."""
        if self._folder is None:
            return make()
        path = self._folder / name
        if path.is_dir():
            try:
                return read_columns(path, kind)
            except DamagedError as error:
                self._tell(f"{error}: damaged; this part is done anew")
        made = make()
        with self._keeping(path):
            write_columns(path, made)
        return made

    def forget(self, name: str) -> None:
        """Remove what is kept under ``name``, if anything is."""
        if self._folder is not None:
            shutil.rmtree(self._folder / name, ignore_errors=True)

    def keep_state(self, state: dict[str, Any], note: str) -> None:
        """Keep the state of the network's training: tensors, numbers, texts and lists of these.

        It takes the place of the one before. ``note`` says for people how far it is.
        """
        if self._folder is None:
            return
        buffer = io.BytesIO()
        torch.save(state, buffer)
        body = buffer.getvalue()
        head = json.dumps({"sha256": hashlib.sha256(body).hexdigest(), "note": note}).encode()
        path = self._folder / NETWORK
        with self._keeping(path), replacing(path) as partial, partial.open("wb") as file:
            file.write(head + b"\n" + body)
            file.flush()
            os.fsync(file.fileno())

    def state(self) -> dict[str, Any] | None:
        """Return the state kept last; None: there is none, or it is damaged, which is told."""
        if self._folder is None or not (self._folder / NETWORK).exists():
            return None
        try:
            head, body = self._state_file()
            if hashlib.sha256(body).hexdigest() != head["sha256"]:
                raise DamagedError("it is not what was written")
            found: dict[str, Any] = torch.load(
                io.BytesIO(body), map_location="cpu", weights_only=True
            )
            return found
        except (OSError, ValueError, KeyError, RuntimeError, pickle.UnpicklingError) as error:
            self._tell(
                f"{self._folder / NETWORK} is damaged ({error}); the network is trained anew"
            )
            return None

    def told(self) -> list[str]:
        """Say what is kept, in words; empty: nothing is."""
        if self._folder is None:
            return []
        told = ["the history is replayed"] if (self._folder / ROWS).is_dir() else []
        if any(self._folder.glob(f"{FINE_TUNING}-{'[0-9a-f]' * 16}")):
            told.append("the text encoder is fine-tuned")
        with contextlib.suppress(OSError, ValueError, KeyError):
            told.append(str(self._state_file()[0]["note"]))
        return told

    def _state_file(self) -> tuple[dict[str, str], bytes]:
        assert self._folder is not None
        head, _, body = (self._folder / NETWORK).read_bytes().partition(b"\n")
        found = json.loads(head)
        if not isinstance(found, dict):
            raise DamagedError("its first line is not what was written")
        return found, body

    @contextlib.contextmanager
    def _keeping(self, path: Path) -> Iterator[None]:
        """Go on without what cannot be kept: the model matters more than a second chance."""
        try:
            yield
        except OSError as error:
            self._tell(f"cannot keep {path}: {error.strerror or error}; the training goes on")


NOTHING_KEPT: Final = Checkpoint()


def folder_beside(out: Path) -> Path:
    """Make the folder in which the training of the model ``out`` keeps what it has done.

    Raises OSError where it cannot be made.
    """
    folder = (out if out.name else out.absolute()).with_name(f"{out.absolute().name}.partial")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep ``folder`` from other processes while the block runs; one that dies gives it back.

    Raises InputError where another has it.
    """
    with (folder / LOCK).open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                f"another process writes to {folder}; wait for it, or choose another --out"
            ) from None
        yield


@contextlib.contextmanager
def checkpoint_in(
    folder: Path, key: Callable[[], str], tell: Callable[[str], None]
) -> Iterator[Checkpoint]:
    """Give the block the checkpoint of a training, and remove ``folder`` when the block is done.

    ``key`` tells a digest of all that the model depends on. What another training left is told and
    removed; what this one left is told, and serves. An error in the block leaves the folder and
    says so, so that the same training can go on, unless nothing is kept yet. Raises InputError
    where another process has the folder.
    """
    with held(folder):
        checkpoint = Checkpoint(folder, tell)
        try:
            _resume(folder, key(), checkpoint, tell)
            yield checkpoint
        except BaseException:
            if checkpoint.told():
                tell(f"what is done is kept in {folder}; the same command goes on from there")
            else:
                shutil.rmtree(folder, ignore_errors=True)
            raise
        shutil.rmtree(folder, ignore_errors=True)


def _resume(folder: Path, key: str, checkpoint: Checkpoint, tell: Callable[[str], None]) -> None:
    """Leave in the folder what belongs to ``key``, and say so."""
    path = folder / KEY
    found = path.read_text("utf-8", "replace") if path.exists() else None
    if found != key:
        if found is not None and checkpoint.told():
            tell(f"{folder} holds a training with other inputs, settings or program; starting anew")
        for entry in folder.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            elif entry.name != LOCK:
                entry.unlink()
        with replacing(path) as partial:
            partial.write_text(key, "utf-8")
    elif told := checkpoint.told():
        tell(f"going on with the training in {folder}: {', '.join(told)}")
