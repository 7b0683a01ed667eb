"""How good the probabilities are: calibration, and how the scores are distributed."""

import math

from stream.report.block import absent, block, card, figure, pair, section
from stream.report.forms import share
from stream.report.markup import Html, tag, text
from stream.report.plot import Plot
from stream.report.scale import linear, log, log_odds
from stream.report.table import Column, counts, shares, table
from stream.report.value import Value, ranged


def probabilities(metrics: Value) -> Html:
    """Return the section on the probabilities."""
    curves = metrics.at("curves")
    return section(
        "probabilities", "How far the probabilities can be trusted",
        "Thresholds and expected losses rest on a probability meaning what it says.",
        pair(_calibration(curves.at("calibration")), _scores(curves.at("scores"))),
        _highest(metrics),
    )  # fmt: skip


def _calibration(rows: Value) -> Html:
    title = "Calibration"
    if not rows.raw:
        return card(title, "No judged event has a probability: nothing to calibrate.")
    least = min(x for x in [*rows.floats("mean_p"), *rows.floats("fraud_share"), 0.1] if x > 0)
    low = 10.0 ** max(-7, math.floor(math.log10(least)))
    plot = Plot(
        log("probability of fraud, mean of the group", low, 1, percent=True),
        log("share of fraud in the group", low, 1, percent=True),
    )
    found = [(r.at("mean_p").raw, r.at("fraud_share").raw, r.at("interval_95").raw)
             for r in rows.items()]  # fmt: skip
    drawing = plot.drawn(
        "calibration", title, "A dot for each group of events, with an upright line for its "
        "confidence interval, beside the dotted diagonal on which both shares are equal.",
        [
            plot.line([(low, low), (1, 1)], "guide"),
            plot.whiskers([(p, *ends) for p, _, ends in found], "span"),
            plot.dots([(p, y) for p, y, _ in found if y > 0], "one"),
            plot.dots([(p, low) for p, y, _ in found if not y > 0], "hollow"),
        ],
    )  # fmt: skip
    says = (
        "Events in groups of about the same size, by their probability. Dots on the dotted line "
        "are best; hollow dots at the bottom are groups without any fraud, which a logarithmic "
        "axis cannot show. Upright lines are confidence intervals."
    )
    return figure("calibration", title, says, drawing, [
        shares("mean probability", "mean_p"), shares("share of fraud", "fraud_share"),
        Column("interval", lambda row: ranged(row.at("interval_95"), share)),
        counts("events", "n"), counts("fraud", "n_fraud"),
    ], rows)  # fmt: skip


def _highest(metrics: Value) -> Html:
    title, row = "The highest probabilities", metrics.at("highest_1000")
    says = (
        "Actions rest on the highest probabilities, which are a small part of all events. Their "
        "mean should be the share of fraud that was found among them."
    )
    if row.raw is None:
        why = "Fewer than a thousand judged events have a probability: too few to compare."
        return block(title, says, absent(why))
    columns = [
        Column("events", lambda _: tag("span", text("the thousand highest")), wordy=True),
        shares("mean probability", "mean_p"), shares("share of fraud", "fraud_share"),
        Column("interval", lambda _: ranged(
            metrics.at("interval_95", "highest_1000", "fraud_share"), share)),
    ]  # fmt: skip
    return block(title, says, table("highest", title, columns, [row]))


def _scores(rows: Value) -> Html:
    title = "Score distributions"
    if not rows.raw:
        return card(title, "There is no judged event: no distribution.")
    bins = rows.items()[::-1]
    inner = [x for row in bins for x in (row.at("low").raw, row.at("high").raw) if 0 < x < 1]
    low, high = min(inner, default=0.5), max(inner, default=0.5)
    low, high = (_further(low, -0.5), _further(high, 0.5))
    top = max([0.0, *rows.floats("fraud_share"), *rows.floats("legitimate_share")])
    plot = Plot(
        log_odds("score, evenly in log-odds", low, high),
        linear("share of the class in the bin", 0, top, percent=True),
    )
    drawing = plot.drawn(
        "scores", title, "Two stepped outlines over the score, one of fraud and one of "
        "legitimate events.",
        [
            plot.line(_steps(bins, key, low, high), series, filled=True)
            for key, series in (("legitimate_share", "one"), ("fraud_share", "two"))
            if rows.floats(key)
        ],
        legend=[("line", "one", "legitimate"), ("line", "two", "fraud")],
    )  # fmt: skip
    says = (
        "How the scores of fraud and of legitimate events spread, each class as a whole. The "
        "less the outlines overlap, the better."
    )
    return figure("scores", title, says, drawing, [
        shares("score from", "low"), shares("to", "high"),
        counts("legitimate events", "n_legitimate"), counts("fraud", "n_fraud"),
        shares("share of legitimate", "legitimate_share"), shares("share of fraud", "fraud_share"),
    ], rows)  # fmt: skip


def _steps(bins: list[Value], key: str, low: float, high: float) -> list[tuple[float, float]]:
    points = [(low, 0.0)]
    for row in bins:
        height = row.at(key).raw or 0.0
        points += [(max(row.at("low").raw, low), height), (min(row.at("high").raw, high), height)]
    return [*points, (high, 0.0)]


def _further(p: float, by: float) -> float:
    odds = p / (1 - p) * math.exp(by)
    return odds / (1 + odds)
