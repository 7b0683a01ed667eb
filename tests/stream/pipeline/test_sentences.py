"""Every feature is told in English and in Chinese, as people who read these languages write."""

import re
from dataclasses import fields, replace

import numpy as np
import pytest

from stream.loading import load_policy
from stream.pipeline.chinese_features import CHINESE
from stream.pipeline.feature import Feature
from stream.pipeline.features import FEATURES, N_FEATURES, NAMES, POSITION
from stream.pipeline.policy import SCORES, Rule
from stream.pipeline.reasons import explain_row, raising
from stream.pipeline.sentences import LANGUAGES, NOT_SO, sentence, words_sentence
from stream.settings import Settings
from topics.errors import InputError

VALUES = (0.0, 1e-7, 0.0123, 1.0, 59.99, 12345.678, 1e9)
EACH = pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)


def told(name: str, value: float, usual: float = np.nan, language: str = "zh") -> str:
    return sentence(FEATURES[POSITION[name]], value, usual, language)


def test_every_feature_has_a_chinese_phrase_and_no_phrase_is_without_a_feature() -> None:
    assert sorted(CHINESE) == sorted(NAMES)


@EACH
def test_a_chinese_phrase_has_the_places_of_the_english_one(feature: Feature) -> None:
    phrase = CHINESE[feature.name]
    assert ("{value}" in phrase.says) == ("{value}" in feature.says)
    assert bool(phrase.below) == bool(feature.says_below)
    assert (feature.name in NOT_SO) == (feature.unit == "0/1")
    counted = feature.unit in {"count", "ratio", "stars", "characters", "standard deviations"}
    assert bool(phrase.measure) == counted


def test_no_two_features_say_the_same() -> None:
    for language in ("en", "zh"):
        said = [sentence(f, 7.0, np.nan, language) for f in FEATURES]
        assert sorted({s for s in said if said.count(s) > 1}) == []


@EACH
def test_no_chinese_sentence_has_english_words_or_punctuation(feature: Feature) -> None:
    for value in (*VALUES, *(-v for v in VALUES if feature.says_below)):
        text = sentence(feature, value, value, "zh")
        assert not re.search(r"[A-Za-z{};:]|\de[+-]?\d|-\d|  |^ | $", text), text
        assert not re.search(r"[\u4e00-\u9fff][0-9]|[0-9%][\u4e00-\u9fff]", text), text
        assert ("；本店通常为" in text) == (
            "usual for this shop" in sentence(feature, value, value)
        )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (told("device_other_users_1d", 11, 1),
         "近 24 小时内另有 11 个账号使用过此设备；本店通常为 1 个"),
        (told("amount_vs_mean", 8.25, 1), "金额为该用户历史单笔均值的 8.25 倍；本店通常为 1 倍"),
        (told("hours_since_order", 36, 72), "距上次下单 36 小时；本店通常为 3 天"),
        (told("hours_since_order", -0.5, 70), "上次下单比本次事件晚 30 分钟"),
        (told("account_age_days", 9.26e-05), "账号已注册 8 秒"),
        (told("account_age_days", 0.0), "账号已注册不足 1 秒"),
        (told("seller_fraud_share_7d", 0.256, 0.0004),
         "近 7 天内此卖家的订单中确认为欺诈的占 26%；本店通常为不足 0.1%"),
        (told("amount", 1234.5, 80), "金额 1,234.50；本店通常为 80.00"),
        (told("amount_deviation", -1.25, -0.5),
         "金额比该用户平常水平低 1.25 个标准差；本店通常为 0.5 个标准差"),
        (told("new_device", 1, 0), "该账号首次使用此设备"),
        (told("orders_1h", 4, 0, "both"),
         "4 orders within an hour; usual for this shop: 0 / 近 1 小时内下单 4 笔；本店通常为 0 笔"),
    ],
)  # fmt: skip
def test_a_chinese_sentence_tells_a_value_as_an_analyst_would(text: str, said: str) -> None:
    assert text == said


@pytest.mark.parametrize("name", NOT_SO)
def test_what_is_not_so_is_not_told_as_if_it_were(name: str) -> None:
    for language in ("en", "zh"):
        assert told(name, 0.0, 1.0, language) != told(name, 1.0, 0.0, language)
    assert told("verified", 0.0, 1.0, "en") == "Not a verified purchase"
    assert told("is_night", 0.0, 1.0, "zh") == "不在凌晨"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_is_told_in_the_policys_language(language: str) -> None:
    policy = replace(load_policy(None), language=language)
    features = np.arange(N_FEATURES, dtype=np.float32)
    usual = np.ones(N_FEATURES, np.float32)
    fired = np.array([rule.name == "crowded_device" for rule in policy.rules])
    reasons = explain_row(features, features, usual, fired, policy)
    assert len(reasons) == 4
    for reason in reasons:
        feature = FEATURES[POSITION[reason.feature]]
        assert reason.text == sentence(feature, reason.value, reason.usual_value, language)


@pytest.mark.parametrize("rule", load_policy(None).rules, ids=lambda rule: rule.name)
def test_every_rule_of_the_built_in_policy_is_told_in_both_languages(rule: Rule) -> None:
    policy = load_policy(None, "both")
    features = np.full(N_FEATURES, 1.0, np.float32)
    for condition in (c for c in rule.when if c.name not in SCORES):
        features[POSITION[condition.name]] = condition.value
    raised = np.zeros(N_FEATURES, np.float32)
    raised[POSITION["amount"]] = 2.0
    fired = np.array([other.name == rule.name for other in policy.rules])
    reasons = explain_row(features, raised, np.zeros(N_FEATURES, np.float32), fired, policy)
    named = [c.name for c in rule.when if c.name not in SCORES][:1]
    assert [r.code for r in reasons] == [rule.name] * len(named) + ["amount"]
    assert [r.feature for r in reasons] == [*named, "amount"]
    for reason in reasons:
        english, chinese = reason.text.split(" / ")
        assert english.isascii()
        assert re.search(r"[\u4e00-\u9fff]", chinese)


def test_a_credit_record_is_told_in_the_policys_language() -> None:
    added = np.zeros(N_FEATURES, np.float32)
    added[POSITION["user_frauds"]] = 1.0
    ((reason,),) = raising(np.ones((1, N_FEATURES), np.float32), added[None], added * np.nan, "zh")
    assert reason.text == "该账号此前被确认为欺诈的事件 1 起"


def test_the_language_is_a_setting_and_english_unless_it_is_set(monkeypatch) -> None:
    (item,) = (item for item in fields(Settings) if item.name == "reason_language")
    assert item.metadata["choices"] == LANGUAGES
    monkeypatch.delenv("RISKSTREAM_REASON_LANGUAGE", raising=False)
    assert load_policy(None).language == "en"
    monkeypatch.setenv("RISKSTREAM_REASON_LANGUAGE", "both")
    assert load_policy(None).language == "both"
    assert load_policy(None, "zh").language == "zh"
    monkeypatch.setenv("RISKSTREAM_REASON_LANGUAGE", "fr")
    with pytest.raises(InputError, match="RISKSTREAM_REASON_LANGUAGE is 'fr'; it must be en or zh"):
        load_policy(None)


def test_words_are_told_in_both_languages() -> None:
    for like_fraud in (True, False):
        both = words_sentence(like_fraud, "both")
        assert both == " / ".join(words_sentence(like_fraud, each) for each in ("en", "zh"))
    assert "欺诈" in words_sentence(True, "zh")
    assert "正常" in words_sentence(False, "zh")
