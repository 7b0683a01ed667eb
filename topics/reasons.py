"""Why a decision is what it is, and who else is involved."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """One reason of a decision: a feature's value, what is usual, and a sentence for a person.

    ``code`` names the rule or the feature; ``contribution`` is what the feature adds to the
    log-odds of fraud (of a credit record: of turning bad), 0 for a rule. NaN: unknown.
    """

    code: str
    feature: str
    value: float
    usual_value: float
    contribution: float
    text: str


@dataclass(frozen=True)
class Link:
    """An entity that the event names, as a token, and how many users were seen with it."""

    entity: str
    token: str
    n_users: int
