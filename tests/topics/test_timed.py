"""Records with their time and kind, or the line that has none."""

from pathlib import Path

import pytest

from topics.errors import InputError
from topics.timed import LABEL_TAG, keys, read_timed

GOOD = """\
{"type":"review","user_id":"a","event_time":1700000000123}
{"user_id":"b","type":"order","event_time":"2023-11-14T23:13:20.5+01:00","more":[{}]}
{"label_id":"l","user_id":"c","event_time":5,"known_at":"2023-11-14T22:13:21Z"}
"""


def test_an_event_has_its_time_and_type_and_a_label_the_time_when_it_is_known(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.jsonl").write_text(GOOD)
    (part,) = read_timed(tmp_path)
    assert part.times.tolist() == [1700000000123, 1700000000500, 1700000001000]
    assert part.tags.tolist() == [2, 0, LABEL_TAG]
    assert keys(part.values) == [b"a", b"b", b"c"]
    assert b"\n".join(part.values) + b"\n" == GOOD.encode()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"type":"order","event_time":5}', "user_id"),
        ('{"type":"order","user_id":"a"}', "event_time is missing"),
        ('{"type":"order","user_id":"a","event_time":"2023-11-14T22:13:21"}', "event_time"),
        ('{"type":"order","user_id":"a","event_time":1.5}', "event_time"),
        ('{"type":"wish","user_id":"a","event_time":5}', "type is 'wish'"),
        ('{"user_id":"a","event_time":5}', "type is ''"),
        ('{"label_id":"l","user_id":"a","event_time":5}', "known_at is missing"),
        ('{"type":"order","user_id":"a","event_time":99999999999999999999}', "is no time"),
        ('{"type":"order","user_id":"\xff","event_time":5}', "cannot be read"),
    ],
)
def test_a_record_without_them_is_named_with_its_line(
    tmp_path: Path, line: str, message: str
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(GOOD.encode() + line.encode("latin-1") + b"\n" + GOOD.encode())
    with pytest.raises(InputError, match=rf"a\.jsonl, line 4: .*{message}"):
        list(read_timed(path))


def test_bad_records_can_be_told_one_by_one_while_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("{\n" + GOOD + '{"type":"wish","user_id":"a","event_time":5}\n' + GOOD)
    told: list[tuple[Path, int, str]] = []
    (part,) = read_timed(path, lambda *bad: told.append(bad))
    assert [(file, line) for file, line, _ in told] == [(path, 1), (path, 5)]
    assert "type is 'wish'" in told[1][2]
    assert b"\n".join(part.values) + b"\n" == 2 * GOOD.encode()
