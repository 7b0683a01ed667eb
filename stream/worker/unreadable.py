"""Names a record of an internal topic that is not a worker's, so that somebody can find it."""

from collections.abc import Iterable, Sequence
from typing import Final

from stream.worker.envelope import SIZE, VERSION

STATE_BEGIN: Final = VERSION.to_bytes(4, "little")

REMEDY: Final = (
    "only workers of one version may write to this topic: stop what else does, and see "
    "docs/operations.md, 'A record that cannot be read'"
)


class UnreadableRecordError(ValueError):
    """A record of the changelog or links topic that no worker of this version wrote.

    The message names topic, partition, offset and key, and what is wrong with it.
    """

    def __init__(
        self, topic: str, partition: int, offset: int, what: str, key: bytes | None = None
    ) -> None:
        place = f"{topic}, partition {partition}, offset {offset}"
        keyed = "" if key is None else f", key {key!r}"
        super().__init__(f"{place}{keyed}: {what}; {REMEDY}")


def check_states(
    topic: str,
    partition: int,
    offsets: Iterable[int],
    keys: Sequence[bytes | None],
    values: Sequence[bytes | None],
) -> None:
    """Raise UnreadableRecordError for the first record of a changelog that is no stored state.

    >>> check_states("app.changelog", 0, [5], [b"u1"], [b"rubbish"])
    Traceback (most recent call last):
    stream.worker.unreadable.UnreadableRecordError: app.changelog, partition 0, offset 5, key b'u1':
    a value of 7 bytes is no stored state; only workers of one version may write to this topic: ...
    """
    if None not in keys and all(
        value is None or (value[:4] == STATE_BEGIN and len(value) >= SIZE) for value in values
    ):
        return
    for offset, key, value in zip(offsets, keys, values, strict=True):
        if key is None:
            raise UnreadableRecordError(topic, partition, offset, "the record has no key")
        if value is None:
            continue
        if len(value) < SIZE:
            what = f"a value of {len(value)} bytes is no stored state"
            raise UnreadableRecordError(topic, partition, offset, what, key)
        if value[:4] != STATE_BEGIN:
            found = int.from_bytes(value[:4], "little")
            what = f"its layout has version {found}, this program reads {VERSION}"
            raise UnreadableRecordError(topic, partition, offset, what, key)
