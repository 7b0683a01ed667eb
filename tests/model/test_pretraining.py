"""Pretraining: what it hides, what it learns without labels, and that it goes on after a kill."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import model.descent
from model.bins import Bins
from model.checkpoint import Checkpoint
from model.codes import ABSENT_RELATION, NULL_RELATION, gap
from model.fitting import Fitted, fit_network
from model.guessing import Guesser
from model.hiding import ABSENT, Hidden, before_event, hide
from model.inputs import assemble, without_vectors
from model.pretraining import Pretraining, all_events
from model.recipe import Recipe
from model.rows import TrainingRows
from model.slices import cut
from model.tokens import AMOUNT, FLAGS
from model.transformer import EventTransformer, Inputs, Shape
from tests.model.shop import history
from tests.model.test_checkpoint import Cut, PowerCutError

RECIPE = Recipe(epochs=2, at_least_negatives=600, pretrain_epochs=2, d=16, layers=1)


def inputs_of(rows: TrainingRows) -> tuple[Inputs, Bins]:
    bins = Bins.fit(rows.x.features)
    texts = without_vectors(rows.x.rows)
    return assemble(rows.x, texts, bins, 8, torch.device("cpu")), bins


def fitted(rows: TrainingRows, recipe: Recipe = RECIPE, **changes: Any) -> Fitted:
    settings = {"seed": 0, "report": lambda *_: None, **changes}
    return fit_network(
        rows, without_vectors(rows.x.rows), cut(rows.time_ms, rows.user), recipe, **settings
    )  # fmt: skip


def guesser_of(bins: Bins) -> Guesser:
    torch.manual_seed(0)
    shape = Shape(n_rows=bins.n_rows, text=0, d=16, layers=1, past=8)
    return Guesser(EventTransformer(shape, torch.from_numpy(bins.first), dropout=0.0)).eval()


def test_a_share_of_every_kind_of_field_is_hidden_and_the_rest_is_left() -> None:
    inputs, _ = inputs_of(history(2_000))
    hidden = Hidden.drawn(2_000, 12, 0.3)
    left = hide(inputs, hidden)
    for part in hidden:
        assert part.float().mean() == pytest.approx(0.3, abs=0.05)
    gone = hidden.features.repeat_interleave(2, 1)
    assert (left.weight[gone] == 0).all()
    assert torch.equal(left.weight[~gone], inputs.weight[~gone])
    absent = torch.tensor(ABSENT, dtype=torch.int32).expand(2_000, -1)
    assert torch.equal(left.lookup, torch.where(hidden.lookup, absent, inputs.lookup))
    assert (left.dense[:, AMOUNT][hidden.amount[:, 0]] == 0).all()
    assert (left.dense[:, FLAGS][hidden.flags[:, 0]] == 0).all()
    seen = ~(hidden.amount | hidden.flags)[:, 0]
    assert torch.equal(left.dense[seen], inputs.dense[seen])


def test_where_a_category_or_seller_is_hidden_so_is_which_past_events_share_it() -> None:
    rows = history(500)
    rows.x.past["category"], rows.x.past["seller"] = 7, 9
    rows.x.rows["category"], rows.x.rows["seller"] = 7, 9
    inputs, _ = inputs_of(rows)
    hidden = Hidden.drawn(500, 12, 0.5)
    left = hide(inputs, hidden)
    real = inputs.relation < NULL_RELATION
    assert (inputs.relation[real] % 4 == 3).all()
    told = 3 - hidden.lookup[:, 1].int() - 2 * hidden.lookup[:, 2].int()
    assert torch.equal(left.relation[real] % 4, told[:, None].expand_as(real)[real])
    assert torch.equal(left.relation // 4, inputs.relation // 4)
    assert torch.equal(left.relation[~real], inputs.relation[~real])


def test_before_an_event_nothing_of_it_is_known_and_gaps_are_to_the_newest_past_event() -> None:
    rows = history(300)
    inputs, _ = inputs_of(rows)
    other = rows.take(np.arange(300))
    other.x.rows["time_ms"] += 7_777_000
    for name in ("step", "category", "seller", "amount", "rating"):
        other.x.rows[name] = other.x.rows[name][::-1]
    both = [before_event(inputs_of(of)[0], of.x) for of in (rows, other)]
    for name in ("dense", "lookup", "text_kind", "past_dense", "past_lookup", "relation"):
        assert torch.equal(getattr(both[0], name), getattr(both[1], name)), name
    i = int(np.flatnonzero(rows.x.n_past >= 2)[0])
    times = rows.x.past["time_s"][i].astype(int)
    found = both[0].relation[i].tolist()
    assert found[:3] == [NULL_RELATION, 0, 4 * gap(times[0] - times[1])]
    assert (both[0].relation == ABSENT_RELATION).equal(inputs.relation == ABSENT_RELATION)


def test_a_features_normaliser_is_that_of_its_own_bins() -> None:
    rows = history(200)
    _, bins = inputs_of(rows)
    guesser = guesser_of(bins)
    logits = 200 * torch.randn(5, bins.n_rows)
    found = guesser._normaliser(logits)
    for feature, (first, end) in enumerate(zip(bins.first[:-1], bins.first[1:], strict=True)):
        torch.testing.assert_close(found[:, feature], logits[:, first:end].logsumexp(1))


def test_a_good_guess_of_a_hidden_feature_costs_little_and_a_bad_one_much() -> None:
    rows = history(200)
    inputs, bins = inputs_of(rows)
    guesser = guesser_of(bins)
    hidden = torch.zeros(200, 12, dtype=torch.bool)
    hidden[:, 3] = True
    one = inputs._replace(weight=torch.ones_like(inputs.weight) * torch.tensor([1.0, 0.0] * 12))
    at = int(one.row[0, 6])
    same = one._replace(row=one.row[:1].expand(200, -1).contiguous())
    losses: list[float] = []
    for sign in (1, -1):
        with torch.no_grad():
            guesser.bins.weight.zero_()
            guesser.bins.bias.zero_()
            guesser.bins.bias[at] = sign * 20.0
            losses.append(float(guesser._features(torch.zeros(200, 128), same, hidden, 200)))
    assert losses[0] < 1e-5
    assert losses[1] > 20


def test_pretraining_learns_without_any_label_and_its_heads_are_thrown_away() -> None:
    rows = history(1_500)
    unknown, nothing = np.full(1_500, -1, np.int8), np.full(1_500, np.nan, np.float32)
    empty = replace(rows, label=unknown, turned_bad=unknown, spend=nothing)
    found = fitted(empty, replace(RECIPE, pretrain_epochs=4))
    losses = found.log["pretraining_loss"]
    assert len(losses) == 4
    assert losses[3] < losses[2] < losses[1] < losses[0] - 2
    assert found.heads == []
    plain = fitted(empty, replace(RECIPE, pretrain_epochs=0))
    assert "pretraining_loss" not in plain.log
    assert found.network.state_dict().keys() == plain.network.state_dict().keys()


def test_the_epochs_begin_with_what_pretraining_learned(tmp_path: Path) -> None:
    rows = history(900)
    with pytest.raises(PowerCutError):
        fitted(rows, checkpoint=Cut(tmp_path, 2))
    state = Checkpoint(tmp_path).state() or {}
    out_of_time = replace(RECIPE, max_seconds=0.0)
    found = fitted(rows, out_of_time, checkpoint=Checkpoint(tmp_path))
    assert (found.log["whole_epochs"], found.log["ended_by"]) == (0, "time")
    for name, weight in found.network.state_dict().items():
        assert torch.equal(weight, state["network"][f"network.{name}"]), name


def test_events_without_an_answer_take_part_if_they_are_older_than_validation() -> None:
    rows, more = history(1_000), history(800, seed=5)
    rows = replace(rows, unanswered=more.x)
    slices = cut(rows.time_ms, rows.user)
    x, texts = all_events(rows, without_vectors(rows.x.rows), slices.train)
    older = int((more.time_ms < rows.time_ms[slices.train]).sum())
    assert 0 < older < 800
    assert len(x) == len(texts.kind) == slices.train + older
    assert x.rows["time_ms"].max() < rows.time_ms[slices.train]
    alone = fitted(replace(rows, unanswered=None)).log["pretraining_loss"]
    assert fitted(rows).log["pretraining_loss"] != alone


def test_half_of_the_time_is_left_for_the_epochs() -> None:
    _, bins = inputs_of(history(300))
    rows, keeps = history(300), Checkpoint()
    found = Pretraining.of(
        guesser_of(bins), bins, rows.x, without_vectors(rows.x.rows),
        replace(RECIPE, max_seconds=10.0), 0, keeps,
    )  # fmt: skip
    assert found.descent.max_seconds == 5.0


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_kill_after_an_epoch_of_either_kind_leads_to_the_same_network(
    tmp_path: Path, n: int
) -> None:
    rows = history(900)
    whole = fitted(rows)
    with pytest.raises(PowerCutError):
        fitted(rows, checkpoint=Cut(tmp_path, n))
    told = Checkpoint(tmp_path).told()
    assert told == [
        ["the network has had 1 whole epoch of pretraining"],
        ["the network has had 2 whole epochs of pretraining"],
        ["the network has had 1 whole epoch"],
    ][n - 1]  # fmt: skip
    _same(whole, fitted(rows, checkpoint=Checkpoint(tmp_path)))


def test_a_kill_within_an_epoch_of_pretraining_leads_to_the_same_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = history(900)
    whole = fitted(rows)
    monkeypatch.setattr(model.descent, "EVERY_S", -1.0)
    with pytest.raises(PowerCutError):
        fitted(rows, checkpoint=Cut(tmp_path, 9))
    told = Checkpoint(tmp_path).told()
    assert told == ["the network has had 1 whole epoch and a part of pretraining"]
    _same(whole, fitted(rows, checkpoint=Checkpoint(tmp_path)))


def _same(one: Fitted, other: Fitted) -> None:
    ours, theirs = one.network.state_dict(), other.network.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert one.log == other.log
