"""Small tables as they are published, and the real ones where they are at hand."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from topics.sources import SOURCES, Options

DATA = Path("/work/shared/data")

Imported = tuple[list[dict[str, Any]], list[dict[str, Any]], Counter[str]]
Import = Callable[..., Imported]


@pytest.fixture
def imported(tmp_path: Path) -> Import:
    """Return a function that converts a table, given as text or as a path."""

    def run(
        source: str, table: str | bytes | Path, *, n_parts: int = 10**9, **options: Any
    ) -> Imported:
        if not isinstance(table, Path):
            path = tmp_path / "table.csv"
            path.write_bytes(table.encode() if isinstance(table, str) else table)
            table = path
        events: list[dict[str, Any]] = []
        labels: list[dict[str, Any]] = []
        left_out: Counter[str] = Counter()
        for n, part in enumerate(SOURCES[source].convert(table, Options(**options))):
            if n == n_parts:
                break
            events += part.events
            labels += part.labels
            left_out.update(part.left_out)
        return events, labels, left_out

    return run


@pytest.fixture
def published() -> Callable[[str], Path]:
    """Return a function that gives a folder of the evaluation data, or skips."""

    def find(name: str) -> Path:
        if not (DATA / name).is_dir():
            pytest.skip(f"the evaluation data {DATA / name} is not on this machine")
        return DATA / name

    return find
