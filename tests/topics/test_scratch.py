"""Folders for what is needed only while something runs."""

import gc
from pathlib import Path

import pytest

from topics.scratch import ScratchFolder


def test_a_closed_folder_is_gone_with_what_it_held(tmp_path):
    folder = ScratchFolder("some-", tmp_path)
    (folder.path / "part").write_text("some")
    assert [path.name[:5] for path in tmp_path.iterdir()] == ["some-"]
    assert folder.path.stat().st_mode & 0o777 == 0o700
    folder.close()
    folder.close()
    assert list(tmp_path.iterdir()) == []


def test_a_signal_while_it_is_made_leaves_nothing_behind(tmp_path, monkeypatch):
    def made_and_ended(path: Path, mode: int) -> None:
        made(path, mode)
        raise SystemExit(143)

    made = Path.mkdir
    monkeypatch.setattr(Path, "mkdir", made_and_ended)
    with pytest.raises(SystemExit):
        ScratchFolder("some-", tmp_path)
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told_as_such(tmp_path):
    with pytest.raises(FileNotFoundError):
        ScratchFolder("some-", tmp_path / "absent")
