"""The policy: thresholds that turn a risk into an action, and rules that hold without a model.

A policy is a versioned JSON document, not a setting, so that a decision can name the one it was
made under and a change can be tried on history first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.features import POSITION
from topics.errors import InputError
from topics.vocabulary import ACTIONS, EVENT_TYPES

SCORES: Final = ("p_fraud", "anomaly", "p_bad")
"""Names besides those of features that a rule may use."""

OPERATORS: Final = (">=", "<=")

FIELDS: Final = ("version", "about", "thresholds", "rules", "credit", "cold_start")
RULE_FIELDS: Final = ("name", "about", "type", "when", "risk", "abuse_type", "cold_start")
COLD_FIELDS: Final = ("anomaly_risk",)
CREDIT_FIELDS: Final = ("step", "weight", "prior_p_bad", "prior_strength")


@dataclass(frozen=True)
class Condition:
    """A feature or score compared with a number; an unknown value never holds."""

    name: str
    operator: str
    value: float


@dataclass(frozen=True)
class Rule:
    """Where all conditions hold, the event's risk is at least ``risk``.

    ``type`` is an event type's code, or None for any. A rule of the ``cold_start`` stands in for a
    model: it holds only where no probability of fraud is known.
    """

    name: str
    about: str
    type: int | None
    when: tuple[Condition, ...]
    risk: float
    abuse_type: str
    cold_start: bool = False


@dataclass(frozen=True)
class Policy:
    """``thresholds[type, action]`` is the risk from which the action is taken (inf: never).

    ``credit_step`` is by how many points a credit score moves before it is published again,
    ``credit_weight`` how much the newest event counts in it, against all before it;
    ``prior_p_bad`` and ``prior_strength`` stand for a user of whom no model and few labels tell.
    ``language`` is that of the reasons, one of `sentences.LANGUAGES`; no decision depends on it.
    ``anomaly_risk`` is the risk of the strangest of all events where no probability is known.
    """

    version: str
    thresholds: NDArray[np.float64]
    rules: tuple[Rule, ...]
    credit_step: int
    credit_weight: float
    prior_p_bad: float
    prior_strength: float
    language: str = "en"
    anomaly_risk: float = 0.0

    def actions(self, types: NDArray[np.uint8], risk: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Return the code of the strictest action whose threshold the risk reaches, uint8[n]."""
        reached = risk[:, None] >= self.thresholds[types]
        strictest = len(ACTIONS) - 1 - np.argmax(reached[:, ::-1], axis=1)
        codes: NDArray[np.uint8] = strictest.astype(np.uint8)
        return codes

    def fired(
        self,
        types: NDArray[np.uint8],
        features: NDArray[np.float32],
        scores: Mapping[str, NDArray[np.float64]],
    ) -> NDArray[np.bool_]:
        """Return bool[n, n_rules], which rules hold for which events."""
        held = np.zeros((len(types), len(self.rules)), np.bool_)
        for r, rule in enumerate(self.rules):
            hits = types == rule.type if rule.type is not None else np.ones(len(types), np.bool_)
            if rule.cold_start:
                hits = hits & np.isnan(scores["p_fraud"])
            for c in rule.when:
                column = scores[c.name] if c.name in SCORES else features[:, POSITION[c.name]]
                hits = hits & (column >= c.value if c.operator == ">=" else column <= c.value)
            held[:, r] = hits
        return held


def parse_policy(document: Any, where: str) -> Policy:
    """Check a policy document and return the policy; ``where`` names the file in errors.

    Raises InputError naming the field that is missing, unknown or out of range.
    """
    fields = _object(document, where, "the policy", FIELDS)
    thresholds = np.full((len(EVENT_TYPES), len(ACTIONS)), np.inf)
    thresholds[:, 0] = -np.inf
    for name, levels in _object(fields.get("thresholds"), where, "thresholds").items():
        kind = _choice(name, EVENT_TYPES, where, "thresholds")
        for action, value in _object(levels, where, f"thresholds.{name}").items():
            at = _choice(action, ACTIONS[1:], where, f"thresholds.{name}") + 1
            thresholds[kind, at] = _share(value, where, f"thresholds.{name}.{action}")
    rules = fields.get("rules")
    if not isinstance(rules, list):
        raise InputError(f"{where}: rules must be a list, empty where there are none")
    credit = _object(fields.get("credit"), where, "credit", CREDIT_FIELDS)
    step = credit.get("step")
    if not isinstance(step, int) or isinstance(step, bool) or step < 1:
        raise InputError(f"{where}: credit.step must be a whole number of points from 1 on")
    cold = _object(fields.get("cold_start", {}), where, "cold_start", COLD_FIELDS)
    version = fields.get("version")
    if not isinstance(version, str) or not version:
        raise InputError(f"{where}: version must be a text that names this policy")
    strength = _number(credit.get("prior_strength"), where, "credit.prior_strength")
    if not strength > 0:
        raise InputError(f"{where}: credit.prior_strength is {strength}, it must be above 0")
    weight = _share(credit.get("weight"), where, "credit.weight")
    if not weight > 0:
        raise InputError(f"{where}: credit.weight is {weight}, it must be above 0")
    return Policy(
        version,
        thresholds,
        tuple(_rule(rule, where, f"rules[{i}]") for i, rule in enumerate(rules)),
        step,
        weight,
        _share(credit.get("prior_p_bad"), where, "credit.prior_p_bad"),
        strength,
        anomaly_risk=_share(cold.get("anomaly_risk", 0.0), where, "cold_start.anomaly_risk"),
    )


def _rule(document: Any, where: str, at: str) -> Rule:
    fields = _object(document, where, at, RULE_FIELDS)
    for name in ("name", "about", "abuse_type"):
        if not isinstance(fields.get(name), str):
            raise InputError(f"{where}: {at}.{name} must be a text")
    conditions = fields.get("when")
    if not isinstance(conditions, list) or not conditions:
        raise InputError(f"{where}: {at}.when must list at least one condition")
    kind, cold = fields.get("type"), fields.get("cold_start", False)
    if not isinstance(cold, bool):
        raise InputError(f"{where}: {at}.cold_start must be true or false")
    return Rule(
        fields["name"],
        fields["about"],
        None if kind is None else _choice(kind, EVENT_TYPES, where, f"{at}.type"),
        tuple(_condition(c, where, f"{at}.when[{i}]") for i, c in enumerate(conditions)),
        _share(fields.get("risk"), where, f"{at}.risk"),
        fields["abuse_type"],
        cold,
    )


def _condition(document: Any, where: str, at: str) -> Condition:
    if not isinstance(document, list) or len(document) != 3:
        raise InputError(f'{where}: {at} must be ["feature", ">=" or "<=", number]')
    name, operator, value = document
    if not isinstance(name, str) or (name not in POSITION and name not in SCORES):
        raise InputError(f"{where}: {at} names {name!r}; `riskstream features` lists the features")
    if operator not in OPERATORS:
        raise InputError(f"{where}: {at} has the operator {operator!r}, it must be >= or <=")
    return Condition(name, operator, _number(value, where, at))


def _object(
    value: Any, where: str, at: str, known: tuple[str, ...] | None = None
) -> dict[str, Any]:
    """Return an object all of whose fields are ``known`` (None: the caller looks at each)."""
    if not isinstance(value, dict):
        raise InputError(f"{where}: {at} must be an object")
    if known is not None and (unknown := sorted(value.keys() - set(known))):
        raise InputError(
            f"{where}: {at} has the unknown field {unknown[0]!r}; it may have {', '.join(known)}"
        )
    return value


def _choice(value: Any, choices: tuple[str, ...], where: str, at: str) -> int:
    if value not in choices:
        raise InputError(f"{where}: {at} has {value!r}, it must be one of {', '.join(choices)}")
    return choices.index(value)


def _number(value: Any, where: str, at: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"{where}: {at} must be a number")
    return float(value)


def _share(value: Any, where: str, at: str) -> float:
    number = _number(value, where, at)
    if not 0.0 <= number <= 1.0:
        raise InputError(f"{where}: {at} is {number}, it must lie between 0 and 1")
    return number
