"""The closing tables of the demo."""

from collections import Counter
from io import StringIO

from rich.console import Console

from stream.demo.summary import Summary, show
from stream.demo.verdict import HONEST, judge

TRUTH = [
    {"event_id": "a", "scenario": "card_testing", "case": True},
    {"event_id": "b", "scenario": "card_testing", "case": True},
    {"event_id": "c", "scenario": "card_testing", "case": False},
    {"event_id": "early", "scenario": "brushing", "case": True},
]
LATER = {"a", "b", "c", "d"}
ALERTED = {"a": "hold", "c": "review", "d": "step_up", "early": "block"}


def summary_of(n_sent, model_note=""):
    return Summary(
        n_sent=n_sent, n_decisions=95, n_duplicates=3, dead=Counter(not_json=2), n_labels=7,
        bands=Counter("AAB"), events_per_s=5_000.0, live_per_s=300.0, p50_ms=12.0, p99_ms=40.0,
        model_note=model_note,
        verdict=judge(len(LATER), ALERTED, TRUTH, LATER),
    )  # fmt: skip


def shown(summary):
    console = Console(width=110, record=True, file=StringIO())
    show(summary, console)
    return console.export_text()


def test_only_events_after_the_training_are_judged():
    verdict = judge(len(LATER), ALERTED, TRUTH, LATER)
    assert verdict.cases == {"card_testing": 2}
    assert verdict.caught == {"card_testing": 1}
    assert verdict.alerts == {
        ("card_testing", "hold"): 1, ("card_testing", "review"): 1, (HONEST, "step_up"): 1
    }  # fmt: skip
    assert verdict.precision == 2 / 3
    assert verdict.recall == 1 / 2


def test_the_sum_is_exact_or_said_not_to_be():
    assert summary_of(100).balanced
    assert not summary_of(101).balanced
    assert "100 events in = 95 decisions + 3 duplicates + 2 dead letters" in shown(summary_of(100))
    assert "101 events in is not 95 decisions" in shown(summary_of(101))


def test_the_tables_name_reasons_bands_scenarios_and_shares():
    text = shown(summary_of(100))
    assert "not_json 2" in text
    assert "A 2  B 1  C 0" in text
    assert "card_testing" in text
    assert "1 (50%)" in text
    assert "precision 67%, recall 50%" in text


def test_without_alerts_or_cases_the_shares_are_zero():
    verdict = judge(0, {}, [], set())
    assert (verdict.precision, verdict.recall) == (0.0, 0.0)


def test_a_model_whose_training_ran_out_of_time_is_told_in_the_table():
    assert "ran into its limit" in shown(summary_of(100, "training ran into its limit of 60 s"))
    assert "ran into its limit" not in shown(summary_of(100))
