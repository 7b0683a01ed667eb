import pytest

from stream.worker.samples import LIMIT, Samples
from stream.worker.stages import Stages


def test_readings_have_the_counts_of_their_moment_and_add_up():
    stages = Stages()
    samples = Samples(stages, interval_s=0.0)
    counts = {"events": 1}
    samples.take(counts)
    counts["events"] = 2
    stages.add({"decode": 0.25})
    samples.take(counts)
    first, last = samples.facts()
    assert (first["counts"], last["counts"]) == ({"events": 1}, {"events": 2})
    assert last["stages_cpu_s"]["decode"] - first["stages_cpu_s"].get("decode", 0.0) == 0.25
    assert last["at_s"] >= first["at_s"]
    assert sum(first["stages_cpu_s"].values()) == pytest.approx(first["cpu_s"], abs=0.01)


def test_readings_are_thinned_but_the_newest_is_always_there():
    samples = Samples(Stages(), interval_s=0.0)
    for n in range(LIMIT):
        samples.take({"events": n})
    assert len(samples.facts()) == LIMIT // 2 + 1
    assert samples.facts()[-1]["counts"] == {"events": LIMIT - 1}
    slow = Samples(Stages(), interval_s=60.0)
    for n in range(5):
        slow.take({"events": n})
    assert [fact["counts"]["events"] for fact in slow.facts()] == [0, 4]


def test_nothing_taken_is_nothing_reported():
    assert Samples(Stages()).facts() == []
