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
