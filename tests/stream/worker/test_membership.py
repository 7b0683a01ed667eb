"""What the group refuses a worker for good: it ends with a sentence instead of waiting."""

import asyncio
import time
from types import SimpleNamespace

import pytest
from aiokafka.consumer.subscription_state import SubscriptionState
from aiokafka.errors import GroupAuthorizationFailedError

from stream.worker.faustoptions import faust_options
from stream.worker.membership import Membership
from stream.worker.processor import SOURCES
from stream.worker.settings import WorkerSettings
from tests.stream.worker.process import WorkerProcess


class Member:
    """Stands for aiokafka's coordinator of a static member; notes what is done to it."""

    def __init__(self, instance: str | None = "app-one") -> None:
        self.group_id, self._group_instance_id, self.generation = "app", instance, 4
        self._closing = SimpleNamespace(done=lambda: False)
        self.error: Exception | None = None
        self.n_resets = 0
        self.sentences: list[str] = []

    async def _do_heartbeat(self) -> bool:
        return True

    def reset_generation(self) -> None:
        self.n_resets += 1

    def check_errors(self) -> None:
        if self.error is not None:
            raise self.error


def dropped(member: Member, session_s: float) -> Member:
    """Let the group answer a heartbeat, and drop the member 0.02 s later."""
    Membership(member, session_s, member.sentences.append)
    asyncio.run(member._do_heartbeat())
    time.sleep(0.02)
    member.reset_generation()
    return member


def test_a_static_member_that_is_dropped_within_its_session_has_been_replaced_and_stays_away():
    member = dropped(Member(), 10)
    assert member.sentences == [
        "another process has joined the group app as app-one; every worker needs its own "
        "RISKSTREAM_INSTANCE"
    ]
    member.reset_generation()
    assert (member.generation, member.n_resets) == (-1, 0)


def test_a_member_whose_session_is_over_or_that_has_no_name_joins_again():
    for member in (dropped(Member(), 0.01), dropped(Member(instance=None), 10)):
        assert (member.sentences, member.n_resets) == ([], 1)


def test_an_error_of_the_group_ends_the_worker_with_what_to_change():
    member = Member()
    membership = Membership(member, 10, member.sentences.append)
    membership.check()
    assert not member.sentences
    member.error = GroupAuthorizationFailedError("app")
    membership.check()
    assert member.sentences == [
        "the group app refuses this worker: it has no permission to read as a member of the group"
    ]


def test_a_spare_worker_that_never_fetches_stays_in_the_group(tmp_path):
    options = faust_options(WorkerSettings(brokers="127.0.0.1:1", data_dir=tmp_path))

    async def idle_s() -> float:
        subscription = SubscriptionState()
        subscription._last_fetch_ended -= 30 * 86_400.0  # a month ago
        return float(subscription.fetcher_idle_time)

    assert options["broker_max_poll_interval"] > asyncio.run(idle_s())


@pytest.mark.kafka
def test_a_session_that_the_broker_does_not_allow_ends_the_worker_with_a_sentence(shop, tmp_path):
    worker = WorkerProcess(shop.settings(tmp_path, session_timeout_s=2000.0))
    worker.start()
    assert worker.wait(60) == 70
    assert worker.new_log().splitlines()[-1] == (
        f"The worker stopped: the group {shop.prefix}app refuses this worker: "
        "RISKSTREAM_SESSION_TIMEOUT_MS is not between the broker's "
        "group.min.session.timeout.ms and group.max.session.timeout.ms"
    )


@pytest.mark.kafka
def test_of_two_workers_with_one_name_the_first_ends_and_the_second_goes_on(shop, tmp_path):
    one, two = (WorkerProcess(shop.settings(tmp_path / name)) for name in ("one", "two"))
    shop.send(500, SOURCES)
    one.start()
    one.wait_until_ready()
    two.start()
    assert one.wait(60) == 70
    assert f"as {shop.prefix}app-one; every worker needs" in one.new_log().splitlines()[-1]
    shop.send(500, SOURCES, seed=1)
    shop.wait_until_done(two.settings.application, two)
    assert two.stop() == 0
    assert len(shop.outputs()) == shop.n_sent.total()
