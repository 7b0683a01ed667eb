"""Records that cannot be read: told with file and line, and not kept."""

import pickle
from pathlib import Path

from stream.replay.badrecords import BadRecords


def test_a_refused_record_is_found_in_its_file_again_and_is_not_kept_itself(tmp_path: Path) -> None:
    path, large = tmp_path / "a.jsonl", b"x" * 1_000_000
    path.write_bytes(b"{}\n" + large + b"\n{}\n")
    bad = BadRecords()
    bad.refused(large, "too large")
    sent = pickle.dumps(bad)
    assert len(sent) < 1_000
    other = BadRecords()
    other.take(pickle.loads(sent))
    assert list(other.located([path])) == [f"{path}, line 2: too large"]
    assert (other.n, other.first) == (1, "too large")
