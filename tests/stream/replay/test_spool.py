"""Columns that wait on disk."""

from pathlib import Path

import numpy as np
import pytest

from stream.replay.spool import Spool


def test_a_column_comes_back_whole_and_the_folder_stays_empty(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    numbers, flags = rng.random(1_000).astype(np.float32), rng.random(1_000) < 0.5
    with Spool(tmp_path) as spool:
        for start in range(0, 1_000, 300):
            spool.append("number", numbers[start : start + 300])
            spool.append("flag", flags[start : start + 300])
        spool.append("number", numbers[:0])
        assert list(tmp_path.iterdir()) == []
        np.testing.assert_array_equal(spool.column("number"), numbers)
        np.testing.assert_array_equal(spool.column("flag"), flags)
        spool.append("flag", flags)
        assert len(spool.column("flag")) == 2_000


def test_a_piece_of_another_type_is_refused(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        spool.append("n", np.zeros(2, np.int32))
        with pytest.raises(TypeError, match="column n holds int32, not int64"):
            spool.append("n", np.zeros(2, np.int64))
