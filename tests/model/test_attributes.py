"""The shop's own fields as columns: the same values however the events are cut, and saved."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import artifact
from model.attribute import Attribute, LeftOut
from model.attributefile import attributes_from, document_of
from model.attributes import Attributes
from model.scorer import ModelScorer
from model.training import train
from tests.model.shop import NAMES, history
from tests.stream.smallmodel import QUICK
from topics.errors import InputError

FIELDS = Attributes(
    (
        Attribute("age", "number", 30.0, 0.9),
        Attribute("note", "given", 0.0, 0.4),
        Attribute("tier", "string", "gold", 0.5, ("gold", "tin", "true"), (0.5, 0.25, 0.1)),
        Attribute("vip", "boolean", 0.0, 1.0),
    ),
    (LeftOut("id", "nearly every event has a value of its own"),),
)
SCALARS = (
    st.none() | st.booleans() | st.floats() | st.text(max_size=6)
    | st.integers(-(10**400), 10**400) | st.sampled_from(["gold", "tin", "3.5", "1_0", "nan"])
)  # fmt: skip
EVENTS = st.lists(
    st.none() | st.dictionaries(st.sampled_from(["age", "note", "tier", "vip", "x"]), SCALARS)
)


@given(EVENTS, st.integers(0, 10))
def test_an_events_columns_do_not_depend_on_the_others(events: list[Any], cut: int) -> None:
    whole = FIELDS.encode(events)
    assert whole.shape == (len(events), len(FIELDS.names))
    parts = np.concatenate([FIELDS.encode(events[:cut]), FIELDS.encode(events[cut:])])
    np.testing.assert_array_equal(whole, parts)
    alone = [FIELDS.encode([event]) for event in events]
    np.testing.assert_array_equal(whole, np.concatenate([whole[:0], *alone]))
    assert not np.isinf(whole).any()


def test_numbers_in_strings_count_and_missing_differs_from_rare() -> None:
    rows = [{"age": "41.5", "vip": "1"}, {"tier": "new", "note": ""}, {"tier": True}, {"age": "?"}]
    found = dict(zip(FIELDS.names, FIELDS.encode(rows).T.tolist(), strict=True))
    nan = np.nan
    np.testing.assert_equal(found["attributes.age"], [41.5, nan, nan, nan])
    np.testing.assert_equal(found["attributes.note.given"], [0, 1, 0, 0])
    np.testing.assert_equal(found["attributes.tier.place"], [nan, -1, 2, nan])
    np.testing.assert_allclose(found["attributes.tier.share"], [nan, 0, 0.1, nan])
    np.testing.assert_equal(found["attributes.vip"], [1, nan, nan, nan])


def test_a_fields_columns_add_up_to_one_contribution() -> None:
    added = np.arange(2 + len(FIELDS.names) + 1, dtype=np.float32)[None]
    assert FIELDS.joined(added, 2).tolist() == [[0, 1, 2, 3, 4 + 5, 6, 7]]


def test_a_reason_compares_a_string_with_the_value_that_it_names_as_usual(told: Path) -> None:
    scorer = ModelScorer.load(told)
    tier = next(field for field in scorer.fields if field.name == "tier")
    assert tier.usual in {"gold", "zinc"}
    events = replace(history(50, seed=3).x, attributes=[{"tier": tier.usual}] * 50)
    added = scorer.explain(events, np.arange(50))
    np.testing.assert_array_equal(added[:, len(NAMES) + scorer.fields.index(tier)], 0)


def test_what_is_saved_comes_back() -> None:
    document = json.loads(json.dumps(document_of(FIELDS)))
    assert attributes_from(document, "attributes.json") == FIELDS


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ([], "is not of format 1"),
        ({"format": 9}, "is not of format 1"),
        ({"fields": {}}, "has no list of fields"),
        ({"fields": [{}]}, r"fields\[0\] has no name"),
        ({"fields": [{"name": "a", "kind": "date"}]}, "kind is 'date'"),
        ({"fields": [{"name": "a", "kind": "string", "values": ["x"], "shares": []}]}, "as many"),
        ({"fields": [{"name": "a", "kind": "number", "usual": "x", "values": [], "shares": []}]},
         "usual is 'x'"),
        ({"fields": [{"name": "a", "kind": "number", "values": [], "shares": []}]}, "present"),
        ({"fields": document_of(FIELDS)["fields"][:1] * 2}, "names a field twice"),
    ],
)  # fmt: skip
def test_a_broken_file_is_an_input_error(change: Any, says: str) -> None:
    document = document_of(FIELDS) | change if isinstance(change, dict) else change
    with pytest.raises(InputError, match=f"^attributes.json.*{says}"):
        attributes_from(document, "attributes.json")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model of events whose fields tell of fraud."""
    rows = history(3_000)
    rng, bad = np.random.default_rng(1), rows.label == 1
    tier = np.where(bad & (rng.random(3_000) < 0.8), "tin", rng.choice(["gold", "zinc"], 3_000))
    found = [
        {"tier": str(t), "score": float(s)} if rng.random() < 0.9 else None
        for t, s in zip(tier, bad + rng.normal(0, 1, 3_000), strict=True)
    ]
    folder = tmp_path_factory.mktemp("told") / "model"
    return train(
        replace(rows, x=replace(rows.x, attributes=found)), feature_names=NAMES,
        feature_version="1", out=folder, progress=False, recipe=QUICK,
    )  # fmt: skip


def test_a_model_keeps_its_fields_in_its_folder(told: Path) -> None:
    scorer = ModelScorer.load(told, feature_names=NAMES)
    assert [(field.name, field.kind) for field in scorer.fields] == [
        ("score", "number"), ("tier", "string"), ("step", "string"), ("category", "string"),
    ]  # fmt: skip
    assert scorer.usual.shape == (len(NAMES),)
    assert [one["name"] for one in scorer.manifest["attributes"]["read"]] == ["score", "tier"]


def test_contributions_name_the_field_and_add_up(told: Path) -> None:
    scorer = ModelScorer.load(told)
    x = replace(history(400, seed=3).x, attributes=[{"tier": "tin", "score": 3.0}] * 400)
    at = np.arange(60)
    added = scorer.explain(x, at, steps=64)
    assert added.shape == (60, len(NAMES) + len(scorer.fields))
    assert added[:, len(NAMES) + 1].mean() > 0.2
    plain = replace(x, attributes=None)
    assert scorer.score(x).p_fraud.mean() > scorer.score(plain).p_fraud.mean()


def test_scores_are_the_same_alone_and_when_others_lack_fields(told: Path) -> None:
    scorer = ModelScorer.load(told)
    x = replace(history(40, seed=3).x, attributes=[{"tier": "tin"}, None] * 20)
    whole = scorer.score(x)
    for i in range(4):
        one = scorer.score(replace(
            x, rows=x.rows[i : i + 1], features=x.features[i : i + 1], past=x.past[i : i + 1],
            n_past=x.n_past[i : i + 1], texts=[None], attributes=x.attributes[i : i + 1],
        ))  # fmt: skip
        assert abs(one.p_fraud[0] - whole.p_fraud[i]) < 1e-6
        assert one.anomaly[0] == whole.anomaly[i]


def test_a_changed_file_of_fields_is_found(told: Path, tmp_path: Path) -> None:
    loaded = artifact.load(told)
    own = {k: v for k, v in loaded.manifest.items() if k not in ("format", "version", "files")}
    artifact.save(tmp_path / "m", own, loaded.arrays, {"attributes": {"format": 7}})
    with pytest.raises(InputError, match=r"attributes\.json of model .* is not of format 1"):
        ModelScorer.load(tmp_path / "m")
    (tmp_path / "m" / "attributes.json").write_text("{")
    with pytest.raises(InputError, match=r"attributes\.json is damaged"):
        ModelScorer.load(tmp_path / "m")


def test_a_model_of_events_without_attributes_reads_none(folder: Path) -> None:
    scorer, x = ModelScorer.load(folder), history(50, seed=4).x
    assert all(field.of_event for field in scorer.fields)
    with_fields = replace(x, attributes=[{"tier": "tin"}] * 50)
    np.testing.assert_array_equal(scorer.score(x).p_fraud, scorer.score(with_fields).p_fraud)
