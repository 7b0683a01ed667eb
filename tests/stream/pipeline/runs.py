"""One stream through the kernels, in batches, and through the reference, item by item."""

from dataclasses import dataclass, field
from math import isclose, isnan
from typing import Any

import numpy as np

from stream.pipeline.aggregates import AT_IS_LATE, AT_IS_WARM, COLUMN
from stream.pipeline.entities import TOUCH, group_touches, visit
from stream.pipeline.entity_answers import N_QUESTIONS, QUESTIONS
from stream.pipeline.feature import Known
from stream.pipeline.features import FEATURES, NAMES, compute_features
from stream.pipeline.links import adding, asking, entity_tokens, event_links, label_links
from stream.pipeline.users import EVENT_STEP, LABEL_STEP, Steps, advance
from tests.stream.pipeline.reference import Event, ReferenceUser
from tests.stream.pipeline.reference_entities import ReferenceEntity, shared_features
from tests.stream.pipeline.streams import Item, cut
from topics.columns import EVENT, LABEL, PAST, Rows
from topics.vocabulary import ENTITY_KINDS

LAG_MS = 2_000
N_KINDS = len(ENTITY_KINDS)


def rows_of(items: list[Item], dtype: Any) -> Rows:
    """Return the items as rows, fields that they lack zero."""
    rows = np.zeros(len(items), dtype)
    for name in dtype.names:
        if items and name in items[0]:
            rows[name] = [item[name] for item in items]
    return rows


def steps_of(batch: list[Item]) -> tuple[list[int], Steps]:
    """Return the users of a batch and what happens to each, in order."""
    by_user: dict[int, list[tuple[int, int]]] = {}
    n_of = [0, 0]
    for item in batch:
        kind = LABEL_STEP if item["is_label"] else EVENT_STEP
        by_user.setdefault(item["user"], []).append((kind, n_of[kind]))
        n_of[kind] += 1
    steps = [step for user in by_user.values() for step in user]
    starts = np.cumsum([0] + [len(user) for user in by_user.values()])
    kinds, rows = ([step[i] for step in steps] for i in (0, 1))
    return list(by_user), Steps(starts, np.array(kinds, np.uint8), np.array(rows, np.int64))


@dataclass
class Fast:
    """What the kernels say of a stream, and the states that they left."""

    states: dict[int, bytes | None] = field(default_factory=dict)
    entities: dict[int, bytes | None] = field(default_factory=dict)
    tokens: dict[int, Any] = field(default_factory=dict)
    aggregates: list[Any] = field(default_factory=list)
    features: list[Any] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    past: list[Any] = field(default_factory=list)
    flags: list[int] = field(default_factory=list)
    duplicate: list[bool] = field(default_factory=list)
    label_change: list[tuple[int, int]] = field(default_factory=list)

    def run(self, batch: list[Item], zone_ms: int = 0) -> None:
        events = rows_of([item for item in batch if not item["is_label"]], EVENT)
        labels = rows_of([item for item in batch if item["is_label"]], LABEL)
        users, steps = steps_of(batch)
        states = [self.states.get(user) for user in users]
        result = advance(events, labels, steps, states, zone_ms=zone_ms)
        self.states |= zip(users, result.states(), strict=True)
        answers = self._ask(batch, events, labels, result)
        known = Known(events, result.aggregates.T, answers.transpose(1, 2, 0))
        self.aggregates.extend(result.aggregates)
        self.features.extend(compute_features(known))
        self.answers.extend(answers)
        self.past.extend(p[:n] for p, n in zip(result.past, result.n_past, strict=True))
        self.flags.extend(result.flags.tolist())
        self.duplicate.extend(result.duplicate.tolist())
        self.label_change.extend(map(tuple, result.label_change.tolist()))

    def _ask(self, batch: list[Item], events: Rows, labels: Rows, result: Any) -> Any:
        """Ask and tell the entities, in the order of arrival; return their answers."""
        links = event_links(events, result.flags, np.zeros(len(events), np.int64))
        touches = [np.zeros(0, TOUCH)]
        n_events, n_labels = 0, 0
        for item in batch:
            if item["is_label"]:
                i, n_labels = n_labels, n_labels + 1
                told = label_links(labels[i : i + 1], result.label_change[i : i + 1], np.zeros(1))
                told["tokens"] = self.tokens.get(item["event"], 0)
                touches.append(adding(told))
                continue
            i, n_events = n_events, n_events + 1
            questions = asking(events[i : i + 1])
            questions["row"] += i * N_KINDS
            touches.append(questions)
            if not result.duplicate[i]:
                touches.append(adding(links[i : i + 1]))
                self.tokens[item["event"]] = entity_tokens(events[i : i + 1])[0]
        tokens, grouped, starts = group_touches(np.concatenate(touches))
        states = [self.entities.get(token) for token in tokens.tolist()]
        n_rows = len(events) * N_KINDS
        found = visit(grouped, starts, states, n_rows, lag_ms=LAG_MS)
        self.entities |= zip(tokens.tolist(), found.states(), strict=True)
        return found.answers.reshape(-1, N_KINDS, N_QUESTIONS)

    def fingerprint(self) -> dict[str, bytes]:
        """Return everything as bytes, to compare runs bit for bit."""
        listed = {"aggregates": self.aggregates, "features": self.features, "past": self.past,
                  "answers": self.answers}  # fmt: skip
        found = {name: b"".join(row.tobytes() for row in rows) for name, rows in listed.items()}
        found |= {f"user {user}": state or b"" for user, state in self.states.items()}
        found |= {f"entity {token}": state or b"" for token, state in self.entities.items()}
        told = f"{self.flags}{self.duplicate}{self.label_change}"
        return found | {"flags": told.encode()}


def run_fast(items: list[Item], cuts: list[int] | None = None, zone_ms: int = 0) -> Fast:
    """Take a stream through the kernels, cut into batches at ``cuts``."""
    fast = Fast()
    for batch in cut(items, cuts or []):
        fast.run(batch, zone_ms)
    return fast


@dataclass
class Slow:
    """What the reference says: of each event features, bounds of answers, past and flags."""

    users: dict[int, ReferenceUser] = field(default_factory=dict)
    entities: dict[tuple[str, int], ReferenceEntity] = field(default_factory=dict)
    seen: dict[int, Event] = field(default_factory=dict)
    features: list[dict[str, float]] = field(default_factory=list)
    answers: list[dict[str, dict[str, float]]] = field(default_factory=list)
    at_most: list[dict[str, dict[str, float]]] = field(default_factory=list)
    prompt: list[bool] = field(default_factory=list)
    past: list[list[Event]] = field(default_factory=list)
    flags: list[int] = field(default_factory=list)
    duplicate: list[bool] = field(default_factory=list)
    late: list[bool] = field(default_factory=list)
    counters: list[list[int]] = field(default_factory=list)
    warm: list[bool] = field(default_factory=list)
    label_change: list[tuple[int, int]] = field(default_factory=list)

    def named(self, event: Event) -> dict[str, ReferenceEntity]:
        """Return the entities that the event names, by kind."""
        return {
            kind: self.entities.setdefault((kind, event[kind]), ReferenceEntity(LAG_MS))
            for kind in ENTITY_KINDS
            if event[kind] != 0 and (kind != "text" or event["type"] == 2)
        }

    def take(self, item: Item, zone_ms: int) -> None:
        user = self.users.setdefault(item["user"], ReferenceUser(zone_ms))
        if item["is_label"]:
            self.take_label(user, item)
            return
        t, other = item["time_ms"], item["user"] % 2**48
        named = self.named(item)
        answers = {kind: entity.answers(t, other) for kind, entity in named.items()}
        own = user.features(item)
        self.features.append(own | shared_features(item, answers, own))
        self.answers.append(answers)
        self.at_most.append({kind: entity.at_most(t, other) for kind, entity in named.items()})
        self.prompt.append(all(entity.is_prompt(t) for entity in named.values()))
        self.past.append(user.recent_past())
        self.flags.append(user.flags(item))
        self.late.append(user.is_late(item))
        self.warm.append(user.is_warm(item))
        self.counters.append([len(user.past), user.n_late, user.n_duplicates])
        self.duplicate.append(user.is_duplicate(item))
        if self.duplicate[-1]:
            user.n_duplicates += 1
            return
        new = {kind for i, kind in enumerate(ENTITY_KINDS[:4]) if self.flags[-1] >> i & 1}
        for kind, entity in named.items():
            if item["type"] != 1 or kind in new:
                entity.links.append(
                    {
                        "time_ms": t,
                        "user": other,
                        "amount": 0.0 if isnan(item["amount"]) else item["amount"],
                        "is_order": item["step"] == 0,
                    }
                )
        user.n_late += self.late[-1]
        user.apply(item | {"flags": self.flags[-1]})
        self.seen[item["event"]] = item

    def take_label(self, user: ReferenceUser, label: Item) -> None:
        labels, frauds = user.apply_label(label)
        self.label_change.append((labels, frauds))
        if label["event"] in self.seen and (labels or frauds):
            for entity in self.named(self.seen[label["event"]]).values():
                entity.labels.append(
                    {"time_ms": label["known_ms"], "labels": labels, "frauds": frauds}
                )


def run_slow(items: list[Item], zone_ms: int = 0) -> Slow:
    """Take a stream through the reference."""
    slow = Slow()
    for item in items:
        slow.take(item, zone_ms)
    return slow


EXACT_UNITS = {"count", "0/1", "share", "hours", "days", "stars", "characters"}
# A share of money is a quotient of sums, as a ratio is.
INEXACT = {"refund_share_30d", "rating_deviation"}
IS_EXACT = np.array([f.unit in EXACT_UNITS and f.name not in INEXACT for f in FEATURES])
FROM_ENTITIES = np.array([f.shared and "user_fraud" not in f.name for f in FEATURES])


def feature_differences(fast: Fast, slow: Slow) -> list[str]:
    """Name every feature that differs, at which event, with both values.

    Counts, times and shares are equal to the last bit; of sums, means and deviations the order of
    summation may differ.
    """
    if not slow.features:
        return []
    assert all(row.keys() == set(NAMES) for row in slow.features)
    values = np.array(fast.features)
    wanted = np.array([[row[name] for name in NAMES] for row in slow.features], np.float32)
    equal = (values == wanted) | (np.isnan(values) & np.isnan(wanted))
    equal |= ~IS_EXACT & np.isclose(values, wanted, rtol=1e-6, atol=1e-6)
    equal |= FROM_ENTITIES & ~np.array(slow.prompt)[:, None]  # see `answer_differences`
    return [
        f"event {row}: {NAMES[i]} is {values[row, i]}, by definition {wanted[row, i]}"
        for row, i in np.argwhere(~equal)
    ]


def answer_differences(fast: Fast, slow: Slow) -> list[str]:
    """Name every answer of an entity that is wrong, or outside its bounds where it is late."""
    found = []
    for row, answers in enumerate(slow.answers):
        values = fast.answers[row].tolist()
        for kind, wanted in answers.items():
            for question, least in wanted.items():
                value = values[ENTITY_KINDS.index(kind)][QUESTIONS.index(question)]
                most = slow.at_most[row][kind].get(question)
                if slow.prompt[row]:
                    good = isclose(value, least, rel_tol=1e-9, abs_tol=1e-6)
                    good |= isnan(value) and isnan(least)
                else:
                    good = most is None or least - 1e-6 <= value <= most + 1e-6
                if not good:
                    found.append(f"event {row}: {kind} {question} is {value}, not {least}-{most}")
    return found


def past_differences(fast: Fast, slow: Slow) -> list[str]:
    """Name every event whose past, as the Transformer reads it, differs."""
    found = []
    for row, (past, wanted) in enumerate(zip(fast.past, slow.past, strict=True)):
        listed = [
            (e["step"], e["rating"], e["flags"], e["category"] % 2**16, e["seller"] % 2**16,
             np.float32(0.0 if isnan(e["amount"]) else e["amount"]), e["time_ms"] // 1000,
             e["sketch"])
            for e in wanted
        ]  # fmt: skip
        if not np.array_equal(past, np.array(listed, PAST)):
            found.append(f"event {row}: past is {past}, by definition {listed}")
    return found


def differences(items: list[Item], cuts: list[int] | None = None, zone_ms: int = 0) -> list[str]:
    """Take a stream both ways and name whatever differs."""
    fast, slow = run_fast(items, cuts, zone_ms), run_slow(items, zone_ms)
    found = feature_differences(fast, slow) + answer_differences(fast, slow)
    found += past_differences(fast, slow)
    is_late = [bool(row[AT_IS_LATE]) for row in fast.aggregates]
    is_warm = [bool(row[AT_IS_WARM]) for row in fast.aggregates]
    at = [COLUMN[name] for name in ("n_events", "n_late", "n_duplicates")]
    counters = [row[at].tolist() for row in fast.aggregates]
    for name, ours, theirs in (
        ("flags", fast.flags, slow.flags), ("duplicate", fast.duplicate, slow.duplicate),
        ("late", is_late, slow.late), ("warm", is_warm, slow.warm),
        ("counters", counters, slow.counters),
    ):  # fmt: skip
        pairs = enumerate(zip(ours, theirs, strict=True))
        found += [f"event {row}: {name} is {a}, not {b}" for row, (a, b) in pairs if a != b]
    pairs = enumerate(zip(fast.label_change, slow.label_change, strict=True))
    return found + [f"label {row}: changes {a}, not {b}" for row, (a, b) in pairs if a != b]
