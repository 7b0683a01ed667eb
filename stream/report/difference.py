"""The difference of two runs: which decisions changed, in which direction, at what amounts."""

from stream.report.block import absent, block, section
from stream.report.forms import count, moment, money
from stream.report.markup import Html, joined, tag, text
from stream.report.table import Cell, Column, counts, names, numbers, shares, table, words
from stream.report.value import Value, shown, worded

TITLE = "What changed against the other run"


def difference(metrics: Value) -> Html:
    """Return the section on the difference, nothing where no other run was given."""
    against = metrics.at("against")
    if against.raw is None:
        return Html("")
    return section(
        "against", TITLE,
        "Before is the other run, after is this one. Stricter means nearer to block.",
        _runs(against),
        _directions(against),
        _actions(against.at("actions")),
        _events(
            "changed-amounts", "Changed decisions of the highest amounts",
            "Of the decisions that changed, those where the most money is at stake.",
            against.at("largest_amounts"), "No decision with a known amount changed.",
        ),
        _events(
            "changed-risks", "Largest changes of risk",
            "Where the two runs disagree most, whether the action changed or not.",
            against.at("largest_risk_changes"), "No risk changed.",
        ),
    )  # fmt: skip


def _runs(against: Value) -> Html:
    columns = [
        names("run"),
        Column("model", lambda run: worded(run.at("model", "name")), wordy=True),
        Column("version", lambda run: worded(run.at("model", "version")), wordy=True),
        words("policy", "policy_version"), words("features", "feature_version"),
        counts("decisions", "n"),
    ]  # fmt: skip
    met = tag(
        "p", shown(against.at("n_both"), count), text(" events are in both runs, "),
        shown(against.at("n_only_before"), count), text(" only in the one before, "),
        shown(against.at("n_only_after"), count), text(" only in this one."),
    )  # fmt: skip
    rows = [against.at(side) for side in ("before", "after")]
    says = "What was compared; only events of both runs count below."
    return block("The two runs", says, table("runs", "The two runs", columns, rows), met)


def _directions(against: Value) -> Html:
    columns = [names("direction"), counts("events", "n"), numbers("amount", "amount", money)]
    rows = [against.at(side) for side in ("stricter", "looser", "same")]
    says = "How many decisions became stricter or looser, and the sum of their known amounts."
    title = "Directions"
    return block(title, says, table("directions", title, columns, rows))


def _actions(actions: Value) -> Html:
    title = "From action to action"
    says = "Rows are the action before, columns the one after; below each count its amount."
    if not actions.items():
        return block(title, says, absent("The metrics hold no actions."))
    after = [value.path[-1] for value in actions.items()[0].items()]
    columns = [names("before"), *(Column(name, _moved(name)) for name in after)]
    return block(title, says, table("actions", title, columns, actions.items()))


def _moved(name: str) -> Cell:
    def cell(row: Value) -> Html:
        found = row.at(name)
        amount = found.at("amount")
        parts = [shown(found.at("n"), count)]
        if amount.raw is not None:
            parts += [tag("br"), tag("span", shown(amount, money), class_="soft")]
        return joined(parts)

    return cell


def _events(ident: str, title: str, says: str, rows: Value, why: str) -> Html:
    if not rows.raw:
        return block(title, says, absent(why))
    columns = [
        words("event", "event_id"), words("user", "user_id"), words("type", "type"),
        numbers("time", "time_ms", moment), numbers("amount", "amount", money),
        shares("risk before", "risk_before"), shares("risk after", "risk_after"),
        words("action before", "action_before"), words("action after", "action_after"),
    ]  # fmt: skip
    return block(title, says, table(ident, title, columns, rows.items()))
