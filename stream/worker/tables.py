"""Faust's table, table manager and recovery around the batched store."""

from collections.abc import Callable, Iterable
from typing import Any, cast

from faust.serializers.schemas import Schema
from faust.stores.base import Store
from faust.tables.manager import TableManager
from faust.tables.recovery import RebalanceAgain, Recovery, ServiceStopped
from faust.tables.table import Table
from faust.types import TP, EventT
from mode.services import WaitArgT
from mode.utils.times import Seconds

from stream.worker.fetched import Fetched
from stream.worker.repair import repair
from stream.worker.unreadable import UnreadableRecordError, check_states


class RawSchema(Schema):  # type: ignore[type-arg]
    """Hands messages on as they are; decoding a batch is the processor's work."""

    def compile(self, app: Any, **kwargs: Any) -> Any:
        """Return a decoder that does nothing."""

        async def decode(message: Any, *, propagate: bool = False) -> Any:
            return app.create_event(None, message.value, message.headers, message)

        return decode


class StateStore(Store):  # type: ignore[type-arg]
    """Faust's view of the states: which partitions are open, and how far each has recovered."""

    app: Any
    table: Any

    def persisted_offset(self, tp: TP) -> int | None:
        """Return the last changelog offset that is in the store, or None."""
        position: int = self.app.states.partition(tp.partition).position
        return position if position >= 0 else None

    async def on_rebalance(
        self,
        assigned: set[TP],
        revoked: set[TP],
        newly_assigned: set[TP],
        generation_id: int = 0,
    ) -> None:
        """Open and close partitions, before Faust asks how far they are."""
        topic = self.table.changelog_topic_name
        await self.app.states.assign({tp.partition for tp in assigned if tp.topic == topic})

    def apply_changelog_batch(
        self,
        batch: Iterable[EventT],  # type: ignore[type-arg]
        to_key: Callable[[Any], Any],
        to_value: Callable[[Any], Any],
    ) -> None:
        """Apply batches of changelog records, or end the worker."""
        for event in batch:
            tp, records = event.message.tp, cast(Fetched, event.message.value)
            try:
                check_states(*tp, records.offsets.tolist(), records.keys, records.values)
                self.app.states.recover(tp.partition, records)
            except UnreadableRecordError as error:
                self.app.fail(str(error), error)
                raise
            except Exception as error:  # Faust would log it and go on without these records
                self.app.fail(f"The changelog cannot be applied: {error!r}", error)
                raise

    def __getitem__(self, key: bytes) -> bytes:
        """Return the stored value of a key in any open partition; for inspection."""
        for store in self.app.states.open_partitions():
            value: bytes | None = store.get_many([key])[0]
            if value is not None:
                return value
        raise KeyError(key)

    def reset_state(self) -> None:
        """Keep everything: the positions say what is missing."""

    async def backup_partition(self, *args: Any, **kwargs: Any) -> None:
        """Refuse: there is nothing that the changelog does not hold."""
        raise NotImplementedError("the changelog topic is the backup")

    def restore_backup(self, *args: Any, **kwargs: Any) -> None:
        """Refuse: there is nothing that the changelog does not hold."""
        raise NotImplementedError("the changelog topic is the backup")

    def set_persisted_offset(self, tp: TP, offset: int) -> None:
        """Refuse: a position without its values would lose them."""
        raise NotImplementedError("the position is written with the values")


class StateTable(Table):  # type: ignore[type-arg]
    """The table of states, kept by the worker's own store and changelog records."""

    app: Any

    def _new_store(self) -> StateStore:
        return StateStore("riskstream://", self.app, self, loop=self.loop, beacon=self.beacon)

    def _changelog_topic_name(self) -> str:
        return str(self.app.settings.changelog)


class StateRecovery(Recovery):
    """Faust's recovery, which ends only when there is nothing left to recover.

    Nothing tells Faust's that its partitions were revoked: it would go on, and let the worker take
    batches on states that somebody else has written to since.
    """

    app: Any
    _count = -1

    async def on_rebalance(
        self,
        assigned: set[TP],
        revoked: set[TP],
        newly_assigned: set[TP],
        generation_id: int = 0,
    ) -> None:
        """Begin to recover, and remember how many rebalances had begun by then."""
        count = self.app.rebalancing_count
        await super().on_rebalance(assigned, revoked, newly_assigned, generation_id)
        if self._generation_id == generation_id:
            self._count = count

    def moved(self) -> bool:
        """Tell whether the partitions have begun to move again since they were assigned."""
        return self.signal_recovery_start.is_set() or self.app.rebalancing_count != self._count

    def flush_buffers(self) -> None:
        """Apply what is left, but not in a worker that ends, maybe because that has failed."""
        if not self.app.should_stop:  # the positions say what is missing
            super().flush_buffers()

    async def on_recovery_completed(self, generation_id: int = 0) -> None:
        """Begin to work on the partitions, unless there is more to recover."""
        if self.moved():
            raise RebalanceAgain()
        if self.need_recovery():
            self.signal_recovery_start.set()
            raise RebalanceAgain()
        await self._repair(generation_id)
        await super().on_recovery_completed(generation_id)
        if self.app.tables.actives_ready and not self.moved():
            self.app.on_ready(generation_id, self._count)

    async def _wait(self, coro: WaitArgT, timeout: Seconds | None = None) -> None:
        try:
            await super()._wait(coro, timeout)
        except ServiceStopped:
            if not self.should_stop:  # Faust takes a timeout for a stop and recovers no more
                self.app.fail(
                    f"a step of the recovery of states has taken over {timeout} s: "
                    "the broker is away or too slow"
                )
            raise
        if self.moved():
            raise RebalanceAgain()

    async def _repair(self, generation_id: int) -> None:
        app = self.app
        if app.consumer_generation_id != generation_id:
            return  # whoever holds the partitions now repairs them
        try:
            await repair(app.states, app.records, app.settings.changelog)
        except Exception as error:
            app.fail(f"The changelog cannot be mended: {error!r}", error)
            raise


class StateTables(TableManager):
    """Faust's table manager with that recovery, started without a second's delay."""

    @property
    def recovery(self) -> Recovery:
        """The one recovery service."""
        if self._recovery is None:
            self._recovery = StateRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery

    async def on_start(self) -> None:
        """Register the table and start recovery."""
        if not self.should_stop:
            await self._update_channels()
            await self.recovery.start()
