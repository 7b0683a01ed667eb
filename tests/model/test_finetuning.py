"""Teaching a small encoder: it learns, repeatably, in its layers only, and only if that helps."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load, load_file
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

from model.adapting import made_teachable
from model.base import folder_of
from model.engine import TorchEngine
from model.finetuning import fine_tune
from model.labelledtexts import LabelledTexts, labelled_texts
from model.slices import cut
from model.teaching import FineTuning, steps
from model.text import TextEncoder
from model.tunedencoder import TunedEncoder
from tests.model.pairs import pairs, rows_of
from tests.model.smallencoder import small_encoder
from topics.errors import InputError

LORA = FineTuning("lora", epochs=8, patience=8, learning_rate=1e-2)
FULL = FineTuning("full", epochs=2)
BRIEF = FineTuning("lora", epochs=1)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_encoder(tmp_path_factory.mktemp("encoder") / "small")


def tuned(base: Path, how: FineTuning, n: int = 1_000, seed: int = 0) -> TunedEncoder:
    held_out = pairs(200, 1)
    return fine_tune(
        str(base), pairs(n, 0), held_out, how, seed=seed, report=lambda what, share: None
    )


@pytest.fixture(scope="module")
def learned(base: Path) -> TunedEncoder:
    return tuned(base, LORA)


def tensors(found: TunedEncoder) -> dict[str, Tensor]:
    assert found.weights is not None
    return {name: one.float() for name, one in load(found.weights.tobytes()).items()}


def test_it_learns_what_the_frozen_encoder_cannot_tell(learned: TunedEncoder) -> None:
    held_out = learned.told["held_out"]
    assert held_out["frozen"]["log_loss"] > 0.5
    assert held_out["tuned"]["log_loss"] < 0.3
    assert held_out["tuned"]["average_precision"] > held_out["frozen"]["average_precision"] + 0.1
    assert (learned.told["kept"], learned.told["n_texts"]) == ("tuned", 1_000)
    assert learned.seconds > 0


def test_adapters_change_the_layers_and_all_else_stays_to_the_bit(
    base: Path, learned: TunedEncoder
) -> None:
    before, after = load_file(base / "model.safetensors"), tensors(learned)
    assert before.keys() == after.keys()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert len(changed) == 2 * 6
    assert all(re.search(r"(query|key|value|dense)\.weight$", name) for name in changed)
    assert not any(name.startswith("pooler") for name in changed)


def test_without_adapters_all_layers_learn_but_no_table(base: Path) -> None:
    network = TorchEngine(base, "cpu", "float32").network
    names = {name for name, _ in network.named_parameters()}
    end = made_teachable(network.network, "full", 8, 8)
    taught = {name for name, weight in network.named_parameters() if weight.requires_grad}
    tables = [
        f"network.embeddings.{kind}_embeddings" for kind in ("word", "position", "token_type")
    ]
    left = {name for name in names - taught if "pooler" not in name}
    assert left == {f"{table}.weight" for table in tables}
    end()
    assert not any(weight.requires_grad for weight in network.parameters())


def test_all_layers_can_be_taught(base: Path) -> None:
    found = tuned(base, FULL, 200)
    held_out = found.told["held_out"]
    assert 0 < abs(held_out["tuned"]["log_loss"] - held_out["frozen"]["log_loss"]) < 0.3
    assert (found.told["kept"] == "tuned") == (
        held_out["tuned"]["log_loss"] < held_out["frozen"]["log_loss"]
    )


def test_what_is_kept_answers_as_it_was_judged(learned: TunedEncoder) -> None:
    """Vectors of the encoder that is loaded, a new head on them: as good as what was told."""
    encoder = learned.load()
    taught, later = pairs(1_000, 0), pairs(400, 2)
    x, _ = encoder.encode(taught.texts, range(1_000))
    y, _ = encoder.encode(later.texts, range(1_000, 1_400))
    head = LogisticRegression(C=100, max_iter=1_000).fit(x - x.mean(0), taught.fraud)
    assert head.score(y - x.mean(0), later.fraud) > 0.85


def test_adapters_that_are_merged_answer_as_they_did_beside_the_layers(base: Path) -> None:
    network = TorchEngine(base, "cpu", "float32").network
    parts = [type(layer) for layer in network.modules()]
    ids = torch.randint(4, 20, (5, 9), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        frozen = network(ids, torch.ones_like(ids))
    merge = made_teachable(network.network, "lora", 4, 8)
    taught = [weight for weight in network.parameters() if weight.requires_grad]
    assert len(taught) == 2 * 2 * 6
    with torch.inference_mode():
        assert torch.equal(network(ids, torch.ones_like(ids)), frozen), "B begins as zero"
    for weight in taught:
        nn.init.normal_(weight, std=0.1)
    with torch.inference_mode():
        beside = network(ids, torch.ones_like(ids))
        merge()
        merged = network(ids, torch.ones_like(ids))
    assert (beside - frozen).abs().max() > 0.01
    np.testing.assert_allclose(merged, beside, atol=1e-5)
    assert [type(layer) for layer in network.modules()] == parts
    assert not any(weight.requires_grad for weight in network.parameters())


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(
    base: Path, learned: TunedEncoder
) -> None:
    again = tuned(base, LORA)
    assert again.told == learned.told
    np.testing.assert_array_equal(again.weights, learned.weights)
    one, other = (tuned(base, BRIEF, 200, seed).told["held_out"] for seed in (0, 1))
    assert one["frozen"] == other["frozen"]
    assert one["tuned"] != other["tuned"]


def test_where_it_does_not_help_the_frozen_encoder_stays(base: Path) -> None:
    found = tuned(base, FineTuning("full", epochs=5, patience=1, learning_rate=0.1), 200)
    held_out = found.told["held_out"]
    assert held_out["tuned"]["log_loss"] >= held_out["frozen"]["log_loss"]
    assert (found.told["kept"], found.told["epochs"], found.weights) == ("frozen", 1, None)
    assert found.load().sha256 == TextEncoder.load(str(base)).sha256


def test_time_that_is_over_ends_it(base: Path) -> None:
    found = tuned(base, FineTuning("lora", max_seconds=0.0), 200)
    assert (found.told["ended_by"], found.told["epochs"]) == ("time", 1)


def few(n: int, n_fraud: int) -> LabelledTexts:
    return LabelledTexts([f"text {i}" for i in range(n)], np.arange(n) < n_fraud)


def test_too_few_texts_are_told_before_any_encoder_is_looked_for() -> None:
    many, how = few(200, 100), FineTuning()
    for taught, held_out, why in (
        (few(200, 49), many, "50 that are and 50 that are not are needed"),
        (few(200, 151), many, "50 that are and 50 that are not are needed"),
        (many, few(90, 9), "of the 90 held out to judge it 9 are, and at least 10 that are"),
    ):
        found = fine_tune("nowhere", taught, held_out, how, seed=0, report=lambda *told: None)
        assert found.told["why"].startswith(why)
        assert (found.told["kept"], found.told["n_fraud"], found.weights) == (
            "frozen", taught.n_fraud, None,
        )  # fmt: skip


def test_without_peft_it_says_what_to_install(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(InputError, match=r"needs PEFT; install riskstream\[finetune\]"):
        tuned(base, LORA, 200)


def test_an_epoch_has_every_text_once_in_steps_of_enough_texts(base: Path) -> None:
    encoder = TextEncoder.load(str(base))
    texts = [" ".join(["cash"] * (i % 90)) for i in range(700)]
    rng = np.random.default_rng(0)
    one, two = (list(steps(encoder, texts, 48, rng)) for _ in range(2))
    assert one != two
    keys = [[key for keys, _ in step for key in keys] for step in one]
    assert sorted(key for step in keys for key in step) == list(range(700))
    assert all(len(step) >= 48 for step in keys[:-1])
    assert max(len(step) for step in one) > 1, "long texts need several batches for a step"
    for step in one:
        assert all(len(tokens) * max(map(len, tokens)) <= 2048 for _, tokens in step)


def test_the_first_slice_teaches_and_texts_it_has_do_not_judge() -> None:
    texts = [f"text {i}" for i in range(1_000)]
    rows = rows_of(LabelledTexts(texts, np.arange(1_000) % 5 == 0))
    rows.x.rows["text"][720:730] = np.arange(10) + 1
    rows.x.rows["type"][5] = 1  # a search
    rows.label[6] = -1
    rows.x.rows["text"][[10, 11, 12]] = 9_999  # fraud, honest, honest
    taught, held_out = labelled_texts(rows, cut(rows.time_ms, rows.user), 10_000, 0)
    said = set(taught.texts)
    assert said == {f"text {i}" for i in range(720)} - {f"text {i}" for i in (5, 6, 11, 12)}
    assert not taught.fraud[taught.texts.index("text 10")]
    judge = {725, 726, *range(730, 820)}  # what events 5 and 6 say did not teach
    assert set(held_out.texts) == {f"text {i}" for i in judge}
    some, judging = labelled_texts(rows, cut(rows.time_ms, rows.user), 100, 0)
    assert (len(some), some.n_fraud, len(judging)) == (100, 50, 25)


def test_a_folder_without_encoder_is_refused(tmp_path: Path) -> None:
    assert folder_of(str(tmp_path)) == tmp_path
    with pytest.raises(InputError, match=r"has no config\.json"):
        tuned(tmp_path, LORA, 200)
