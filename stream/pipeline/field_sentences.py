"""What a person reads of one of the shop's own fields: its value and what is usual."""

from typing import Any, Final

from stream.pipeline.chinese import spaced
from stream.pipeline.wording import number_text
from topics.freefields import RARE_VALUE, FreeField, number_of, text_of

MOST_LETTERS: Final = 60
"""Of a value or a name; what is longer is cut."""


NAMES: Final = {
    "step": ("Kind of event", "事件类型"),
    "payment.method": ("Payment method", "支付方式"),
    "channel": ("Channel", "渠道"),
    "currency": ("Currency", "币种"),
    "category": ("Category", "品类"),
}
"""Words of the contract, which are fields for themselves, in English and Chinese."""


def field_sentence(field: FreeField, value: Any, language: str = "en") -> str:
    """Return a sentence with the field's value, None for missing, and what is usual.

    ``language`` is one of `sentences.LANGUAGES`.

    >>> field_sentence(FreeField("age", "number", 33.0), 61)
    'Attribute "age" is 61; usual for this shop: 33'
    >>> field_sentence(FreeField("tier", "string", "gold"), None)
    'Attribute "tier" is missing; usual for this shop: "gold"'
    """
    if language == "both":
        return " / ".join(field_sentence(field, value, each) for each in ("en", "zh"))
    chinese = language == "zh"
    if field.of_event:
        name = NAMES[field.name][chinese]
    else:
        name = f"附加字段“{_cut(field.name)}”" if chinese else f'Attribute "{_cut(field.name)}"'
    if field.kind == "given":
        return _given(name, value is not None, chinese)
    said = _missing(chinese) if value is None else _told(field, value, chinese)
    text = f"{name}{said}" if chinese else f"{name} is {said}"
    if chinese and value is not None:
        text = f"{name}为{said}"
    if field.usual is not None and (usual := _told(field, field.usual, chinese)) != said:
        text += f"；本店通常为{usual}" if chinese else f"; usual for this shop: {usual}"
    return spaced(text) if chinese else text


def _given(name: str, there: bool, chinese: bool) -> str:
    if chinese:
        return f"{name}{'已填写' if there else _missing(True)}"
    return f"{name} is {'given' if there else _missing(False)}"


def _missing(chinese: bool) -> str:
    return "缺失" if chinese else "missing"


def _told(field: FreeField, value: Any, chinese: bool) -> str:
    if value is RARE_VALUE:
        return "少见值" if chinese else "a rare one"
    if field.kind == "boolean":
        yes = number_of(value) > 0
        return ("是" if yes else "否") if chinese else ("true" if yes else "false")
    if field.kind == "number" and (number := number_of(value)) == number:
        return number_text(number, "count") if abs(number) >= 0.01 or not number else f"{number:g}"
    text = _cut(text_of(value))
    return f"“{text}”" if chinese else f'"{text}"'


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MOST_LETTERS else text[: MOST_LETTERS - 1] + "…"
