"""Chinese shop reviews in ten categories (online_shopping_10_cats): text and sentiment.

The set has nothing but category, sentiment and text. **Users and times are made up here**, by a
hash of the row's number: 8,192 reviewers, and times spread over the year 2019 (UTC). They carry no
meaning; equal files give equal events.

The rating is 5 for a positive and 1 for a negative sentiment. With ``label_kind`` the sentiment
becomes a label of that kind instead (negative: it is so; known 30 days later unless said otherwise)
and every rating is 3, so that the rating does not give the label away. By default there are no
labels. Rows without text are left out with a count.

Source: github.com/SophonPlus/ChineseNlpCorpus, ``cat,label,review`` as CSV.
"""

from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from topics.sources.conversion import (
    DAY_MS,
    Converted,
    Options,
    Place,
    Record,
    bad_cell,
    identifier,
)
from topics.sources.table import Column, read_table

_COLUMNS: Final = (Column("cat", ("category",)), Column("label"), Column("review", ("text",)))
_START_MS: Final = 1_546_300_800_000  # 2019-01-01T00:00:00Z
_YEAR_MS: Final = 365 * DAY_MS
_N_REVIEWERS: Final = 8_192
_LABEL_DAYS: Final = 30.0


def convert(path: Path, options: Options) -> Iterator[Converted]:
    """Yield one review per row, and its label where asked for; raises InputError if broken."""
    n = 0
    for file, first, rows in read_table(path, _COLUMNS):
        events: list[Record] = []
        labels: list[Record] = []
        left_out: Counter[str] = Counter()
        for row, (category, sentiment, review) in enumerate(rows, first):
            n += 1
            text = (review or "").strip("\ufeff \u3000\t\r\n")
            if not text:
                left_out["row without text"] += 1
                continue
            negative = _is_negative(sentiment, Place(file, row))
            event = _review(n, category, text)
            if options.label_kind is None:
                event["rating"] = 1 if negative else 5
            else:
                labels.append(_label(event, negative, options.label_kind, options.label_days))
            events.append(event)
        yield Converted(events, labels, left_out)


def _is_negative(sentiment: Any, place: Place) -> bool:
    text = identifier(sentiment)
    if text not in {"0", "1"}:
        raise bad_cell(sentiment, "label", place, "0 or 1")
    return text == "0"


def _review(n: int, category: str | None, text: str) -> Record:
    chance = int.from_bytes(blake2b(b"%d" % n, digest_size=8, person=b"reviews-zh").digest())
    event: Record = {
        "type": "review",
        "event_id": f"reviews-zh-{n}",
        "user_id": f"reviewer-{chance % _N_REVIEWERS}",
        "event_time": _START_MS + chance // _N_REVIEWERS % _YEAR_MS,
        "review_id": f"reviews-zh-{n}",
        "rating": 3,
        "text": text,
    }
    if category:
        event["attributes"] = {"category": category}
    return event


def _label(event: Record, negative: bool, kind: str, days: float | None) -> Record:
    delay_ms = round((_LABEL_DAYS if days is None else days) * DAY_MS)
    return {
        "label_id": f"{event['event_id']}-label",
        "user_id": event["user_id"],
        "kind": kind,
        "is_fraud": negative,
        "event_id": event["event_id"],
        "event_time": event["event_time"],
        "known_at": event["event_time"] + delay_ms,
        "source": "reviews-zh",
    }
