"""What ran: versions, ranges and counts, and the main figures."""

from collections.abc import Callable
from typing import Final

from stream.report.block import facts, section
from stream.report.forms import count, figure, moment, share
from stream.report.markup import NOTHING, Html, joined, tag, text
from stream.report.value import Value, ranged, shown, worded

Form = Callable[[float], str]

FACTS: Final[tuple[tuple[str, tuple[str, ...], Form | None], ...]] = (
    ("Model", ("run", "model", "name"), None),
    ("Version of the model", ("run", "model", "version"), None),
    ("Version of the policy", ("run", "policy_version"), None),
    ("Version of the features", ("run", "feature_version"), None),
    ("Version of riskstream", ("run", "riskstream_version"), None),
    ("Reported from", ("run", "from_ms"), moment),
    ("Reported up to, exclusive", ("run", "to_ms"), moment),
    ("Earlier events, only to warm the states", ("run", "n_history"), count),
    ("Events decided", ("run", "n_reported"), count),
    ("Repeated events, counted once", ("run", "n_duplicates"), count),
    ("Records that could not be read", ("run", "n_bad_records"), count),
    ("Decided before their user's history was long enough", ("n_cold",), count),
    ("Left out, because nothing is known or counts of them", ("n_left_out",), count),
    ("Left out, because their user was known as bad", ("dropped_known",), count),
    ("Events judged", ("n",), count),
    ("Users with judged events", ("n_users",), count),
    ("Fraud among the judged events", ("n_fraud",), count),
    ("An event without a label counts as", ("unlabelled",), None),
    ("Resamples of the users for the intervals", ("resamples", "n"), count),
)

MAIN: Final[tuple[tuple[str, str, Form, str], ...]] = (
    ("average_precision", "Average precision", share,
     "Precision over all recalls, from the strictest threshold on. Higher is better; by chance it "
     "is the share of fraud."),
    ("roc_auc", "Area under the ROC curve", figure,
     "How often a fraud scores higher than a legitimate event. One is best, a half is chance."),
    ("recall_at_fpr_1pct", "Fraud found at few false alarms", share,
     "Share of the frauds found when one legitimate event in a hundred raises an alarm. Higher is "
     "better."),
    ("card_precision_at_100", "Card precision", share,
     "Of the hundred users with the highest scores of a day, the share defrauded; users found "
     "before are left out. Compare with the most attainable."),
    ("ks", "Kolmogorov-Smirnov distance", figure,
     "The largest lead of fraud found over false alarms. One is best."),
    ("log_loss", "Logarithmic loss", figure,
     "How surprised the probabilities are by what happened. Lower is better; compare with the same "
     "probability for all events, the share of fraud among them."),
    ("brier", "Brier score", figure,
     "The mean squared error of the probabilities. Lower is better."),
    ("ece", "Calibration error", figure,
     "How far probabilities lie from what happened, on average. Lower is better."),
)  # fmt: skip


def heading(metrics: Value) -> Html:
    """Return the page's title with the model's name and what the report is about."""
    model = metrics.at("run", "model")
    of = [text(" of "), worded(model.at("name"))] if model.at("name").raw is not None else []
    run = metrics.at("run")
    span = (
        joined(
            [
                text("From "), shown(run.at("from_ms"), moment), text(" to "),
                shown(run.at("to_ms"), moment), text(": "),
            ]
        )
        if run.raw is not None
        else NOTHING
    )  # fmt: skip
    counted = [
        shown(metrics.at("n"), count), text(" events judged, "),
        shown(metrics.at("n_fraud"), count), text(" of them fraud."),
    ]  # fmt: skip
    return joined([tag("h1", text("Backtest"), *of), tag("p", span, *counted, class_="soft")])


def what_ran(metrics: Value) -> Html:
    """Return the section on what ran."""
    entries = [
        (name, worded(value) if form is None else shown(value, form))
        for name, path, form in FACTS
        if (value := metrics.at(*path)).raw is not None
    ]
    lacks = metrics.at("run", "lacks").items()
    if lacks:
        listed = joined(tag("div", worded(what)) for what in lacks)
        entries.append(("The model has", listed))
    return section(
        "ran", "What ran",
        "The history went through the very pipeline that decides live. Everything below is about "
        "the judged events: those decided with enough history, of which the outcome is known or "
        "assumed.",
        facts(entries),
    )  # fmt: skip


def main_figures(metrics: Value) -> Html:
    """Return the section of the main figures, each with its interval and the most attainable."""
    tiles = [
        _tile(metrics, key, name, form, says)
        for key, name, form, says in MAIN
        if metrics.at(key).raw is not None
    ]
    why = (
        "Where an interval is given, the true figure lies in it with ninety-five percent "
        "confidence, as far as other users would be like these."
    )
    if metrics.at("roc_auc").raw is None:
        missing = "fraud" if not metrics.at("n_fraud").raw else "legitimate event"
        why = f"There is no {missing} among the judged events: no ranking figures. {why}"
    return section("figures", "Main figures", why, tag("ul", *tiles, class_="tiles"))


def _tile(metrics: Value, key: str, name: str, form: Form, says: str) -> Html:
    interval = metrics.at("interval_95", key)
    most, constant = metrics.at("maximum", key), metrics.at(f"{key}_base_rate")
    lines = [tag("h3", text(name)), tag("p", shown(metrics.at(key), form), class_="big")]
    if interval.raw is not None:
        lines.append(tag("p", text("interval: "), ranged(interval, form), class_="soft"))
    if most.raw is not None and most.raw != 1:
        lines.append(tag("p", text("most attainable: "), shown(most, form), class_="soft"))
    if constant.raw is not None:
        lines.append(tag("p", text("of the base rate alone: "), shown(constant, form),
                         class_="soft"))  # fmt: skip
    return tag("li", *lines, tag("p", text(says)), class_="card")
