"""Everything that is published: columns, their encoders, and readers of the records."""

from topics.alerts import Alerts, alert_id, encode_alerts, read_alert
from topics.credits import Credits, encode_credits, read_credit
from topics.decisionrecord import (
    AlertRecord,
    CreditRecord,
    DecisionRecord,
    Versions,
    named_features,
    read_decision,
)
from topics.decisions import (
    Decisions,
    decision_id,
    encode_decisions,
)
from topics.letters import DeadLetter, encode_dead_letter, read_dead_letter
from topics.reasons import Link, Reason

__all__ = [
    "AlertRecord",
    "Alerts",
    "CreditRecord",
    "Credits",
    "DeadLetter",
    "DecisionRecord",
    "Decisions",
    "Link",
    "Reason",
    "Versions",
    "alert_id",
    "decision_id",
    "encode_alerts",
    "encode_credits",
    "encode_dead_letter",
    "encode_decisions",
    "named_features",
    "read_alert",
    "read_credit",
    "read_dead_letter",
    "read_decision",
]
