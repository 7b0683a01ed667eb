"""A bounded cache of raw values in two generations, cheap enough to ask for every key."""

from collections.abc import Iterable, Sequence

OVERHEAD = 200
"""Bytes that Python needs for one entry: key object, value object, slot in the dictionary."""


class Cache:
    """Values that were read or written lately, up to about ``limit`` bytes.

    Entries enter the young generation; when it holds half the limit it becomes the old one and
    what was old is dropped. An old entry that is asked for enters the young generation again.
    """

    def __init__(self, limit: int) -> None:
        self._half = limit // 2
        self._young: dict[bytes, bytes | None] = {}
        self._old: dict[bytes, bytes | None] = {}
        self._size = 0

    def __len__(self) -> int:
        return len(self._young.keys() | self._old.keys())

    def get_many(self, keys: Sequence[bytes]) -> tuple[list[bytes | None], list[int]]:
        """Return values in the order of ``keys``, and the positions that the cache cannot answer.

        A value of None at a position that is not among those means: known to have no value.

        >>> cache = Cache(10_000)
        >>> cache.put_many([b"a", b"b"], [b"1", None])
        >>> cache.get_many([b"b", b"c", b"a"])
        ([None, None, b'1'], [1])
        """
        young, old = self._young, self._old
        if not young and not old:
            return [None] * len(keys), list(range(len(keys)))
        values: list[bytes | None] = []
        unknown: list[int] = []
        revived: list[bytes] = []
        for position, key in enumerate(keys):
            if key in young:
                values.append(young[key])
            elif key in old:
                values.append(old[key])
                revived.append(key)
            else:
                values.append(None)
                unknown.append(position)
        if revived:
            self.put_many(revived, [old[key] for key in revived])
        return values, unknown

    def put_many(self, keys: Iterable[bytes], values: Iterable[bytes | None]) -> None:
        """Remember the values that the store now has."""
        young, size = self._young, self._size
        for key, value in zip(keys, values, strict=True):
            if key not in young:
                size += OVERHEAD + len(key)
            size += len(value or b"") - len(young.get(key) or b"")
            young[key] = value
        self._size = size
        if size > self._half:
            self._old, self._young, self._size = young, {}, 0

    def clear(self) -> None:
        """Forget everything."""
        self._young, self._old, self._size = {}, {}, 0
