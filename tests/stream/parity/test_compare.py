"""Two sets of decisions, compared."""

from math import nan
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream.parity import buckets
from stream.parity.compare import compare_decisions
from stream.parity.differences import Difference
from stream.parity.report import Report
from stream.parity.source import open_source
from stream.pipeline.features import N_OWN, NAMES
from tests.stream.parity.decided import OWN, SHARED, decision, written

N = 12
Records = list[dict[str, Any]]


def compared(folder: Path, logged: Records, replayed: Records, **options: Any) -> Report:
    return compare_decisions(
        open_source(written(folder / "logged.parquet", logged)),
        open_source(written(folder / "replayed.parquet", replayed)),
        **options,
    )


def changed(folder: Path, ours: dict[str, Any], theirs: dict[str, Any], **options: Any) -> Report:
    """Compare sets in which only event 5 differs."""
    sets = [[decision(i, **(c if i == 5 else {})) for i in range(N)] for c in (ours, theirs)]
    return compared(folder, *sets, **options)


def only(report: Report) -> Difference:
    (difference,) = report.differing
    assert difference.example is not None
    assert difference.example.event_id == "e5"
    return difference


def test_equal_sets_in_another_order_are_equal(tmp_path: Path) -> None:
    logged = [decision(i) for i in range(N)]
    report = compared(tmp_path, logged, logged[::-1])
    assert report.equal
    assert not report.differing
    assert (report.part.n_logged, report.part.n_matched, report.part.n_judged) == (N, N, N)
    assert [d.name for d in report.of("own", "shared")] == list(NAMES)
    assert len(report.of("own")) == N_OWN


@pytest.mark.parametrize(
    ("ours", "theirs", "error", "n_unknown"),
    [
        ({OWN: 1.0}, {OWN: float(np.nextafter(np.float32(1), np.float32(2)))}, 1.2e-7, 0),
        ({OWN: 0.0}, {OWN: -0.0}, 0.0, 0),
        ({OWN: None}, {OWN: 0.0}, 0.0, 1),
        ({OWN: 2.0}, {OWN: None}, 0.0, 1),
    ],
)
def test_an_own_feature_must_have_the_same_bits(
    tmp_path: Path, ours: Any, theirs: Any, error: float, n_unknown: int
) -> None:
    report = changed(tmp_path, ours, theirs, tolerance=0.1)
    assert not report.equal
    difference = only(report)
    assert (difference.name, difference.kind, difference.n) == (OWN, "own", 1)
    assert difference.n_unknown == n_unknown
    assert difference.largest_error == pytest.approx(error, rel=0.05)


def test_unknown_equals_unknown_whether_null_or_not_a_number(tmp_path: Path) -> None:
    unknown = dict.fromkeys((OWN, SHARED, "anomaly", "purchasing_power"))
    null = written(tmp_path / "null.parquet", [decision(i, **unknown) for i in range(N)])
    table, path = pq.read_table(null), tmp_path / "nan.parquet"
    for name in unknown:
        at = table.schema.get_field_index(name)
        table = table.set_column(at, table.schema.field(at), table[name].fill_null(nan))
    pq.write_table(table, path)
    assert pq.read_table(path)[OWN].null_count == 0
    assert not compare_decisions(open_source(null), open_source(path)).differing


def test_a_shared_feature_is_reported_and_counts_only_on_demand(tmp_path: Path) -> None:
    for counts in (False, True):
        report = changed(tmp_path, {SHARED: 1.0}, {SHARED: 2.0}, shared_counts=counts)
        assert report.equal is not counts
        difference = only(report)
        assert (difference.kind, difference.n, difference.largest_error) == ("shared", 1, 0.5)


@pytest.mark.parametrize(
    ("name", "ours", "theirs"),
    [
        ("type", "order", "browse"), ("late", False, True), ("user_id", "u", "v"),
        ("event_time_ms", 1, 2), ("p_fraud", 0.5, 0.50002), ("anomaly", None, 0.5),
        ("risk", 0.5, 0.50002), ("credit_score", 600, 602), ("credit_score", None, 600),
        ("purchasing_power", 1000.0, 1000.02), ("action", "allow", "hold"),
    ],
)  # fmt: skip
def test_each_field_and_score_counts(tmp_path: Path, name: str, ours: Any, theirs: Any) -> None:
    report = changed(tmp_path, {name: ours}, {name: theirs})
    assert not report.equal
    difference = only(report)
    assert (difference.name, difference.n) == (name, 1)
    assert difference.example is not None
    assert (difference.example.logged, difference.example.replayed) == (ours, theirs)


@pytest.mark.parametrize(
    ("name", "ours", "theirs"),
    [("p_fraud", 0.5, 0.500009), ("anomaly", 0.5, 0.500009), ("purchasing_power", 1e6, 1e6 + 9)],
)
def test_scores_within_the_tolerance_are_equal(
    tmp_path: Path, name: str, ours: Any, theirs: Any
) -> None:
    assert not changed(tmp_path, {name: ours}, {name: theirs}).differing
    assert not changed(tmp_path, {name: ours}, {name: theirs}, tolerance=1e-7).equal


def test_an_action_at_a_threshold_is_a_near_miss(tmp_path: Path) -> None:
    at = {"risk": 0.4, "action": "hold"}, {"risk": 0.399995, "action": "allow"}
    report = changed(tmp_path, *at)
    assert report.equal
    difference = only(report)
    assert (difference.name, difference.n, difference.n_near) == ("action", 0, 1)
    assert not changed(tmp_path, *at, tolerance=1e-6).equal
    other = {**at[1], "policy_version": "q"}
    assert not changed(tmp_path, at[0], other).equal, "two policies have no common threshold"


def test_events_of_one_side_are_counted_with_an_example(tmp_path: Path) -> None:
    report = compared(
        tmp_path,
        [decision(i) for i in range(10)],
        [decision(i, warm=i != 11) for i in range(2, 13)],
    )
    assert not report.equal
    missing, extra = report.part.missing, report.part.extra
    assert (missing.n, missing.n_not_judged) == (2, 0)
    assert missing.example in {"e0", "e1"}
    assert (extra.n, extra.n_not_judged) == (2, 1)
    assert extra.example in {"e10", "e12"}


def test_cold_and_degraded_events_are_not_judged(tmp_path: Path) -> None:
    wrong = {OWN: 1e9, "p_fraud": 1.0, "action": "block"}
    for apart in ({"warm": False}, {"degraded": True}):
        for ours, theirs in ((apart, wrong), ({}, {**wrong, **apart})):
            report = changed(tmp_path, ours, theirs)
            assert report.equal
            part = report.part
            assert (part.n_cold, part.n_degraded, part.n_judged) == (
                "warm" in apart, "degraded" in apart, N - 1,
            )  # fmt: skip


def test_the_first_record_of_the_highest_revision_counts(tmp_path: Path) -> None:
    replayed = [decision(i) for i in range(N)]
    wrong = decision(5, p_fraud=0.9)
    first = decision(5, p_fraud=0.9, degraded=True)
    again = decision(5, revision=1)
    report = compared(tmp_path, [first, *replayed[6:], again, *replayed[:5], wrong], replayed)
    assert report.equal
    assert (report.part.n_logged, report.part.n_repeated) == (N, 2)
    assert compared(tmp_path, [*replayed, wrong], replayed).equal
    assert not compared(tmp_path, [wrong, *replayed], replayed).equal


def test_a_share_of_the_users_is_always_the_same(tmp_path: Path) -> None:
    logged = [decision(i) for i in range(200)]
    replayed = [decision(i, p_fraud=0.75) for i in range(200)]
    half = compared(tmp_path, logged, replayed, share=0.5)
    assert half == compared(tmp_path, logged, replayed, share=0.5)
    assert 0 < half.part.n_matched < 200
    assert half.part.n_matched % 5 == 0, "each of the 40 users has five events"
    assert half.part.missing.n == half.part.extra.n == 0
    assert compared(tmp_path, logged, replayed, share=0.75).part.n_matched > half.part.n_matched


def test_many_buckets_say_what_one_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logged = [decision(i, **{OWN: i}) for i in range(100)]
    replayed = [decision(i, **{OWN: i + i % 3}) for i in range(20, 120)]
    one = compared(tmp_path, logged, replayed)
    monkeypatch.setattr(buckets, "ROWS_PER_BUCKET", 3)
    progressed: list[float] = []
    many = compared(tmp_path, logged, replayed, progress=progressed.append)
    assert sum(progressed) == 400
    assert len(progressed) > 20
    assert many.differing == one.differing
    assert many.part.n_matched == one.part.n_matched == 80
    assert many.part.missing.n == one.part.missing.n == 20


EVENTS = st.lists(
    st.tuples(
        st.integers(0, 9), st.integers(0, 2), st.booleans(), st.booleans(),
        st.sampled_from([None, 0.0, 1.0, 2.0]),
    ),
    min_size=1,
)  # fmt: skip


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EVENTS, EVENTS, st.randoms(use_true_random=False))
def test_the_report_is_what_a_dictionary_says(
    tmp_path: Path, ours: list[Any], theirs: list[Any], random: Random
) -> None:
    sets = [
        [
            decision(i, revision=revision, warm=warm, degraded=degraded, **{OWN: value})
            for i, revision, warm, degraded, value in events
        ]
        for events in (ours, theirs)
    ]
    # Event 99 is always there to be judged.
    for records in sets:
        records.insert(random.randint(0, len(records)), decision(99))
    report = compared(tmp_path, *sets)
    chosen: list[dict[str, Any]] = []
    for records in sets:
        best: dict[str, Any] = {}
        for record in records:
            there = best.get(record["event_id"])
            if there is None or record["revision"] > there["revision"]:
                best[record["event_id"]] = record
        chosen.append(best)
    a, b = chosen
    fit = [{k for k, r in side.items() if r["warm"] and not r["degraded"]} for side in chosen]
    both = fit[0] & fit[1]
    part = report.part
    assert (part.n_logged, part.n_replayed, part.n_matched) == (
        len(a),
        len(b),
        len(a.keys() & b.keys()),
    )
    assert part.n_repeated == sum(map(len, sets)) - len(a) - len(b)
    assert part.n_judged == len(both)
    assert (part.missing.n, part.extra.n) == (len(fit[0] - b.keys()), len(fit[1] - a.keys()))
    assert part.n_matched + part.missing.n + part.missing.n_not_judged == part.n_logged
    n = sum(a[k]["features"][OWN] != b[k]["features"][OWN] for k in both)
    assert sum(d.n for d in report.differing) == n
    assert report.equal == (not n and not part.missing.n and not part.extra.n)
