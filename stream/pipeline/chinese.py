"""The sentence of a reason in Chinese: numbers, units and punctuation as they are written there."""

import re
from functools import lru_cache
from typing import Final

from stream.pipeline.wording import number_text

_WORDS: Final = (
    ("under a second", "不足1秒"),
    ("under ", "不足"),
    ("unknown", "未知"),
    (" %", "%"),
)
_UNITS: Final = {"day": "天", "hour": "小时", "minute": "分钟", "second": "秒"}
_UNIT: Final = re.compile(rf" ({'|'.join(_UNITS)})s?$")
_EDGE: Final = re.compile(r"(?<=[\u4e00-\u9fff])(?=[0-9])|(?<=[0-9%])(?=[\u4e00-\u9fff])")
"""Where a Chinese character and a number meet: a space is set there."""


@lru_cache(4_096)
def chinese_number(value: float, unit: str, measure: str = "") -> str:
    """Return a number as `number_text` rounds it, with Chinese units and ``measure`` word.

    >>> chinese_number(1.5, "days"), chinese_number(1e-4, "share"), chinese_number(1, "count", "个")
    ('36小时', '不足0.1%', '1个')
    """
    text = number_text(value, unit)
    for english, chinese in _WORDS:
        text = text.replace(english, chinese)
    return _UNIT.sub(lambda found: _UNITS[found[1]], text) + measure


def spaced(text: str) -> str:
    """Return a text with a space between Chinese characters and the numbers beside them.

    >>> spaced("近24小时内下单11笔")
    '近 24 小时内下单 11 笔'
    """
    return _EDGE.sub(" ", text)
