"""Alerts: how many a day, what a budget of them catches, and what the policy's actions found."""

from datetime import date
from typing import Final

from stream.report.block import absent, block, card, figure, pair, section
from stream.report.forms import count, money, share
from stream.report.markup import Html, joined, tag, text
from stream.report.plot import Plot
from stream.report.scale import Scale, linear, log
from stream.report.table import Column, counts, names, numbers, shares, table, words
from stream.report.value import Value, named, shown

MOST_DAYS_NAMED: Final = 5
LEAST_APART: Final = 0.1
"""Of the height of a plot: room for the name of a level."""


def alerts(metrics: Value) -> Html:
    """Return the section on alerts."""
    return section(
        "alerts", "Alerts and what they catch",
        "An alert is any decision but to allow. What counts in the end is how much loss is caught "
        "by as many alerts as people can look at.",
        pair(_per_day(metrics), _caught(metrics)),
        _budgets(metrics),
        _policy(metrics.at("policy")),
    )  # fmt: skip


def _per_day(metrics: Value) -> Html:
    title, days = "Alerts per day", metrics.at("by_day")
    if not days.raw:
        return card(title, "No day has a decided event.")
    numbered = [date.fromisoformat(row.at("day").raw).toordinal() for row in days.items()]
    n_alerts = [row.at("n_alerts").raw for row in days.items()]
    n_fraud = [row.at("n_fraud").raw for row in days.items()]
    most = max([1, *n_alerts, *n_fraud])
    budgets = _levels(metrics.at("by_budget"), most)
    high = max([most, *(level * (1 + LEAST_APART) for level, _ in budgets)])
    third = -(-len(n_alerts) // 3)
    first = max(n_alerts[:third]) < max(n_alerts[-third:])
    plot = Plot(_days(numbered), linear("events a day", 0, high, whole=True))
    drawing = plot.drawn(
        "days", title, "A bar for each day's alerts, a dot for each day's frauds, and "
        "dotted levels for review budgets.",
        [
            plot.bars(list(zip(numbered, n_alerts, strict=True)), 0.8, "one"),
            plot.dots([p for p in zip(numbered, n_fraud, strict=True) if p[1]], "two"),
            *(plot.level(level, _budget(row), first=first) for level, row in budgets),
        ],
        legend=[("bar", "one", "alerts"), ("dot", "two", "frauds")],
    )  # fmt: skip
    says = (
        "How much work the policy makes, beside how much fraud there was; the dotted levels are "
        "review budgets. Best are bars below your budget that do not jump."
    )
    return figure("days", title, says, drawing, [
        words("day (UTC)", "day"), counts("alerts", "n_alerts"), counts("fraud", "n_fraud"),
        counts("judged events", "n"), shares("average precision", "average_precision"),
    ], days)  # fmt: skip


def _levels(budgets: Value, most: float) -> list[tuple[int, Value]]:
    """Return the budgets to draw over days with at most so many events.

    Those that the days reach and the next one unless it is far, none too near to another.
    """
    named = sorted(((int(row.path[-1]), row) for row in budgets.items()), key=lambda pair: pair[0])
    near = [pair for pair in named if pair[0] <= 2 * most]
    reached = [pair for pair in near if pair[0] <= most]
    seen = near[: len(reached) + 1] or named[:1]
    high = max([most, *(level for level, _ in seen)])
    kept: list[tuple[int, Value]] = []
    for level, row in reversed(seen):
        if not kept or kept[-1][0] - level > LEAST_APART * high:
            kept.append((level, row))
    return kept


def _budget(row: Value) -> Html:
    key = named(row).replace("<bdi", "<tspan").replace("</bdi>", "</tspan>")
    return joined([text("budget of "), Html(key)])


def _days(numbered: list[int]) -> Scale:
    first, last = min(numbered), max(numbered)
    every = max(1, -(-(last - first + 1) // MOST_DAYS_NAMED))
    ticks = tuple(
        (float(day), f"{(at := date.fromordinal(day)).day} {at:%b}")
        for day in range(first, last + 1, every)
    )
    return Scale("day of the events (UTC)", first - 0.6, last + 0.6, ticks)


def _caught(metrics: Value) -> Html:
    title, rows = "Loss caught against alerts", metrics.at("curves", "caught")
    if not rows.raw:
        return card(title, "There is no fraud among the judged events: nothing to catch.")
    of = [(row.at("alerts_per_day").raw, row) for row in rows.items()]
    plot = Plot(
        log("alerts a day", 1, max(n for n, _ in of)),
        linear("share caught", 0, 1, percent=True),
    )
    series = [("count_share", "one", "of the frauds"), ("amount_share", "two", "of their amount")]
    known = [(key, name, what) for key, name, what in series if rows.floats(key)]
    drawing = plot.drawn(
        "caught", title, "Lines that rise with the number of alerts a day: the share of the "
        "frauds caught and the share of their amount.",
        [plot.line([(n, r.at(key).raw) for n, r in of], name) for key, name, _ in known],
        legend=[("line", name, what) for _, name, what in known],
    )  # fmt: skip
    says = (
        "What is caught when each day's highest scores are looked at, up to a number of them. The "
        "earlier the lines rise, the better."
    )
    return figure("caught", title, says, drawing, [
        counts("alerts a day", "alerts_per_day"), shares("frauds caught", "count_share"),
        shares("amount caught", "amount_share"), shares("precision", "precision"),
        counts("frauds", "n_caught"), counts("alerts in all", "n_alerts"),
    ], rows)  # fmt: skip


def _budgets(metrics: Value) -> Html:
    title, rows = "What a review budget catches", metrics.at("by_budget").items()
    says = (
        "If that many events were looked at every day, those with the highest scores. The most "
        "attainable is what a perfect ranking would catch."
    )
    if not rows:
        return block(title, says, absent("The metrics hold no budgets."))
    columns = [
        names("alerts a day"), counts("alerts in all", "n_alerts"), counts("frauds", "n_caught"),
        shares("precision", "precision"), shares("frauds caught", "recall"),
        Column("most attainable", lambda row: shown(row.at("maximum", "recall"), share)),
        numbers("amount caught", "value_caught", money),
        shares("share of the amount", "recall_by_amount"),
        Column("most attainable", lambda r: shown(r.at("maximum", "recall_by_amount"), share)),
    ]  # fmt: skip
    return block(title, says, table("budgets", title, columns, rows))


def _policy(policy: Value) -> Html:
    title = "What the policy's actions found"
    if policy.raw is None:
        return block(title, "The metrics say nothing of the policy.")
    sums = tag(
        "p", shown(policy.at("alerts", "n"), count), text(" alerts on "),
        shown(policy.at("n"), count), text(" events; of those judged, "),
        shown(policy.at("alerts", "precision"), share), text(" were fraud, and "),
        shown(policy.at("alerts", "recall"), share), text(" of all fraud was among them ("),
        shown(policy.at("alerts", "recall_by_amount"), share), text(" by amount)."),
    )  # fmt: skip
    columns = [
        names("action"), counts("events", "n"), counts("judged", "n_labelled"),
        counts("fraud", "n_fraud"), shares("share of fraud", "precision"),
        shares("of all fraud", "recall"), numbers("fraud amount", "fraud_amount", money),
        numbers("legitimate amount", "legitimate_amount", money),
        shares("of the fraud amount", "recall_by_amount"),
    ]  # fmt: skip
    says = "Good is fraud in the strict actions and legitimate amounts in allow."
    return block(title, says, sums, table("policy", title, columns,
                                          policy.at("by_action").items()))  # fmt: skip
