"""Alerts, decisions and credit records as a person reads them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.printing import alert_text, credit_text, decision_text

ALERT: dict[str, Any] = {
    "alert_id": "a1", "severity": "critical", "action": "block", "abuse_type": "account_takeover",
    "user_id": "用户-7", "type": "order", "status": "placed", "order_id": "o-17", "event_id": "e-9",
    "event_time_ms": 1_700_000_000_000, "amount": 1299.0, "currency": "GBP", "p_fraud": 0.934,
    "anomaly": 0.71, "risk": 0.95, "credit_score": 512, "purchasing_power": 55.2,
    "reasons": [
        {"code": "device", "text": "11 accounts used this device in 24 h; usual for this shop: 1"},
        {"code": "new_address", "text": "The shipping address was never used before."},
    ],
    "rules": ["device_farm", "new_everything"],
    "links": [{"entity": "device", "token": "3fa2b1c0ffee0000", "n_users": 11},
              {"entity": "ip", "token": "0011223344556677", "n_users": 1}],
    "degraded": True, "warm": False, "late": False,
}  # fmt: skip


def test_an_alert_says_everything_in_a_small_block() -> None:
    assert alert_text(ALERT).plain.splitlines() == [
        "CRITICAL  block  account takeover                             2023-11-14 22:13:20 UTC",
        "  user     用户-7",
        "  what     order placed of 1,299.00 GBP (order o-17, event e-9)",
        "  because  11 accounts used this device in 24 h; usual for this shop: 1",
        "           The shipping address was never used before.",
        "  rules    device_farm, new_everything",
        "  shared   device 3fa2b1c0 by 11 users; ip 00112233 by 1 user",
        "  scores   risk 0.95, fraud 0.93, anomaly 0.71 (0 to 1, higher is riskier); "
        "credit 512 (300 to 850, higher is better); expected to spend 55.20 GBP in 30 days",
        "  note     degraded, history incomplete",
    ]


@pytest.mark.parametrize("text", [alert_text, decision_text, credit_text])
@given(kept=st.sets(st.sampled_from(sorted(ALERT))))
def test_a_record_with_fields_missing_or_null_is_still_printed(text: Any, kept: set[str]) -> None:
    assert text({name: ALERT[name] for name in kept}).plain
    assert text(
        {name: ALERT[name] for name in kept} | {"amount": None, "p_fraud": None, "links": None}
    )


def test_texts_from_outside_cannot_steer_the_terminal_or_the_markup() -> None:
    wicked = "u\x1b[2J[red]\r\n"
    record = {**ALERT, "user_id": wicked, "rules": [wicked], "reasons": [{"text": wicked}],
              "links": [{"entity": wicked, "token": wicked, "n_users": 2}], "currency": wicked,
              "action": wicked, "band": wicked}  # fmt: skip
    for text in (alert_text(record), decision_text(record), credit_text(record)):
        assert "\x1b" not in text.plain
        assert "\r" not in text.plain
        assert "u\ufffd[2J[red]" in text.plain


def test_the_time_stands_at_the_end_of_the_first_line_whatever_its_length() -> None:
    for kind in ["", "x", "x" * 90]:
        first = alert_text({**ALERT, "abuse_type": kind}).plain.splitlines()[0]
        assert first.endswith("  2023-11-14 22:13:20 UTC")
