"""Tokens: keyed 64-bit hashes that stand for identities, and the normal form of a text."""

import ipaddress
import re
import socket
import unicodedata
from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from topics.blake import Blake
from topics.spanhash import network_digests, span_digests

CACHE_ENTRIES: Final = 1 << 16

_OCTET: Final = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4: Final = re.compile(rf"((?:{_OCTET}\.){{3}}){_OCTET}")
_MAPPED: Final = bytes(10) + b"\xff\xff"
"""How an IPv4 address written as IPv6 begins."""

# After NFKC, full-width forms are ASCII; Latin-1, general and CJK punctuation remain.
_PUNCTUATION: Final = re.compile("[\u00a1\u00ab\u00b7\u00bb\u00bf\u2010-\u206f\u3000-\u303f]+")
_PLAIN: Final = bytes(
    i if i > 127 else ord(chr(i).lower()) if chr(i).isalnum() else 32 for i in range(256)
)


class Tokens:
    """Turns identities into tokens with one secret key, which is all that can undo them.

    A token is the little-endian 64-bit keyed BLAKE2b (RFC 7693) of the UTF-8 text. It is 0 only
    for the empty text, which means absent; a hash that comes out 0 becomes 1. ``key`` has 1 to 64
    bytes; ValueError otherwise.

    >>> tokens = Tokens(b"secret")
    >>> tokens.of("d-17") == tokens.of("d-17") != Tokens(b"other").of("d-17")
    True
    >>> tokens.ip("203.0.113.9") == tokens.ip("203.0.113.200") != tokens.ip("203.0.114.9")
    True
    >>> tokens.of("")
    0
    """

    def __init__(self, key: bytes, *, cache_entries: int = CACHE_ENTRIES) -> None:
        if not 1 <= len(key) <= 64:
            raise ValueError(f"The token key must have 1 to 64 bytes, not {len(key)}.")
        self._start = blake2b(digest_size=8, key=key)
        self._blake = Blake(key)
        self._of = _Cache(self._hash, cache_entries)
        self._ip = _Cache(lambda text: self._hash(ip_prefix(text)), cache_entries)

    def of(self, text: str) -> int:
        """Return the token of ``text``, 0 if it is empty."""
        return self._of[text]

    def ip(self, text: str) -> int:
        """Return the token of an address's prefix, so that one network is one entity.

        What is not an IP address is hashed as it stands.
        """
        return self._ip[text]

    def cached(self, texts: Iterable[str]) -> NDArray[np.uint64]:
        """Return the tokens of texts with few different values, such as categories."""
        return self._of.column(texts)

    def ips(self, texts: Iterable[str]) -> NDArray[np.uint64]:
        """Return what :meth:`ip` does, for a column."""
        return self._ip.column(texts)

    def many(self, texts: list[str]) -> NDArray[np.uint64]:
        """Return the tokens of texts that are mostly different, uint64[n], without the cache."""
        return self._blake.column(texts)

    def spans(
        self, data: NDArray[np.uint8], begins: NDArray[Any], ends: NDArray[Any]
    ) -> NDArray[np.uint64]:
        """Return the tokens of the UTF-8 texts that stand in ``data`` between those, uint64[n]."""
        return span_digests(self._blake.keyed, data, begins, ends)

    def networks(
        self, data: NDArray[np.uint8], begins: NDArray[Any], ends: NDArray[Any]
    ) -> NDArray[np.uint64]:
        """Return what :meth:`ip` does of texts in ``data``."""
        found, is_other = network_digests(self._blake.keyed, data, begins, ends)
        for i in np.flatnonzero(is_other).tolist():
            found[i] = self.ip(data[begins[i] : ends[i]].tobytes().decode())
        return found

    def _hash(self, text: str) -> int:
        if not text:
            return 0
        state = self._start.copy()
        state.update(text.encode())
        return int.from_bytes(state.digest(), "little") or 1


class _Cache(dict[str, int]):
    """Results of a function of one text; the older half goes when it is full.

    Two generations: what was asked for since the last turn lives in the dictionary itself, so
    that a hit is a plain look-up; what the generation before knew is copied over when asked for.
    """

    def __init__(self, compute: Callable[[str], int], n_entries: int) -> None:
        super().__init__()
        self._compute = compute
        self._half = max(1, n_entries // 2)
        self._older: dict[str, int] = {}

    def __missing__(self, text: str) -> int:
        value = self._older.get(text)
        if value is None:
            value = self._compute(text)
        if len(self) >= self._half:
            self._older = dict(self)
            self.clear()
        self[text] = value
        return value

    def column(self, texts: Iterable[str]) -> NDArray[np.uint64]:
        return np.array([self[text] for text in texts], np.uint64)


def ip_prefix(text: str) -> str:
    """Return the network an address is counted under: /24 of IPv4, /48 of IPv6.

    An IPv4 address written as IPv6 counts as IPv4. What is no address comes back stripped.

    >>> ip_prefix("203.0.113.9"), ip_prefix("2001:db8:1:2::3"), ip_prefix("::ffff:203.0.113.9")
    ('203.0.113.0/24', '2001:db8:1::/48', '203.0.113.0/24')
    >>> ip_prefix("unknown ")
    'unknown'
    """
    if found := _IPV4.fullmatch(text):
        return f"{found[1]}0/24"
    return _ipv6_prefix(text) or _any_prefix(text)


def _ipv6_prefix(text: str) -> str:
    """Return the /48 of a plain IPv6 address, "" for everything else; ten times as fast."""
    try:
        packed = socket.inet_pton(socket.AF_INET6, text)
    except (OSError, ValueError):
        return ""
    if packed.startswith(_MAPPED):
        return ""
    return f"{socket.inet_ntop(socket.AF_INET6, packed[:6] + bytes(10))}/48"


def _any_prefix(text: str) -> str:
    try:
        address = ipaddress.ip_address(text.strip().partition("%")[0])
    except ValueError:
        return text.strip()
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    n_bits = 24 if address.version == 4 else 48
    return str(ipaddress.ip_network((address, n_bits), strict=False))


def normalise_text(text: str) -> str:
    r"""Return the form in which two texts count as the same.

    NFKC, case folded, every run of white space and punctuation one blank, none at the ends; text
    that is nothing else keeps its symbols, so that ``:-)`` is still a text.

    >>> normalise_text("  GREAT\tphone!! "), normalise_text("Ｇｒｅａｔ phone")
    ('great phone', 'great phone')
    >>> normalise_text("质量很好，推荐！"), normalise_text(" :-) ")
    ('质量很好 推荐', ':-)')
    """
    if text.isascii():
        folded = text.lower()
        words = folded
    else:
        # Folding can leave a form that NFKC would still change, hence twice.
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
        words = _PUNCTUATION.sub(" ", folded)
    return " ".join(words.encode().translate(_PLAIN).decode().split()) or " ".join(folded.split())
