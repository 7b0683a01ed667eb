"""A folder appears under its name when it is whole; one that is there keeps its place."""

from pathlib import Path

import pytest

from topics.errors import InputError
from topics.newfolder import new_folder


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def fill(path: Path) -> None:
    with new_folder(path) as partial:
        (partial / "a").write_text("a")
        (partial / "b").write_text("b")


def break_off(path: Path) -> None:
    with new_folder(path) as partial:
        (partial / "a").write_text("a")
        raise ZeroDivisionError


def test_a_folder_appears_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "out"
    with new_folder(path) as partial:
        (partial / "a").write_text("a")
        assert not path.exists()
    assert names(path) == ["a"]
    assert names(path.parent) == ["out"]


def test_an_empty_folder_stays_in_its_place_for_it_may_be_a_mount(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    before = out.stat().st_ino
    tmp_path.chmod(0o555)
    try:
        fill(out)
    finally:
        tmp_path.chmod(0o755)
    assert (names(out), out.stat().st_ino) == (["a", "b"], before)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    fill(Path())
    assert names(here) == ["a", "b"]


@pytest.mark.parametrize("is_there", [False, True])
def test_after_an_error_nothing_is_left(tmp_path: Path, is_there: bool) -> None:
    path = tmp_path / "out"
    if is_there:
        path.mkdir()
    with pytest.raises(ZeroDivisionError):
        break_off(path)
    assert [*tmp_path.rglob("*")] == ([path] if is_there else [])


def test_a_folder_with_something_in_it_a_file_and_a_place_without_leave_are_one_sentence(
    tmp_path: Path,
) -> None:
    full, file = tmp_path / "full", tmp_path / "file"
    full.mkdir()
    (full / "a").touch()
    file.touch()
    for path, told in ((full, "is not empty"), (file, "is a file"), (file / "b", "cannot make")):
        with pytest.raises(InputError, match=told), new_folder(path):
            pytest.fail("entered")
    assert names(full) == ["a"]
