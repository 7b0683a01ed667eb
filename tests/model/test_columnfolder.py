from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.asked import Asked
from model.columnfolder import INDEX, DamagedError, read_columns, write_columns
from model.rows import TrainingRows
from tests.model.shop import history


def rows(n: int = 60) -> TrainingRows:
    """Rows with texts that are hard to write, and with rows of asking."""
    found = history(n)
    found.x.texts[:3] = ["好\n", "\ud800", ""]
    user = np.arange(4, dtype=np.uint64)
    habits = np.full((4, 3), np.nan, np.float32)
    asked = Asked(habits, np.ones(4, np.float32), user, np.arange(4))
    return TrainingRows(**{**vars(found), "asked": asked})


def assert_same(one: Any, other: Any) -> None:
    assert type(one) is type(other)
    for field in fields(one):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if is_dataclass(a):
            assert_same(a, b)
        elif isinstance(a, np.ndarray):
            assert a.dtype == b.dtype
            assert a.tobytes() == b.tobytes()
        else:
            assert a == b


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    made = rows()
    write_columns(tmp_path / "rows", made)
    assert_same(read_columns(tmp_path / "rows", TrainingRows), made)
    write_columns(tmp_path / "rows", history(30))
    again = read_columns(tmp_path / "rows", TrainingRows)
    assert (len(again), again.asked) == (30, None)
    assert [path.name for path in tmp_path.iterdir()] == ["rows"]


@dataclass(frozen=True)
class Named:
    names: list[str]
    shares: dict[str, list[float]]
    column: np.ndarray[Any, Any]
    note: str | None = None


def test_a_class_with_names_beside_its_arrays_needs_no_code_of_its_own(tmp_path: Path) -> None:
    made = Named(["a", "b"], {"a": [0.5]}, np.arange(3))
    write_columns(tmp_path / "named", made)
    assert_same(read_columns(tmp_path / "named", Named), made)


@pytest.mark.parametrize("name", [INDEX, "label.npy", "x.features.npy", "x.texts.json"])
@pytest.mark.parametrize("harm", ["gone", "short", "flipped"])
def test_any_harm_to_any_file_is_found(tmp_path: Path, name: str, harm: str) -> None:
    folder = tmp_path / "rows"
    write_columns(folder, rows())
    path = folder / name
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 4
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(bytes(body[: len(body) // 2] if harm == "short" else body))
    with pytest.raises(DamagedError, match=r"\S+ (is not what was written|cannot be read)"):
        read_columns(folder, TrainingRows)


def test_a_folder_of_other_columns_is_no_answer(tmp_path: Path) -> None:
    write_columns(tmp_path / "rows", Named([], {}, np.arange(3)))
    with pytest.raises(DamagedError, match="lacks"):
        read_columns(tmp_path / "rows", TrainingRows)


def test_objects_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Object arrays"):
        write_columns(tmp_path / "named", Named([], {}, np.array([object()])))
    assert not list(tmp_path.iterdir())
