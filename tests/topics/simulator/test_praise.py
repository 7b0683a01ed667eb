"""Texts for hire carry a signal, and no more than that."""

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from topics.simulator import SimulatorConfig
from topics.simulator.cohort import people
from topics.simulator.dice import dice
from topics.simulator.grammar import compose
from topics.simulator.market import Market
from topics.simulator.places import Networks
from topics.simulator.praise import Copywriter
from topics.simulator.reviewing import rate, voice_of

CONFIG = SimulatorConfig(users=1_000, days=30, seed=13)
N = 3_000


def texts(*, hired):
    """Reviews of many campaigns, or of many buyers."""
    rng, market = dice(1, "texts", int(hired)), Market(CONFIG)
    crowd = people(CONFIG, Networks(CONFIG), 0)
    written = []
    while len(written) < N:
        writer = Copywriter(rng)
        for _ in range(12):
            person = rng.pick(crowd)
            product = rng.pick(market.of_seller[market.any_seller(rng).seller_id])
            if hired:
                rating = 5 if rng.chance(0.85) else 4
                written.append(writer.write(rng, person.language, product, rating))
            else:
                rating = rate(rng, product, person.habits.mood)
                voice = voice_of(rng, person)
                written.append(compose(rng, person.language, product, rating, voice))
    return written[:N]


def test_character_ngrams_tell_hired_praise_from_buyers_words_somewhat():
    everything = texts(hired=True) + texts(hired=False)
    is_hired = np.arange(len(everything)) < N
    learn = np.arange(len(everything)) % N < N // 2
    x = TfidfVectorizer(analyzer="char", ngram_range=(1, 4), min_df=3, sublinear_tf=True)
    values = x.fit_transform(everything)
    line = LogisticRegression(max_iter=300).fit(values[learn], is_hired[learn])
    area = roc_auc_score(is_hired[~learn], line.decision_function(values[~learn]))
    print(f"AUC {area:.3f}")
    assert 0.62 < area < 0.80


def test_a_campaign_repeats_itself_at_times_and_varies_what_it_repeats():
    rng, market = dice(2, "texts"), Market(CONFIG)
    product = market.of_seller[market.sellers[0].seller_id][0]
    n_same, n_different = 0, 0
    for _ in range(60):
        writer = Copywriter(rng)
        campaign = [writer.write(rng, "en", product, 5) for _ in range(20)]
        n_different += len(set(campaign))
        n_same += 20 - len(set(campaign))
    assert 0.03 < n_same / (n_same + n_different) < 0.3
