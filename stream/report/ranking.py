"""How well the scores rank: precision-recall, ROC, precision of the highest."""

from stream.report.block import absent, card, figure, pair, section
from stream.report.forms import share
from stream.report.markup import NOTHING, Html, tag, text
from stream.report.plot import Plot
from stream.report.scale import linear, log
from stream.report.table import Column, figures, names, numbers, shares, table
from stream.report.value import Value, ranged, shown


def ranking(metrics: Value) -> Html:
    """Return the section on the ranking."""
    curves = metrics.at("curves")
    return section(
        "ranking", "How well the scores rank",
        "A good score puts fraud above everything else. Both curves go through all thresholds, "
        "from the strictest to the one that takes every event.",
        pair(_precision_recall(curves), _roc(curves), _few_alarms(curves), _highest(metrics)),
    )  # fmt: skip


def _precision_recall(curves: Value) -> Html:
    title, rows = "Precision and recall", curves.at("precision_recall")
    if not rows.raw:
        return card(title, _why(curves))
    points = [(row.at("recall").raw, row.at("precision").raw) for row in rows.items()]
    plot = Plot(
        linear("share of the frauds found (recall)", 0, 1, percent=True),
        linear("share of fraud among the alarms (precision)", 0, 1, percent=True),
    )
    drawing = plot.drawn(
        "pr", title, "A line of precision over recall. It falls as more frauds are found.",
        [plot.line(points, "one", filled=True)],
    )  # fmt: skip
    says = "Of the events above a threshold, how many are fraud. The higher the line, the better."
    return figure("pr", title, says, drawing, [
        numbers("recall", "recall", share), shares("precision", "precision"),
        figures("threshold on the score", "threshold"),
    ], rows)  # fmt: skip


def _roc(curves: Value) -> Html:
    title, rows = "ROC curve", curves.at("roc")
    if not rows.raw:
        return card(title, _why(curves))
    plot = Plot(
        linear("share of legitimate events that raise an alarm", 0, 1, percent=True),
        linear("share of the frauds found (recall)", 0, 1, percent=True),
    )
    drawing = plot.drawn(
        "roc", title, "A line of recall over the share of false alarms, above the dotted diagonal "
        "of chance.",
        [plot.line([(0, 0), (1, 1)], "guide"), plot.line(_points(rows), "one", filled=True)],
    )  # fmt: skip
    says = (
        "How much fraud is found for how many false alarms. The nearer to the upper left corner, "
        "the better; the dotted line is chance."
    )
    return figure("roc", title, says, drawing, [
        shares("false alarms", "false_positive_rate"), shares("recall", "recall"),
        figures("threshold on the score", "threshold"),
    ], rows)  # fmt: skip


def _few_alarms(curves: Value) -> Html:
    title, rows = "ROC curve where false alarms are few", curves.at("roc")
    if not rows.raw:
        return card(title, _why(curves))
    points = [(x, y) for x, y in _points(rows) if x > 0]
    plot = Plot(
        log("share of legitimate events that raise an alarm", min(points[0][0], 0.1), 1,
            percent=True),
        linear("share of the frauds found (recall)", 0, 1, percent=True),
    )  # fmt: skip
    chance = [
        (10 ** (k / 10), 10 ** (k / 10)) for k in range(-60, 1) if 10 ** (k / 10) >= plot.x.low
    ]
    drawing = plot.drawn(
        "low", title, "The same line, with the share of false alarms on a logarithmic axis.",
        [plot.line(chance, "guide"), plot.line(points, "one", filled=True)],
    )  # fmt: skip
    says = (
        "The same curve, stretched where a review team works. Its numbers are those of the ROC "
        "curve above."
    )
    return card(title, says, drawing)


def _points(rows: Value) -> list[tuple[float, float]]:
    return [(row.at("false_positive_rate").raw, row.at("recall").raw) for row in rows.items()]


def _highest(metrics: Value) -> Html:
    title, rows = "The highest scores", metrics.at("precision_at_k")
    if not any(value.raw is not None for value in rows.items()):
        return card(title, _why(metrics))
    worth = metrics.at("by_amount", "precision_at_k")
    columns = [
        Column("events", _top, wordy=True),
        Column("fraud among them", lambda row: shown(row, share)),
        Column("interval", lambda row: ranged(_beside(metrics, "interval_95", row), share)),
        Column("most attainable", lambda row: shown(_beside(metrics, "maximum", row), share)),
        Column("fraud by amount", lambda row: shown(worth.at(row.path[-1]), share)),
    ]
    says = "How many of the events with the highest scores are fraud. Higher is better."
    note = (
        absent("By amount counts each event by its amount, among the events that have one.")
        if worth.raw is not None
        else NOTHING
    )
    return card(title, says, table("top", title, columns, rows.items()), note)


def _beside(metrics: Value, of: str, row: Value) -> Value:
    return metrics.at(of, "precision_at_k", row.path[-1])


def _top(row: Value) -> Html:
    return (
        tag("span", text("as many as frauds"))
        if row.path[-1] == "n_fraud"
        else (names("").cell(row))
    )


def _why(holder: Value) -> str:
    if holder.raw is None:
        return "The metrics hold no curves."
    if not holder.at("n_fraud").raw:
        return "There is no fraud among the judged events: no ranking figures."
    return "There is no legitimate event among the judged ones: no ranking figures."
