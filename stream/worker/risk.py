"""The pipeline as the worker's processor: records in, outputs, states and links out."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.links import by_batch, event_links, label_links, telling
from stream.pipeline.pipeline import Decided, decide
from stream.pipeline.policy import Policy
from stream.pipeline.published import credits_of, versions_of
from stream.pipeline.scorer import Scorer
from stream.pipeline.users import Steps, UserResult, advance
from stream.worker.entities import EntityStore
from stream.worker.failover import Failover
from stream.worker.outputs import Told, decided_records, keys_of
from stream.worker.processor import Outcome, Outgoing, Prepared, RecordBatch
from stream.worker.revision import Waiting
from stream.worker.riskbatch import RiskBatch, read_batches
from stream.worker.stopwatch import Stopwatch
from topics.columns import EVENT, EventBatch, Rows
from topics.credits import encode_credits
from topics.decode import Decoder
from topics.details import details
from topics.vocabulary import ACTIONS


class RiskProcessor:
    """Decides batches of one worker. Both methods run on one thread, one at a time."""

    def __init__(
        self,
        decoder: Decoder,
        policy: Policy,
        scorer: Scorer,
        entities: EntityStore,
        *,
        zone_ms: int = 0,
    ) -> None:
        self._decoder, self._policy, self._scorer = decoder, policy, scorer
        self._entities, self._zone_ms = entities, zone_ms
        self._versions = versions_of(policy, scorer)
        self._lasting = scorer if isinstance(scorer, Failover) else None

    def read(self, batches: Sequence[RecordBatch]) -> RiskBatch:
        """Decode batches and group them by user; bad records are set apart."""
        return read_batches(batches, self._decoder)

    def run(
        self, prepared: Prepared, states: Sequence[bytes | None], applied: NDArray[np.int64]
    ) -> Outcome:
        """Apply batches to their users' states and say what to publish."""
        assert isinstance(prepared, RiskBatch)
        steps = prepared.steps
        user = np.repeat(np.arange(len(prepared.users)), np.diff(steps.starts))
        fresh = prepared.offsets[steps.rows] > applied[user, prepared.source[steps.rows]]
        if prepared.labels is not None:
            return self._run_labels(prepared, prepared.labels, states, fresh)
        assert prepared.events is not None
        if fresh.all():
            at, changed, known = np.arange(len(user)), np.arange(len(states)), list(states)
            return self._run_events(prepared, at, prepared.events, steps, changed, known)
        at = np.sort(steps.rows[fresh])
        events, users, steps = prepared.take(at)
        changed = np.searchsorted(prepared.users, users)
        known = [states[i] for i in changed.tolist()]
        return self._run_events(prepared, at, events, steps, changed, known)

    def _run_labels(
        self,
        prepared: RiskBatch,
        rows: Rows,
        states: Sequence[bytes | None],
        fresh: NDArray[np.bool_],
    ) -> Outcome:
        began = time.thread_time()
        steps, changed, known = prepared.steps, np.arange(len(states)), list(states)
        if not fresh.all():
            steps, changed = _restricted(steps, fresh)
            known = [states[i] for i in changed.tolist()]
        result = advance(
            np.zeros(0, EVENT), rows, steps, known, zone_ms=self._zone_ms, want_past=False
        )
        links = label_links(rows, result.label_change, prepared.offsets)
        origin = prepared.origin[telling(rows, result.label_change)]
        return Outcome(
            [],
            changed,
            result.states(),
            by_batch(links, origin, len(prepared.bad)),
            counts={"labels": len(steps.rows)},
            stages={"labels": time.thread_time() - began},
        )

    def _run_events(
        self,
        prepared: RiskBatch,
        at: NDArray[np.int64],
        events: EventBatch,
        steps: Steps,
        changed: NDArray[np.int64],
        states: list[bytes | None],
    ) -> Outcome:
        """Decide the records ``at`` of a batch, which are ``events``."""
        watch = Stopwatch()
        positions, partitions = prepared.positions[at], prepared.partition[at]

        def told(row: int) -> dict[str, Any]:
            return details(prepared.values[positions[row]] or b"{}")

        def ask(_: UserResult) -> NDArray[np.float64]:
            watch.lap("features")
            answers = self._entities.answers(events.rows)
            watch.lap("entities")
            return answers

        decided = decide(
            events, steps, states, ask,
            policy=self._policy, scorer=self._scorer, zone_ms=self._zone_ms,
        )  # fmt: skip
        watch.lap("decide")
        watch.move("score", "text", decided.scores.text_work.cpu_s)
        links = event_links(events.rows, decided.users.flags, prepared.offsets[at])
        linking = (links["tokens"] != 0).any(axis=1) & ~decided.duplicate
        records = by_batch(links[linking], prepared.origin[at][linking], len(prepared.bad))
        new_states = decided.users.states()
        watch.lap("features")
        outputs = self._encoded(events, decided, partitions, prepared.read_s, told)
        watch.lap("encode")
        again = None
        if self._lasting is not None and (decided.scores.degraded & ~decided.duplicate).any():
            again = Waiting(
                events, decided, told, partitions, self._policy, self._lasting, self._versions
            )
        return Outcome(
            outputs,
            changed,
            new_states,
            records,
            again,
            _counts(decided),
            watch.seconds,
        )

    def _encoded(
        self,
        events: EventBatch,
        decided: Decided,
        partitions: NDArray[np.int64],
        read_s: float,
        told: Told,
    ) -> list[Outgoing]:
        now_ms = time.time_ns() // 1_000_000
        latency = {"batch": round(1000 * (time.monotonic() - read_s), 1)}
        outputs = decided_records(
            events, decided, told, partitions, self._policy, self._versions,
            now_ms=now_ms, latency_ms=latency,
        )  # fmt: skip
        credit = credits_of(events, decided, self._versions)
        if credit is not None:
            values = encode_credits(credit, updated_at_ms=now_ms)
            sources = partitions[decided.credit.published]
            outputs.append(Outgoing("credit.scores", keys_of(credit.user_ids), values, sources))
        return outputs


def _counts(decided: Decided) -> dict[str, int]:
    fresh = ~decided.duplicate
    actions = np.bincount(decided.action[fresh], minlength=len(ACTIONS))
    counts = {f"decisions.{a}": int(n) for a, n in zip(ACTIONS, actions, strict=True)}
    counts["alerts"] = int(actions[1:].sum())
    counts["duplicates"] = int((~fresh).sum())
    counts["texts.encoded"] = decided.scores.text_work.n_encoded
    counts["texts.cached"] = decided.scores.text_work.n_cached
    counts["degraded"] = int((decided.scores.degraded & fresh).sum())
    counts["credits"] = int(decided.credit.published.sum())
    return counts


def _restricted(steps: Steps, fresh: NDArray[np.bool_]) -> tuple[Steps, NDArray[np.int64]]:
    """Leave out steps; return the rest and which users it touches."""
    group = np.repeat(np.arange(len(steps.starts) - 1), np.diff(steps.starts))[fresh]
    touched, first = np.unique(group, return_index=True)
    starts = np.r_[first, len(group)].astype(np.int64)
    return Steps(starts, steps.kinds[fresh], steps.rows[fresh]), touched
