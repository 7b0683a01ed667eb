"""Public data sets as events and labels of the contract, one file each.

A converter reads the published table and yields records; it holds no more than some thousand rows.
The same file gives the same records. Event ids begin with the source's name; users keep the data
set's own numbers, so put two sources into one stream only where their numbers do not mean the same.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from topics.sources import fraudecom, handbook, online_retail, rees46, reviews_zh
from topics.sources.conversion import Converted, Options


@dataclass(frozen=True)
class Source:
    """A data set that can be imported: a sentence about it, and its converter."""

    summary: str
    convert: Callable[[Path, Options], Iterator[Converted]]


SOURCES: Final[Mapping[str, Source]] = {
    "online-retail": Source("real invoices and returns of a gift shop", online_retail.convert),
    "rees46": Source("real browsing and purchases of a shop", rees46.convert),
    "reviews-zh": Source("real Chinese reviews; users and times made up", reviews_zh.convert),
    "handbook": Source("simulated card payments with three kinds of fraud", handbook.convert),
    "fraudecom": Source("sign-ups and first purchases with fraud labels", fraudecom.convert),
}
