"""Recovery of the states, by Faust's own code, while partitions move and the broker is slow."""

from tests.stream.worker.recovering import Recovering, never, until, with_recovery


def test_a_recovery_that_ends_gives_the_partitions_to_work_on(tmp_path):
    async def recover(run: Recovering) -> None:
        await run.revoke()
        await run.assign(1)
        await until(lambda: not run.app.problem())
        assert run.app.kafka.flow_active
        assert run.app.states.term(0) > 0

    with_recovery(tmp_path, recover)


def test_a_recovery_that_ends_in_the_next_rebalance_gives_nothing_to_work_on(tmp_path):
    async def recover(run: Recovering) -> None:
        run.answers.may_rewind.clear()
        await run.revoke()
        await run.assign(1)
        await run.answers.rewinding.wait()
        await run.revoke()  # somebody else has written to the states from here on
        run.answers.may_rewind.set()
        run.known(3)  # the thread has joined again, and would fetch
        assert await never(lambda: run.app.kafka.flow_active or not run.app.problem())
        assert run.app.rebalancing
        await run.assign(3)
        await until(lambda: not run.app.problem())

    with_recovery(tmp_path, recover)


def test_records_that_arrive_as_the_next_rebalance_begins_are_given_back(tmp_path):
    async def recover(run: Recovering) -> None:
        await run.revoke()
        await run.assign(1)
        await run.answers.fetching.wait()
        run.app.on_rebalance_start()  # in the thread, and this one has not heard of it yet
        run.known(3)
        run.answers.arrived.set()
        await until(lambda: run.answers.given_back == [3])
        assert not run.app.kafka.progress.n_unfinished()

    with_recovery(tmp_path, recover)


def test_a_step_of_a_recovery_that_takes_too_long_ends_the_worker_with_a_sentence(tmp_path):
    async def recover(run: Recovering) -> None:
        run.app.conf.broker_request_timeout = 0.02
        run.answers.may_rewind.clear()
        await run.revoke()
        await run.assign(1)
        await until(lambda: bool(run.app.failure))

    app = with_recovery(tmp_path, recover)
    assert app.failure == (
        "a step of the recovery of states has taken over 0.02 s: the broker is away or too slow"
    )


def test_a_recovery_that_is_stopped_is_no_failure(tmp_path):
    async def recover(run: Recovering) -> None:
        run.answers.may_rewind.clear()
        await run.revoke()
        await run.assign(1)
        await run.answers.rewinding.wait()

    assert not with_recovery(tmp_path, recover).failure


def test_a_worker_whose_partitions_do_not_come_in_time_is_behind(tmp_path):
    async def recover(run: Recovering) -> None:
        run.app.conf.broker_rebalance_timeout = 0.02
        await run.revoke()
        assert not run.app.behind()
        await until(run.app.behind)
        await run.assign(1)
        await until(lambda: not run.app.problem())
        assert not run.app.behind()
        await run.revoke()
        assert not run.app.behind(), "the time begins anew"

    with_recovery(tmp_path, recover, session_timeout_s=0.01)
