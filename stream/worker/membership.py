"""What the group says of this worker: errors that aiokafka keeps until somebody asks for them."""

import math
import time
from collections.abc import Callable
from typing import Final

from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    InvalidSessionTimeoutError,
    KafkaError,
)

CHECK_EVERY_S: Final = 1.0


class Membership:
    """Ends a worker that the group refuses, where aiokafka's coordinator would wait for ever.

    A static member is ended, too, when the group drops it within its session: then another process
    has joined under its name. To join again would drop that one in turn, both in one generation,
    in which both take the same batches for their own. ``fail`` is called with a sentence. All
    methods belong to the thread of the coordinator.
    """

    def __init__(
        self, coordinator: GroupCoordinator, session_s: float, fail: Callable[[str], None]
    ) -> None:
        self._coordinator, self._session_s, self._fail = coordinator, session_s, fail
        self._heard_s, self._is_replaced = -math.inf, False
        self._beat, self._reset = coordinator._do_heartbeat, coordinator.reset_generation
        if coordinator._group_instance_id is not None:
            coordinator._do_heartbeat = self._heartbeat
            coordinator.reset_generation = self._reset_generation

    def check(self) -> None:
        """Take an error of the coordinator, if there is one, and end the worker with it."""
        try:
            self._coordinator.check_errors()
        except KafkaError as error:
            self._fail(f"the group {self._coordinator.group_id} refuses this worker: {why(error)}")

    async def _heartbeat(self) -> bool:
        sent_s = time.monotonic()
        known: bool = await self._beat()
        if known:
            self._heard_s = sent_s  # a worker that is paused meanwhile hears of it much later
        return known

    def _reset_generation(self) -> None:
        """Forget the membership, as the group has dropped us, or we close."""
        coordinator = self._coordinator
        is_member = coordinator.generation > 0 and not coordinator._closing.done()
        if is_member and time.monotonic() - self._heard_s < self._session_s:
            self._is_replaced = True
            self._fail(
                f"another process has joined the group {coordinator.group_id} as "
                f"{coordinator._group_instance_id}; every worker needs its own RISKSTREAM_INSTANCE"
            )
        if self._is_replaced:
            coordinator.generation = -1  # holds nothing any more, and does not join again
        else:
            self._reset()


def why(error: KafkaError) -> str:
    """Return what to change so that the group takes the worker.

    >>> why(GroupAuthorizationFailedError("shop"))
    'it has no permission to read as a member of the group'
    """
    if isinstance(error, InvalidSessionTimeoutError):
        return (
            "RISKSTREAM_SESSION_TIMEOUT_MS is not between the broker's "
            "group.min.session.timeout.ms and group.max.session.timeout.ms"
        )
    if isinstance(error, GroupAuthorizationFailedError):
        return "it has no permission to read as a member of the group"
    return str(error)
