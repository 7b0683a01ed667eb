"""The report: every number is one of the metrics, and no name gets out of its place."""

import json
import re
from collections import Counter
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from stream.report import forms
from stream.report.page import render
from stream.report.value import path_text
from tests.stream.judging.cases import judged
from tests.stream.report.reader import Element, Reader, keys_of
from tests.stream.report.run import HOSTILE, metrics

FORMS = [forms.count, forms.share, forms.figure, forms.plain, forms.money, forms.moment,
         forms.added, str]  # fmt: skip
SECTIONS = {"figures", "cold", "ran", "ranking", "probabilities", "parts", "alerts", "breakdown",
            "mistakes", "moved", "against"}  # fmt: skip


@cache
def run() -> dict[str, Any]:
    return metrics()


@cache
def page() -> Reader:
    return Reader(render(run()))


def value_at(path: str, of: Any) -> Any:
    for key in keys_of(path):
        of = of[int(key)] if isinstance(of, list) else of[key]
    return of


def placed(reader: Reader) -> list[Element]:
    return [element for element in reader.elements if "data-path" in element.attributes]


def test_every_number_is_the_one_of_the_metrics_at_its_path() -> None:
    numbers = [e for e in placed(page()) if "data-value" in e.attributes]
    assert len(numbers) > 1_000
    for element in numbers:
        said = json.loads(element.attributes["data-value"])
        exact = value_at(element.attributes["data-path"], run())
        assert said == exact
        assert type(said) is type(exact)
        assert element.text in {form(exact) for form in FORMS}


def test_every_text_and_name_is_the_one_of_the_metrics_at_its_path() -> None:
    for element in placed(page()):
        path = element.attributes["data-path"]
        if "data-key" in element.attributes:
            assert element.text == element.attributes["data-key"] == keys_of(path)[-1]
            value_at(path, run())
        elif "data-value" not in element.attributes:
            assert element.text == str(value_at(path, run()))


def test_no_number_stands_on_the_page_without_its_path() -> None:
    for text, within in page().texts:
        ticks = any("tick" in element.classes for element in within)
        if re.search(r"\d", text) and not ticks and within[-1].tag != "style":
            assert any("data-path" in element.attributes for element in within), text


@pytest.mark.parametrize(
    "name",
    [
        "schema_version",
        "n_fraud",
        "resamples.n",
        "dropped_known",
        "log_loss_base_rate",
        "highest_1000.mean_p",
    ],
)
def test_a_number_that_the_metrics_change_changes_on_the_page(name: str) -> None:
    changed = metrics()
    *parents, last = keys_of(name)
    of = changed
    for key in parents:
        of = of[key]
    of[last] = 424_242
    assert "424,242" in render(changed) or "424242" in render(changed)


def test_the_points_of_each_plot_are_rows_of_its_table() -> None:
    shown = Counter(keys_of(e.attributes["data-path"])[1] for e in placed(page())
                    if e.attributes["data-path"].startswith("curves.")
                    and re.search(r"\.(threshold|mean_p|low|alerts_per_day)$",
                                  e.attributes["data-path"]))  # fmt: skip
    curves = run()["curves"]
    assert shown["precision_recall"] == len(curves["precision_recall"])
    assert shown["roc"] == len(curves["roc"]) - 1  # where nothing is taken there is no threshold
    assert shown["calibration"] == len(curves["calibration"])
    assert shown["scores"] == len(curves["scores"])
    assert shown["caught"] == len(curves["caught"])


def test_hostile_names_stay_text() -> None:
    html = render(run())
    assert "<script" not in html
    assert "<img" not in html
    assert not any(e.tag in {"script", "img", "iframe"} for e in page().elements)
    assert not any(name.startswith("on") for e in page().elements for name in e.attributes)
    names = [e for e in placed(page()) if e.text == HOSTILE]
    assert len(names) > 10
    assert all(e.tag in {"bdi", "tspan"} for e in names)


def test_control_characters_are_replaced() -> None:
    html = render(metrics(run={"model": {"name": "a\x00b\x1fc", "version": "1"}}))
    assert "a\ufffdb\ufffdc" in html


def test_the_page_needs_nothing_from_elsewhere() -> None:
    html = render(run())
    assert "://" not in html
    assert "url(" not in html
    assert "@import" not in html
    for element in page().elements:
        for name in ("src", "href"):
            assert element.attributes.get(name, "#")[:1] in {"#", "d"}
    links = page().all("link")
    assert [link.attributes["href"] for link in links] == ["data:,"]


def test_headings_and_landmarks_are_in_order() -> None:
    levels = [int(e.tag[1]) for e in page().elements if re.fullmatch("h[1-6]", e.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))
    assert len(page().all("main")) == 1
    assert page().all("html")[0].attributes["lang"] == "en"
    first = page().all("a")[0]
    assert (first.attributes["class"], first.attributes["href"]) == ("skip", "#main")


def test_names_of_places_are_unique_and_are_found() -> None:
    places = [e.attributes["id"] for e in page().elements if "id" in e.attributes]
    assert len(places) == len(set(places))
    for element in page().elements:
        asked = element.attributes.get("aria-labelledby", "").split()
        if element.tag == "a":
            asked.append(element.attributes["href"][1:])
        assert set(asked) <= set(places)
    assert set(places) > SECTIONS


def test_tables_and_plots_say_what_they_are() -> None:
    tables, drawings = page().all("table"), page().all("svg")
    assert len(tables) > 15
    assert len(page().all("caption")) == len(tables)
    assert all("scope" in e.attributes for e in page().all("th"))
    for table in tables:
        box = table.within[-1].attributes
        assert (box["class"], box["tabindex"], box["role"]) == ("scroll", "0", "region")
    assert len(drawings) == 7
    for drawing in drawings:
        assert drawing.attributes["role"] == "img"
        named = drawing.attributes["aria-labelledby"].split()
        assert len(named) == 2
    in_drawings = [e for e in page().elements if any(w.tag == "svg" for w in e.within)]
    assert len([e for e in in_drawings if e.tag in {"title", "desc"}]) == 14


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ("run", "What ran"),
        ("curves", "The metrics hold no curves."),
        ("examples", "This run kept no examples."),
        ("moved", "there is nothing to compare with"),
        ("trained", "The metrics hold no figures of the training."),
        ("by_budget", "The metrics hold no budgets."),
        ("policy", "The metrics say nothing of the policy."),
        ("by_segment", "No columns were given to split the events by."),
        ("by_scenario", "No judged fraud has a scenario."),
        ("by_day", "No day has a decided event."),
        ("by_amount", "The highest scores"),
    ],
)
def test_a_block_that_is_missing_is_said_in_words(block: str, words: str) -> None:
    reader = Reader(render(metrics(**{block: None})))
    assert any(words in text for text, _ in reader.texts)


def test_without_another_run_there_is_no_difference() -> None:
    reader = Reader(render(metrics(against=None)))
    assert not any(e.attributes.get("id") == "against" for e in reader.elements)
    assert not any("other run" in text for text, _ in reader.texts)


@pytest.mark.parametrize(
    ("events", "words"),
    [
        (judged(300, label=np.zeros(300, np.int8)), "There is no fraud among the judged events"),
        (judged(300, label=np.ones(300, np.int8)), "There is no legitimate event"),
        (judged(300, label=np.full(300, -1, np.int8)), "No event was judged."),
        (judged(300, p=np.full(300, np.nan)), "No judged event has a probability"),
        (judged(300, amount=np.full(300, np.nan)), "Loss caught against alerts"),
        (judged(999), "Fewer than a thousand judged events"),
        (judged(1), "There is no fraud among the judged events"),
        (judged(300, score=np.full(300, 0.5)), "Score distributions"),
        (judged(300, score=np.arange(300) % 2 * 1.0, p=np.arange(300) % 2 * 1.0), "Calibration"),
    ],
)
def test_thin_runs_are_shown_too(events: Any, words: str) -> None:
    reader = Reader(render(metrics(events)))
    assert any(words in text for text, _ in reader.texts)
    assert not any("nan" in e.attributes.get("d", "") for e in reader.elements)


def test_without_a_block_of_cold_events_there_is_no_section_of_them() -> None:
    reader = Reader(render(metrics(cold=None)))
    assert not any(e.attributes.get("id") == "cold" for e in reader.elements)
    assert not any("not judged" in text for text, _ in reader.texts)


def test_no_metrics_at_all_still_make_a_page() -> None:
    assert Reader(render({})).all("h1")[0].text == "Backtest"


def test_the_same_metrics_make_the_same_page() -> None:
    assert render(run()) == render(metrics())


def test_a_path_is_read_back_as_it_was() -> None:
    for keys in (("a", "b"), ("a.b", "c"), ("a\\", ".b"), ("\\.", "", "x")):
        assert tuple(keys_of(path_text(keys))) == keys
