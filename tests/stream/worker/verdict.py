"""What is right after a fault: every event decided, every counter right, repeats as designed."""

from stream.pipeline.features import N_OWN
from tests.real.reference import differing
from tests.stream.worker.market import Event, Market


def problems(market: Market) -> list[str]:
    """Return what is wrong with what was published and kept, a sentence each."""
    said, counters = market.decisions(), market.counters()
    n_undecided = len({event["event_id"] for event in market.events} - said.keys())
    users = differing(counters, market.count().users)
    rated = {record["user_id"] for record in market.records("credit.scores")}
    n_twice = sum(user["n_duplicates"] for user in counters.values())
    found = [
        (n_undecided, "events without a decision"),
        (len(said.keys()) + n_undecided - len(market.events), "decisions of no event"),
        (len(users), f"users with wrong counters, {users[:3]}"),
        (n_twice, "events applied again"),
        (len(counters.keys() ^ rated), "users without a credit record, or records without a user"),
        (n_strange_repeats(said), "decisions that were repeated under another id"),
    ]
    return [f"{n} {what}" for n, what in found if n]


def n_strange_repeats(said: dict[str, list[Event]]) -> int:
    """Return how many events have decisions of more than one id."""
    return sum(len({d["decision_id"] for d in decisions}) > 1 for decisions in said.values())


def own_part(decision: Event) -> tuple:
    """Return what a repeat says the same where only one topic is read."""
    return decision["decision_id"], decision["features"][:N_OWN], decision["late"], decision["warm"]


def n_repeated(market: Market) -> int:
    """Return how many events were decided more than once."""
    return sum(len(decisions) > 1 for decisions in market.decisions().values())
