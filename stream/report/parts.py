"""What the model's own training says of its parts, beside simple ones that are no part of it."""

from typing import Final

from stream.report.block import absent, block, section
from stream.report.forms import count, figure, plain
from stream.report.markup import Html, joined, tag, text
from stream.report.table import counts, figures, names, numbers, table
from stream.report.value import Value, shown, worded

TITLE: Final = "Each part alone"


def parts(metrics: Value) -> Html:
    """Return the section on the parts of the model, as its training judged them."""
    trained = metrics.at("trained")
    says = (
        "Not from this run: the figures of the model's own training, so that a model that is no "
        "better than something simple is noticed."
    )
    if trained.raw is None:
        return section("parts", TITLE, says, absent("The metrics hold no figures of the training."))
    verdicts = joined(tag("p", worded(said)) for said in trained.at("verdicts").items())
    return section("parts", TITLE, says, verdicts, _ranked(trained), _spend(trained.at("spend")))


def _ranked(trained: Value) -> Html:
    title, rows = "Ranking of fraud", trained.at("parts").items()
    says = (
        "On the newest events of the training. Fused is what the model tells; words rank events "
        "with a text only, and what turned bad is users, not events. Logistic regression and the "
        "forest alone are no part of the fused probability."
    )
    if not rows:
        return block(title, says, absent("No part was judged."))
    columns = [
        names("part"), counts("events", "n"), counts("of them fraud", "n_fraud"),
        figures("average precision", "average_precision"), figures("area under ROC", "roc_auc"),
    ]  # fmt: skip
    return block(title, says, table("ranked-parts", title, columns, rows))


def _spend(spend: Value) -> Html:
    title = "Expected spend"
    says = (
        "Of users that taught none of these, at regular moments: the rank correlation with what "
        "they spent within the horizon, the area under ROC of who spends at all, the root of the "
        "mean squared error of the mean, and the mean absolute error of the median. Past spend "
        "ranks only; one median for all does not."
    )
    if spend.raw is None:
        return block(title, says, absent("Expected spend was not judged."))
    columns = [
        names("part"), numbers("rank correlation", "spearman", figure),
        numbers("area under ROC", "roc_auc", figure),
        numbers("RMSE of the mean", "rmse", plain), numbers("MAE of the median", "mae", plain),
    ]  # fmt: skip
    judged = tag(
        "p", shown(spend.at("n"), count), text(" answers of "),
        shown(spend.at("n_users"), count), text(" users."), class_="soft",
    )  # fmt: skip
    rows = spend.at("parts").items()
    return block(title, says, table("spend-parts", title, columns, rows), judged)
