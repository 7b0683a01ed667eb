"""The events that the model got most wrong, with the reasons of their scores."""

from stream.report.block import absent, block, section
from stream.report.forms import added, moment, money, share
from stream.report.markup import Html, tag, text
from stream.report.value import Value, shown, worded


def mistakes(metrics: Value) -> Html:
    """Return the section of the worst false positives and false negatives."""
    examples = metrics.at("examples")
    about = (
        "The cases to read first: they show what the model does not know, or the labels lack. The "
        "number behind a reason is what it adds to the log-odds of fraud; rules have none."
    )
    if examples.raw is None:
        return section("mistakes", "Where the model was most wrong", about,
                       absent("This run kept no examples."))  # fmt: skip
    return section(
        "mistakes", "Where the model was most wrong", about,
        block("Legitimate events with the highest scores",
              "False alarms, or frauds that nobody has labelled; the worst first.",
              _cases(examples.at("false_positives"), "No legitimate event was judged.")),
        block("Frauds with the lowest scores",
              "Missed frauds, the worst first. The reasons are what raised their score most.",
              _cases(examples.at("false_negatives"), "No fraud was judged.")),
    )  # fmt: skip


def _cases(events: Value, why: str) -> Html:
    if not events.raw:
        return absent(why)
    return tag("ol", *(_case(event) for event in events.items()), class_="cases pair")


def _case(event: Value) -> Html:
    head = [
        text("score "),
        shown(event.at("score"), share), text(" · "), worded(event.at("action")), text(" · "),
        worded(event.at("type")),
    ]  # fmt: skip
    if event.at("amount").raw is not None:
        head += [text(" of "), shown(event.at("amount"), money)]
    meta = [
        shown(event.at("time_ms"), moment), text(" · event "), worded(event.at("event_id")),
        text(" · user "), worded(event.at("user_id")),
    ]  # fmt: skip
    if event.at("risk").raw != event.at("score").raw:
        meta += [text(" · risk after rules "), shown(event.at("risk"), share)]
    for key in ("kind", "scenario"):
        if event.at(key).raw is not None:
            meta += [text(f" · {key} "), worded(event.at(key))]
    return tag(
        "li",
        tag("p", *head, class_="head"),
        tag("p", *meta, class_="meta"),
        _reasons(event.at("reasons")),
        class_="card",
    )


def _reasons(reasons: Value) -> Html:
    if not reasons.raw:
        return absent("Nothing raised its score.")
    return tag("ul", *(_reason(reason) for reason in reasons.items()))


def _reason(reason: Value) -> Html:
    says, part = worded(reason.at("text")), reason.at("contribution")
    if not part.raw:
        return tag("li", says)
    return tag("li", says, tag("span", text(" ("), shown(part, added), text(")"), class_="soft"))
