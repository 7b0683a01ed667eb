"""The documents against the code: links, commands, settings, topics, endpoints, exit codes."""

import re
from pathlib import Path

import pytest

from stream import cli
from stream.judging import probability, ranking
from stream.metrics import Metrics
from stream.pipeline import policy
from stream.pipeline.windows import HOUR_MS, LATENESS_MS
from stream.settings import setting_rows
from stream.worker.run import FAILED, REFUSED
from stream.worker.watchdog import EXIT_CODE
from topics.catalog import catalogue
from topics.decisionrecord import TOLD
from topics.decode import Decoder
from topics.hashing import Tokens
from topics.timed import LABEL_TAG, read_timed
from topics.vocabulary import ACTIONS, EVENT_TYPES

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
WORDS = {page.name: page.read_text(encoding="utf-8") for page in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    for target in re.findall(r"\]\((?!http|#)([^)#]+)[^)]*\)", WORDS[page.name]):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_in_the_documents_exists(page):
    commands = cli.find_commands()
    for command in re.findall(r"riskstream ([a-z]+)(?=[ `\n])", WORDS[page.name]):
        if command not in {"reads", "is"}:
            assert command in commands


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_variable_in_the_documents_is_a_setting(page):
    known = {variable for variable, *_ in setting_rows()}
    for variable in re.findall(r"RISKSTREAM_[A-Z_]+", WORDS[page.name]):
        assert variable in known or variable.startswith("RISKSTREAM_TEST_")


def test_every_target_of_make_in_the_documents_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))
    for text in WORDS.values():
        assert set(re.findall(r"(?:^|`)make ([a-z]+)", text, re.M)) <= targets


def test_the_readme_names_every_public_topic():
    for topic in catalogue(partitions=1):
        if topic.direction != "internal":
            assert f"`{topic.name}`" in WORDS["README.md"]
            assert f"`{topic.name}`" in WORDS["records.md"]


def test_the_page_on_operations_names_endpoints_and_exit_codes():
    page = WORDS["operations.md"]
    assert all(f"`{path}`" in page for path in ("/live", "/ready", "/metrics"))
    assert all(f"| {code} |" in page for code in (0, cli.BAD_INPUT, REFUSED, FAILED, EXIT_CODE))


def test_the_documents_say_that_dead_letters_keep_the_key_that_they_came_with():
    for page in ("README.md", "records.md"):
        (sentence,) = re.findall(r"[^.\n]*keyed by `user_id`[^.]*", WORDS[page])
        assert "dead letter" in sentence


def test_the_page_on_operations_names_the_metric_that_counts_what_has_none_of_its_own():
    assert "`riskstream_counted_total`" in WORDS["operations.md"]
    assert "riskstream_counted_total{what=" in _counted_page()


def _counted_page():
    metrics = Metrics()
    metrics.count({"texts.cached": 1})
    return metrics.page().decode()


def test_the_page_on_records_names_all_that_an_alert_tells_of_its_event():
    about_alerts = WORDS["records.md"].split("## Alerts out")[1].split("\n## ")[0]
    assert [name for name in TOLD if f"`{name}`" not in about_alerts] == []


def test_the_page_on_the_policy_names_every_field_of_the_file():
    fields = {*policy.FIELDS, *policy.RULE_FIELDS, *policy.CREDIT_FIELDS}
    assert [name for name in fields if f"| `{name}` |" not in WORDS["policy.md"]] == []
    assert all(f"`{name}`" in WORDS["policy.md"] for name in (*policy.SCORES, *ACTIONS))


def test_the_examples_of_records_are_files_that_can_be_read(tmp_path):
    path = tmp_path / "examples.jsonl"
    path.write_text("".join(re.findall(r"```jsonl\n(.*?)```", WORDS["records.md"], re.S)))
    (part,) = read_timed(path)
    decoder = Decoder(Tokens(b"key of the tests"))
    by_tag = [[v for v, tag in zip(part.values, part.tags, strict=True) if (tag == LABEL_TAG) == of]
              for of in (False, True)]  # fmt: skip
    events, labels = decoder.events(by_tag[0]), decoder.labels(by_tag[1])
    assert not events.bad
    assert not labels.bad
    assert sorted(events.batch.rows["type"]) == list(range(len(EVENT_TYPES)))
    assert labels.batch.rows["event"][0] in events.batch.rows["event"]


def test_the_page_on_metrics_explains_every_figure_of_a_backtest():
    figures = {*ranking.PLAIN, *probability.NAMES, "card_precision_at_100"}
    assert [name for name in figures if f"`{name}`" not in WORDS["metrics.md"]] == []


def test_the_page_on_files_and_the_one_on_windows_give_the_lateness_of_the_code():
    assert LATENESS_MS == HOUR_MS
    for page in ("files.md", "architecture.md"):
        assert re.search(r"one\s+hour[^.]*`LATENESS_MS`", WORDS[page])
