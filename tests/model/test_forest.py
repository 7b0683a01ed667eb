import numpy as np
import pytest
from sklearn.ensemble import IsolationForest

from model.forest import Forest, fill, medians


@pytest.fixture(scope="module")
def features() -> np.ndarray:
    rng = np.random.default_rng(3)
    values = rng.normal(size=(3000, 15)).astype(np.float32)
    values[:, ::3] = np.round(values[:, ::3])
    values[rng.random(values.shape) < 0.05] = np.nan
    return values


@pytest.mark.parametrize("samples", [256, 40])
def test_the_flat_forest_scores_as_scikit_learn_does(features: np.ndarray, samples: int) -> None:
    filled = fill(features, medians(features))
    fitted = IsolationForest(n_estimators=40, max_samples=samples, random_state=1).fit(filled)
    flat = Forest.flatten(fitted, medians(features))
    for part in (filled, filled[:1], filled[:129], np.round(filled, 1)):
        np.testing.assert_allclose(flat.score(part), -fitted.score_samples(part), atol=1e-12)


def test_the_anomaly_is_the_rank_among_the_training_rows(features: np.ndarray) -> None:
    forest = Forest.fit(features, medians=medians(features), seed=0, n_trees=30)
    ranks = forest.anomaly(features)
    assert (ranks >= 0.99).mean() == pytest.approx(0.01, abs=0.003)
    assert (ranks >= 0.5).mean() == pytest.approx(0.5, abs=0.01)
    far = np.full((1, 15), 40, np.float32)
    assert forest.anomaly(far)[0] == pytest.approx(1)
    assert forest.anomaly(medians(features)[None])[0] < 0.1
