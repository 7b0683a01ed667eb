"""Output records as a reader gets them back; what the worker could not compute is None."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from typing import Any, Final, get_args

import msgspec
from msgspec import Struct

from topics.errors import InputError
from topics.reasons import Link, Reason


@dataclass(frozen=True)
class Versions:
    """What a decision was made with."""

    model_name: str
    model_version: str
    feature_version: str
    policy_version: str


class ModelVersion(Struct, frozen=True):
    """A model's name and version."""

    name: str
    version: str


class ReasonRecord(Struct, frozen=True):
    """A reason as written, with None for an unknown number."""

    code: str
    feature: str
    value: float | None
    usual_value: float | None
    contribution: float | None
    text: str

    def value_of(self) -> Reason:
        """Return the reason with NaN for unknown numbers."""
        value, usual, contribution = (
            nan if number is None else number
            for number in (self.value, self.usual_value, self.contribution)
        )
        return Reason(self.code, self.feature, value, usual, contribution, self.text)


class Decided(Struct, frozen=True, kw_only=True):
    """The fields that decisions and alerts share."""

    schema_version: int
    decision_id: str
    event_id: str
    user_id: str
    type: str
    event_time_ms: int
    decided_at_ms: int
    revision: int
    p_fraud: float | None
    anomaly: float | None
    risk: float | None
    action: str
    reasons: list[ReasonRecord]
    credit_score: int | None
    purchasing_power: float | None
    model: ModelVersion
    feature_version: str
    policy_version: str
    degraded: bool
    warm: bool
    late: bool
    latency_ms: dict[str, float]

    @property
    def versions(self) -> Versions:
        """The versions of model, features and policy."""
        return Versions(
            self.model.name, self.model.version, self.feature_version, self.policy_version
        )


class DecisionRecord(Decided, frozen=True, kw_only=True):
    """A record of ``risk.decisions``."""

    features: list[float | None]


class AlertRecord(Decided, frozen=True, kw_only=True):
    """A record of ``risk.alerts``.

    What has a default is what it tells of its event (`topics.details`), None where the event has
    none. What identifies a device, an address, a payment instrument or a network is not among it:
    these appear as tokens only.
    """

    alert_id: str
    abuse_type: str
    severity: str
    rules: list[str]
    links: list[Link]
    status: str | None = None
    step: str | None = None
    order_id: str | None = None
    amount: float | None = None
    currency: str | None = None
    n_items: float | None = None
    seller_id: str | None = None
    method: str | None = None
    sku: str | None = None
    category: str | None = None
    query: str | None = None
    price: float | None = None
    review_id: str | None = None
    rating: int | None = None
    verified_purchase: bool | None = None
    said: str | None = None


TOLD: Final[dict[str, Any]] = {
    field.name: get_args(field.type)[0]
    for field in msgspec.structs.fields(AlertRecord)
    if not field.required
}
"""What an alert tells of its event, with the types."""


class CreditRecord(Struct, frozen=True, kw_only=True):
    """A record of ``credit.scores``."""

    user_id: str
    credit_score: int | None
    band: str
    previous_score: int | None
    p_bad: float | None
    purchasing_power: float | None
    updated_at_ms: int
    event_id: str
    reasons: list[ReasonRecord]
    model: ModelVersion
    policy_version: str


_READ: Final = msgspec.json.Decoder(DecisionRecord)


def read_decision(value: bytes) -> DecisionRecord:
    """Read a record of ``risk.decisions``; raises InputError if it is none."""
    try:
        return _READ.decode(value)
    except msgspec.MsgspecError as error:
        raise InputError(f"A record of risk.decisions cannot be read: {error}.") from error


def named_features(record: DecisionRecord, names: Sequence[str]) -> dict[str, Any]:
    """Return a record as a dictionary in which each feature has its name.

    Raises InputError if there are not as many names as features: another feature version.
    """
    if len(names) != len(record.features):
        raise InputError(
            f"Decision {record.decision_id} has {len(record.features)} features of version "
            f"{record.feature_version}, but the feature table here has {len(names)}; read it with "
            "the release that wrote it."
        )
    shown: dict[str, Any] = msgspec.to_builtins(record)
    shown["features"] = dict(zip(names, record.features, strict=True))
    return shown
