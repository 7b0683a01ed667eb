"""What a person reads of a feature: its value and what is usual, in English, Chinese or both."""

import math
from typing import Final

from stream.pipeline.chinese import chinese_number, spaced
from stream.pipeline.chinese_features import CHINESE
from stream.pipeline.feature import Feature
from stream.pipeline.wording import number_text

LANGUAGES: Final = ("en", "zh", "both")
"""What reasons may be told in; ``both`` is English first, then Chinese after a slash."""

NOT_SO: Final = {
    "is_night": ("not at night", "不在凌晨"),
    "is_weekend": ("not on a weekend", "不在周末"),
    "new_device": ("this account used this device before", "该账号用过此设备"),
    "new_address": ("this account used this shipping address before", "该账号用过此收货地址"),
    "new_instrument": ("this account used this payment instrument before", "该账号用过此支付工具"),
    "new_ip": ("this account used this network before", "该账号用过此网络"),
    "new_seller": ("this account was with this seller before", "该账号光顾过此卖家"),
    "new_category": ("this account was in this category before", "该账号涉及过此品类"),
    "billing_differs": ("billing and shipping addresses are the same", "账单地址与收货地址一致"),
    "verified": ("not a verified purchase", "未验证购买"),
}
"""What features of the unit 0/1 say where they are 0, in English and Chinese."""


def sentence(feature: Feature, value: float, usual: float, language: str = "en") -> str:
    """Return the feature's sentence with its value, and what is usual where that compares.

    Of a value below zero, such as a time since something that a late event came after, the
    sentence says how far below. What is usual is left out where it is unknown or on the other
    side of zero. ``language`` is one of `LANGUAGES`.
    """
    if language == "both":
        return " / ".join(sentence(feature, value, usual, each) for each in ("en", "zh"))
    is_flag = feature.unit == "0/1"
    compared = not (math.isnan(usual) or is_flag or (usual < 0) != (value < 0))
    if is_flag and value == 0:
        text = NOT_SO[feature.name][language == "zh"]
        return text[0].upper() + text[1:]
    told = _chinese if language == "zh" else _english
    return told(feature, value, abs(usual) if compared else None)


def words_sentence(like_fraud: bool, language: str = "en") -> str:
    """Return what is said of a text that reads like those of past fraud, or of honest events.

    ``language`` is one of `LANGUAGES`.
    """
    if language == "both":
        return " / ".join(words_sentence(like_fraud, each) for each in ("en", "zh"))
    if language == "zh":
        return f"文本的用词和风格与以往{'欺诈' if like_fraud else '正常'}事件相似"
    like = "fraud" if like_fraud else "honest events"
    return f"The words and style of the text are like those of past {like}"


def _english(feature: Feature, value: float, usual: float | None) -> str:
    below = value < 0 and bool(feature.says_below)
    says = feature.says_below if below else feature.says
    text = says.format(value=number_text(abs(value) if below else value, feature.unit))
    text = text[0].upper() + text[1:]
    if usual is None:
        return text
    return f"{text}; usual for this shop: {number_text(usual, feature.unit)}"


def _chinese(feature: Feature, value: float, usual: float | None) -> str:
    phrase = CHINESE[feature.name]
    below = value < 0 and bool(phrase.below)
    says = phrase.below if below else phrase.says
    size = abs(value) if below else value
    text = says.format(value=chinese_number(size, feature.unit, phrase.measure))
    if usual is not None:
        text += f"；本店通常为{chinese_number(usual, feature.unit, phrase.measure)}"
    return spaced(text)
