"""What is known of events and users by all labels of a history."""

from pathlib import Path
from typing import Any

import numpy as np
import orjson

from stream.replay.spool import Spool
from stream.replay.truth import Truth
from tests.stream.replay.test_trainset import DAY, START, label
from topics.decode import Decoder
from topics.hashing import Tokens

TOKENS = Tokens(b"key of the tests")


def truth_of(folder: Path, labels: list[Any], bad_from_ms: int = 0) -> Truth:
    decoder = Decoder(TOKENS)
    batches = [decoder.labels([orjson.dumps(one)]).batch for one in labels]
    with Spool(folder) as spool:
        return Truth.of(batches, spool, bad_from_ms=bad_from_ms)


def test_users_are_bad_by_the_labels_that_hold(tmp_path: Path) -> None:
    taken_back = [label(0, 1, known=2, user="a"), label(0, 1, known=3, fraud=False, user="a")]
    again = [label(1, 4, known=6, fraud=False, user="b"), label(1, 4, known=7, user="b")]
    whole = label(2, 2, known=4, user="c") | {"event_id": None}
    cleared = label(3, 2, known=5, fraud=False, user="c") | {"event_id": None}
    for labels, bad in (
        (taken_back, {}),
        (taken_back[::-1], {}),
        (again, {"b": 4}),
        ([*taken_back, label(9, 8, known=9, user="a")], {"a": 8}),
        ([whole], {"c": 2}),
        ([cleared, whole], {}),
        ([whole, label(3, 1, known=5, fraud=False, user="c")], {"c": 2}),
    ):
        found = truth_of(tmp_path, labels)
        days = (found.bad_ms - START) // DAY
        told = dict(zip(found.bad_user.tolist(), days.tolist(), strict=True))
        assert told == {_token(user): day for user, day in bad.items()}
    assert truth_of(tmp_path, again, START + 5 * DAY).bad_user.tolist() == []
    found = truth_of(tmp_path, [*taken_back, whole])
    assert (len(found.event), found.is_fraud.tolist()) == (1, [0])
    assert found.place(np.zeros(1, np.uint64)).tolist() == [-1]


def _token(user: str) -> int:
    rows = Decoder(TOKENS).labels([orjson.dumps(label(0, 0, known=1, user=user))]).batch.rows
    return int(rows["user"][0])
