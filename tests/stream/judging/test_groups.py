"""Rates of groups, their intervals, the ratio between them, and the gate."""

import numpy as np
import pytest

from stream.judging.gate import Gate
from stream.judging.groups import compare_groups
from stream.judging.judged import Judged, Segment
from stream.judging.resampling import user_weights
from topics.errors import InputError

REVIEW = 2


def judged(
    group: list[int],
    action: list[int],
    label: list[int],
    score: list[float],
    user: list[int] | None = None,
    names: tuple[str, ...] = ("app", "web"),
) -> Judged:
    n = len(group)
    zeros = np.zeros(n, np.int64)
    return Judged(
        day=zeros, user=np.array(user or range(n)), type=zeros.astype(np.uint8),
        score=np.array(score), p=np.array(score), action=np.array(action, np.uint8),
        label=np.array(label, np.int8), kind=zeros - 1, scenario=zeros - 1, amount=zeros + 1.0,
        segments={"channel": Segment(np.array(group), names)},
    )  # fmt: skip


def random_judged(n: int, seed: int, rates: tuple[float, ...] = (0.1, 0.3)) -> Judged:
    rng = np.random.default_rng(seed)
    group = rng.integers(-1, len(rates), n)
    selected = rng.random(n) < np.array([*rates, 0.5])[group]
    label = rng.choice([-1, 0, 1], n, p=[0.1, 0.7, 0.2])
    names = tuple(f"g{i}" for i in range(len(rates)))
    return judged(group.tolist(), (REVIEW * selected).tolist(), label.tolist(),
                  rng.random(n).tolist(), rng.integers(0, n // 4, n).tolist(), names)  # fmt: skip


def test_rates_shifts_and_ratios_are_those_of_a_plain_count() -> None:
    found = compare_groups(
        judged(
            group=[0, 0, 0, 0, 0, 1, 1, 1, 1, -1],
            action=[0, 2, 1, 4, 0, 2, 3, 0, 0, 4],
            label=[0, 0, 0, 1, -1, 0, 0, 0, 0, 0],
            score=[0.1, 0.5, 0.3, 0.9, 0.2, 0.6, 0.7, 0.1, 0.2, 0.9],
        ),
        "channel", selected_from=REVIEW, min_group=4,
    )  # fmt: skip
    assert (found["n"], found["n_without_value"], found["n_values"]) == (9, 1, 2)
    app, web = found["groups"]["app"], found["groups"]["web"]
    assert (app["n"], app["n_honest"], web["n"], web["n_honest"]) == (5, 3, 4, 4)
    assert (app["selection_rate"], web["selection_rate"]) == (0.4, 0.5)
    assert app["false_positive_rate"] == pytest.approx(1 / 3)
    assert web["false_positive_rate"] == 0.5
    honest = np.mean([0.1, 0.5, 0.3, 0.6, 0.7, 0.1, 0.2])
    assert app["score_shift"] == pytest.approx(0.3 - honest)
    assert web["score_shift"] == pytest.approx(0.4 - honest)
    assert (app["selection_rate_ratio"], web["selection_rate_ratio"]) == (1.0, 0.8)
    assert found["worst"]["selection_rate"]["ratio"] == 0.8
    assert found["worst"]["false_positive_rate"]["ratio"] == pytest.approx(2 / 3)
    assert found["overall"]["selection_rate"] == pytest.approx(4 / 9)


def test_an_interval_is_that_of_counting_every_user_as_often_as_it_was_drawn() -> None:
    cases = random_judged(400, 1)
    found = compare_groups(cases, "channel", selected_from=REVIEW, min_group=1, n_resamples=60)
    kept = np.flatnonzero(cases.segments["channel"].codes >= 0)
    codes = cases.segments["channel"].codes[kept]
    _, user = np.unique(cases.user[kept], return_inverse=True)
    first = {u: i for i, u in enumerate(dict.fromkeys(user.tolist()))}
    user = np.array([first[u] for u in user.tolist()])
    selected, honest = cases.action[kept] >= REVIEW, cases.label[kept] == 0
    drawn = []
    for weights in user_weights(len(first), 60, 8, 0):
        for times in weights.T:
            rows = np.repeat(np.arange(len(kept)), times[user])
            of = rows[codes[rows] == 1]
            drawn.append([selected[of].mean(), selected[of][honest[of]].mean(),
                          cases.score[kept][of][honest[of]].mean()
                          - cases.score[kept][rows][honest[rows]].mean()])  # fmt: skip
    ends = np.quantile(np.array(drawn), [0.025, 0.975], axis=0)
    spread = found["groups"]["g1"]["interval_95"]
    names = ("selection_rate", "false_positive_rate", "score_shift")
    for name, low, high in zip(names, *ends, strict=True):
        np.testing.assert_allclose(spread[name], [low, high], atol=1e-9)
        assert low <= found["groups"]["g1"][name] <= high
    low, high = found["worst"]["selection_rate"]["interval_95"]
    assert low < found["worst"]["selection_rate"]["ratio"] < high


def test_small_groups_are_shown_but_not_compared() -> None:
    cases = random_judged(600, 2, (0.2, 0.25))
    few = judged([2, 2], [REVIEW, REVIEW], [0, 0], [0.9, 0.9], names=("g0", "g1", "few"))
    both = Judged(
        **{name: np.concatenate([a, few.arrays()[name]]) for name, a in cases.arrays().items()},
        segments={"channel": Segment(np.concatenate([cases.segments["channel"].codes, [2, 2]]),
                                     ("g0", "g1", "few"))},
    )  # fmt: skip
    found = compare_groups(both, "channel", selected_from=REVIEW, min_group=50)
    row = found["groups"]["few"]
    assert (row["selection_rate"], row["compared"], row["selection_rate_ratio"]) == (1, False, None)
    assert found["worst"]["selection_rate"]["n_compared"] == 2
    alone = compare_groups(cases, "channel", selected_from=REVIEW, min_group=50)
    assert found["worst"]["selection_rate"]["ratio"] == alone["worst"]["selection_rate"]["ratio"]


def test_a_group_without_honest_events_has_no_rate_of_false_positives() -> None:
    cases = judged([0, 0, 1, 1], [2, 0, 2, 2], [0, 0, 1, 1], [0.2, 0.1, 0.9, 0.8])
    found = compare_groups(cases, "channel", selected_from=REVIEW, min_group=1)
    assert found["groups"]["web"]["false_positive_rate"] is None
    assert found["groups"]["web"]["interval_95"]["false_positive_rate"] is None
    assert found["worst"]["false_positive_rate"] == {
        "ratio": None, "interval_95": None, "n_compared": 1
    }  # fmt: skip
    with pytest.raises(InputError, match="channel has 1 groups of at least 1 events"):
        Gate("false_positive_rate", 0.8, 1).judge({"channel": found})


def test_where_nobody_is_selected_nobody_is_worse_off() -> None:
    cases = judged([0, 0, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0], [0.2, 0.1, 0.1, 0.2])
    found = compare_groups(cases, "channel", selected_from=REVIEW, min_group=1)
    assert found["worst"]["selection_rate"] == {
        "ratio": 1.0, "interval_95": [1.0, 1.0], "n_compared": 2
    }  # fmt: skip


def test_the_gate_names_the_groups_that_are_furthest_apart() -> None:
    cases = random_judged(2_000, 3, (0.1, 0.4, 0.2))
    found = {"channel": compare_groups(cases, "channel", selected_from=REVIEW, min_group=100)}
    rates = {name: row["selection_rate"] for name, row in found["channel"]["groups"].items()}
    ratio = rates["g0"] / rates["g1"]
    met = Gate("selection_rate", ratio - 0.01, 100).judge(found)
    assert (met["met"], met["failures"]) == (True, [])
    failed = Gate("selection_rate", 0.8, 100).judge(found)
    assert not failed["met"]
    assert failed["failures"] == [
        f"channel: the adverse-impact ratio is {ratio:.2f}, below 0.8: the selection rate of g1 is "
        f"{rates['g1']:.2%}, of g0 {rates['g0']:.2%}"
    ]
