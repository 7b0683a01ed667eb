"""Topics that are deleted and made again, while the worker is away and under its hands."""

import pytest

from tests.chaos.load import wait_for
from tests.chaos.watch import Watch, alive, finish, supervised
from tests.stream.worker.market import traffic

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.quick]


def test_an_input_topic_that_is_made_again_between_two_runs(market, tmp_path, judge):
    worker = market.worker(tmp_path)
    market.give(*traffic(4_000, ["order", "browse"], seed=1))
    worker.start()
    finish(market, alive(worker), worker)
    market.make_again(market.prefix + "shop.orders")
    watch = Watch(market)
    market.give(*traffic(3_000, ["order", "browse"], seed=2))
    worker.start()
    seconds = watch.seconds(alive(worker))
    finish(market, alive(worker), worker)
    judge(market, "an input topic is deleted and made again while the worker is stopped",
          "the new topic has another id: its offsets are not compared with those of the old one",
          1, [seconds])  # fmt: skip


@pytest.mark.parametrize("n_after", [300, 6_000], ids=["fewer events", "more events"])
def test_an_input_topic_that_is_made_again_under_a_running_worker(market, tmp_path, judge, n_after):
    worker = market.worker(tmp_path)
    market.give(*traffic(4_000, ["order"], seed=1))
    worker.start()
    wait_for(lambda: not market.lag(market.application), alive(worker), 240)
    market.make_again(market.prefix + "shop.orders")
    watch = Watch(market)
    market.give(*traffic(n_after, ["order"], seed=2))
    seconds = watch.seconds(supervised(worker))
    finish(market, supervised(worker), worker)
    judge(market, f"the same under a running worker, {n_after:,} events at once in the new topic",
          "the worker ends with 70, is started again and reads the new topic from its beginning",
          1, [seconds])  # fmt: skip
