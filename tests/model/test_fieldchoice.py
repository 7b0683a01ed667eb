"""Words of the contract, such as the payment method, are fields that a model reads and names."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.attributefile import attributes_from, document_of
from model.fieldchoice import find_fields
from model.profiling import MOST_VALUES
from model.rows import TrainingRows
from model.scorer import ModelScorer
from model.training import train
from stream.pipeline.field_sentences import field_sentence
from tests.model.shop import NAMES, history
from tests.stream.smallmodel import QUICK
from topics.columns import EVENT

METHODS = np.array([4_000_000_007, 11, 900], np.uint32)
WORDS = {"11": "card", "900": "transfer", "4000000007": "cash"}


def told() -> TrainingRows:
    """Fraud pays by transfer; there are many categories, and one currency."""
    rows, rng = history(3_000), np.random.default_rng(2)
    transfer = (rows.label == 1) & (rng.random(len(rows)) < 0.9)
    rows.x.rows["method"] = np.where(transfer, 900, rng.choice(METHODS[:2], len(rows)))
    rows.x.rows["category"] = rng.integers(1, 1_000, len(rows))
    rows.x.rows["category"][:400] = 77
    rows.x.rows["currency"] = 5
    rows.x.rows["channel"][:10] = 6
    return replace(rows, words=WORDS, x=replace(rows.x, attributes=[{"channel": "x"}] * len(rows)))


def test_words_become_places_and_shares_and_what_is_the_same_everywhere_does_not() -> None:
    rows = told()
    rows.x.attributes[::2] = [{"payment.method": "mine"}] * 1_500
    fields = find_fields(rows.x, rows.user, rows.label, WORDS)
    assert [field.feature for field in fields.fields] == [
        "attributes.channel", "attributes.payment.method", "event.step", "event.payment.method",
        "event.category",
    ]  # fmt: skip
    step, method, category = fields.fields[2:]
    assert step.values == ("placed", "view", "review")
    assert method.values == ("card", "transfer", "cash")
    assert method.usual in {"card", "cash"}
    assert category.values == ("#0000004d",)
    assert len(category.values) < MOST_VALUES
    assert attributes_from(json.loads(json.dumps(document_of(fields))), "x") == fields


def test_columns_are_the_same_however_events_are_cut_and_know_rare_from_missing() -> None:
    rows = told()
    fields = find_fields(rows.x, rows.user, rows.label, WORDS)
    some = np.zeros(4, EVENT)
    some["method"], some["step"] = [900, 0, 12, 11], [0, 8, 3, 16]
    whole = fields.encode([None] * 4, some)
    at = [fields.names.index(f"event.payment.method.{part}") for part in ("place", "share")]
    np.testing.assert_equal(whole[:3, at[0]], [1, np.nan, -1])
    np.testing.assert_equal(whole[1:3, at[1]], [np.nan, 0])
    at = fields.names.index("event.step.place")
    np.testing.assert_equal(whole[:, at], [0, 1, -1, 2])
    alone = [fields.encode([None], some[i : i + 1]) for i in range(4)]
    np.testing.assert_array_equal(whole, np.concatenate(alone))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of events whose payment method tells of fraud."""
    out = tmp_path_factory.mktemp("words") / "model"
    return train(told(), feature_names=NAMES, feature_version="1", out=out, progress=False,
                 recipe=QUICK)  # fmt: skip


def test_trees_read_words_and_a_reason_names_them(model: Path) -> None:
    scorer = ModelScorer.load(model, feature_names=NAMES)
    at = next(i for i, field in enumerate(scorer.fields) if field.name == "payment.method")
    x = told().x
    x.rows["method"] = 900
    added = scorer.explain(x, np.arange(60))
    assert added[:, len(NAMES) + at].mean() > 0.5
    of_transfer = scorer.apart(x)[1]
    x.rows["method"] = 11
    assert (of_transfer > scorer.apart(x)[1]).mean() > 0.9
    x.rows["method"][:2] = [900, 3]
    field = scorer.fields[at]
    value = [field.value_in(x.fields_of(row)) for row in range(2)]
    assert field_sentence(field, value[0]).startswith('Payment method is "transfer"; usual')
    assert field_sentence(field, value[1], "zh").startswith("支付方式为少见值；本店通常为“c")
    assert [one["name"] for one in scorer.manifest["attributes"]["of_event"]] == [
        "step", "payment.method", "category",
    ]  # fmt: skip
