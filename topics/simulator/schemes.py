"""The ways the market loses money: what labels call them, and how late they come."""

from typing import Final

from topics.simulator.ledger import Scheme

TAKEOVER: Final = Scheme(
    "account_takeover", "account_takeover", "customer_complaint", 0.85, 4.0, 0.7
)
CARD_TESTING: Final = Scheme("card_testing", "chargeback", "card_network", 0.65, 11.0, 0.4)
PROMOTION: Final = Scheme("promotion_farm", "promotion_abuse", "promotion_audit", 0.7, 6.0, 0.5)
BRUSHING: Final = Scheme("brushing", "brushing", "marketplace_audit", 0.6, 12.0, 0.4)
FAKE_REVIEW: Final = Scheme("fake_review", "fake_review", "moderation", 0.65, 7.0, 0.6)
REFUND: Final = Scheme("refund_abuse", "refund_abuse", "warehouse", 0.7, 9.0, 0.5)
DEFAULT: Final = Scheme("default", "default", "collections", 0.95, 26.0, 0.12)

SCHEMES: Final = (TAKEOVER, CARD_TESTING, PROMOTION, BRUSHING, FAKE_REVIEW, REFUND, DEFAULT)
