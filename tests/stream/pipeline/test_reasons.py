"""Reasons are sentences with numbers that a person can check."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from stream.loading import load_policy
from stream.pipeline.feature import Feature
from stream.pipeline.features import FEATURES, N_FEATURES, POSITION
from stream.pipeline.reasons import MAX_REASONS, WORDS, explain_row, raising, sentence
from topics.freefields import FreeField

POLICY = load_policy(None)
RULES = [rule.name for rule in POLICY.rules]


def row(**values: float) -> np.ndarray:
    out = np.zeros(N_FEATURES, np.float32)
    for name, value in values.items():
        out[POSITION[name]] = value
    return out


def test_rules_come_first_and_then_what_raises_the_score_most() -> None:
    fired = np.array([name == "crowded_device" for name in RULES])
    features = row(device_other_users_1d=11, amount=250.0, orders_1h=4)
    contributions = row(amount=0.5, orders_1h=2.0, is_night=-1.0, device_other_users_1d=3.0)
    reasons = explain_row(features, contributions, row(device_other_users_1d=1), fired, POLICY)
    assert [r.code for r in reasons] == ["crowded_device", "orders_1h", "amount"]
    assert reasons[0].text == (
        "11 other accounts used this device within 24 hours; usual for this shop: 1"
    )
    assert reasons[0].contribution == 0.0
    assert (reasons[1].value, reasons[1].contribution) == (4.0, 2.0)


def test_there_is_always_a_reason_and_never_more_than_four() -> None:
    nothing = np.zeros(len(RULES), np.bool_)
    none = explain_row(row(amount=1), row(), row(), nothing, POLICY)
    many = explain_row(row(), np.ones(N_FEATURES, np.float32), row(), nothing, POLICY)
    assert len(none) == 1
    assert len(many) == MAX_REASONS


def test_unknown_values_are_no_reason() -> None:
    nothing = np.zeros(len(RULES), np.bool_)
    features = row(orders_1h=2.0)
    features[POSITION["amount"]] = np.nan
    reasons = explain_row(features, row(amount=5.0, orders_1h=1.0), row(), nothing, POLICY)
    assert [r.feature for r in reasons] == ["orders_1h"]


@pytest.mark.parametrize(
    ("name", "value", "usual", "text"),
    [
        ("device_age_days", 9.26e-05, 30.0,
         "This device was first used 8 seconds before this event; usual for this shop: 30 days"),
        ("device_age_days", 0.0, np.nan, "This device was first used under a second before"),
        ("hours_since_browse", 0.25, 0.0116,
         "15 minutes since the last browse event; usual for this shop: 42 seconds"),
        ("hours_since_browse", -24.9, 0.0116,
         "The last browse event is 25 hours after this event"),
        ("hours_since_order", -0.00833, 70.0, "The last order is 30 seconds after this event"),
        ("account_age_days", 1.5, 400.0,
         "Account opened 36 hours before this event; usual for this shop: 400 days"),
        ("amount_deviation", -1.25, -0.5,
         "Amount is 1.25 standard deviations below this user's habit; usual for this shop: 0.5"),
        ("seller_fraud_share_7d", 0.0042, 0.0,
         "0.4 % of this seller's orders turned out as fraud within 7 days; "
         "usual for this shop: 0 %"),
        ("amount_vs_mean", 1e-7, 1.0, "Amount is under 0.01 times this user's mean; usual"),
        ("amount_30d", 1_234_567.0, np.nan, "1,234,567.00 spent within 30 days"),
        ("orders_1h", 4.0, 0.0, "4 orders within an hour; usual for this shop: 0"),
    ],
)  # fmt: skip
def test_a_sentence_tells_a_value_as_a_person_would(
    name: str, value: float, usual: float, text: str
) -> None:
    assert sentence(FEATURES[POSITION[name]], value, usual).startswith(text)


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_no_sentence_has_a_sign_an_exponent_or_a_window_in_code(feature: Feature) -> None:
    values = (0.0, 1e-7, 0.0123, 1.0, 59.99, 12345.678, 1e9)
    for value in (*values, *(-value for value in values if feature.says_below)):
        text = sentence(feature, value, usual=value)
        assert not re.search(r"\de[+-]?\d|-\d|\b\d+[hd]\b|nan|\{", text), text


def test_words_are_a_reason_where_there_is_a_text_and_they_say_something() -> None:
    nothing = np.zeros(len(RULES), np.bool_)
    features, usual = row(amount=250.0, text_chars=80), row(text_chars=120)
    contributions = np.append(row(amount=0.5), np.float32(2.0))
    words, amount = explain_row(features, contributions, usual, nothing, POLICY)
    assert (words.code, words.feature, amount.code) == (WORDS, "text_chars", "amount")
    assert (words.value, words.usual_value, words.contribution) == (80.0, 120.0, 2.0)
    assert words.text == "The words and style of the text are like those of past fraud"
    contributions[:] = -1
    contributions[-1] = -0.5
    (honest,) = explain_row(features, contributions, usual, nothing, POLICY)
    assert honest.text.endswith("those of past honest events")
    contributions[-1] = 0
    (other,) = explain_row(features, contributions, usual, nothing, POLICY)
    assert other.code != WORDS


def test_no_feature_is_called_like_the_reason_of_words() -> None:
    assert WORDS not in POSITION


FIELDS = (
    FreeField("age", "number", 33.0),
    FreeField("client", "string", "app"),
    FreeField("vip", "boolean", 0.0),
    FreeField("note", "given", 0.0),
)


@pytest.mark.parametrize(
    ("at", "given", "english", "chinese"),
    [
        (0, {"age": 61}, 'Attribute "age" is 61; usual for this shop: 33',
         "附加字段“age”为 61；本店通常为 33"),
        (0, {"age": "0.004"}, 'Attribute "age" is 0.004; usual for this shop: 33',
         "附加字段“age”为 0.004；本店通常为 33"),
        (0, {}, 'Attribute "age" is missing; usual for this shop: 33',
         "附加字段“age”缺失；本店通常为 33"),
        (1, {"client": "kiosk"}, 'Attribute "client" is "kiosk"; usual for this shop: "app"',
         "附加字段“client”为“kiosk”；本店通常为“app”"),
        (1, {"client": "app"}, 'Attribute "client" is "app"', "附加字段“client”为“app”"),
        (2, {"vip": True}, 'Attribute "vip" is true; usual for this shop: false',
         "附加字段“vip”为是；本店通常为否"),
        (3, {"note": "x"}, 'Attribute "note" is given', "附加字段“note”已填写"),
        (3, {}, 'Attribute "note" is missing', "附加字段“note”缺失"),
    ],
)  # fmt: skip
def test_a_field_of_the_shop_is_named_with_its_value(
    at: int, given: dict[str, Any], english: str, chinese: str
) -> None:
    nothing = np.zeros(len(RULES), np.bool_)
    added = np.zeros(N_FEATURES + len(FIELDS), np.float32)
    added[N_FEATURES + at] = 2.0
    given = {f"attributes.{name}": value for name, value in given.items()}
    for language, text in (("en", english), ("zh", chinese), ("both", f"{english} / {chinese}")):
        policy = replace(POLICY, language=language)
        (reason,) = explain_row(row(), added, row(), nothing, policy, FIELDS, given)
        assert reason.text == text
        assert reason.code == reason.feature == f"attributes.{FIELDS[at].name}"
        assert reason.contribution == 2.0
        ((other,),) = raising(row()[None], added[None], row(), language, FIELDS, [given])
        assert other.text == text


def test_a_text_still_counts_behind_the_fields() -> None:
    added = np.zeros(N_FEATURES + len(FIELDS) + 1, np.float32)
    added[-1] = 1.0
    nothing = np.zeros(len(RULES), np.bool_)
    (reason,) = explain_row(row(), added, row(), nothing, POLICY, FIELDS, {})
    assert reason.code == WORDS
