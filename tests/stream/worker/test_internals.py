"""What the worker overrides in Faust and aiokafka exists there, in the versions that are pinned."""

import inspect
from importlib.metadata import version

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import Fetcher, FetchError, FetchResult, PartitionRecords
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.consumer.subscription_state import SubscriptionState, TopicPartitionState
from aiokafka.producer.message_accumulator import BatchBuilder
from faust.agents.agent import Agent
from faust.app.base import App
from faust.serializers.schemas import Schema
from faust.stores.base import Store
from faust.tables.base import Collection
from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery
from faust.transport.drivers import by_name
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport

from stream.worker import tables, thread, transport

OVERRIDDEN = {
    Consumer: transport.Consumer,
    AIOKafkaConsumerThread: thread.BatchThread,
    Transport: transport.Transport,
    Schema: tables.RawSchema,
    Store: tables.StateStore,
    Collection: tables.StateTable,
    TableManager: tables.StateTables,
    Recovery: tables.StateRecovery,
}
OWN = {"wake",
    "rejoin", "_rejoin", "_absent",
    "progress", "n_gaps", "holds", "_batch_message", "_fetchable", "rewind", "_rewind",
    "give_back", "_give_back", "generation", "_drain", "_taken", "_expected", "_slot_freed",
    "is_at_end", "_end_lags",
    "_check_membership",
    "_repair", "moved", "_count", "__getitem__", "backup_partition", "restore_backup",
    "reset_state",
}  # fmt: skip
USED = {
    App: [
        "consumer_generation_id",
        "rebalancing_count",
        "in_recovery",
        "create_event",
        "crash_reason",
    ],
    Agent: ["_execute_actor"],
    Consumer: ["_get_active_partitions", "_is_changelog_tp", "_getmany", "stop_flow", "assignment"],
    Recovery: ["signal_recovery_start", "signal_recovery_end", "need_recovery", "_generation_id"],
    AIOKafkaConsumerThread: ["call_thread", "_ensure_consumer"],
    Fetcher: ["_records", "_create_fetch_waiter", "_notify", "_wait_consume_future", "_closed"],
    FetchError: ["check_raise"],
    GroupCoordinator: [
        "generation",
        "fetch_committed_offsets",
        "request_rejoin",
        "check_errors",
        "reset_generation",
        "_do_heartbeat",
        "_group_instance_id",
        "_closing",
        "group_id",
    ],
    FetchResult: ["_partition_records", "check_assignment", "has_more", "_update_position"],
    PartitionRecords: [
        "_records",
        "_records_iterator",
        "_check_crcs",
        "next_fetch_offset",
        "_isolation_level",
        "_aborted_producers",
        "_consume_aborted_up_to",
        "_contains_abort_marker",
    ],
    SubscriptionState: ["reassignment_in_progress", "is_assigned", "fetch_context"],
    TopicPartitionState: ["position", "has_valid_position", "highwater", "lso"],
    BatchBuilder: ["record_count", "_build"],
}


def test_the_versions_are_those_that_the_overrides_were_written_for():
    found = {name: version(name) for name in ("faust-streaming", "aiokafka", "mode-streaming")}
    assert found == {"faust-streaming": "0.15.3", "aiokafka": "0.14.0", "mode-streaming": "0.7.1"}


@pytest.mark.parametrize("base", OVERRIDDEN, ids=lambda base: base.__name__)
def test_every_override_has_something_to_override(base):
    own = OVERRIDDEN[base]
    names = {name for name in vars(own) if not name.startswith("__") or name == "__getitem__"}
    for name in names - OWN - {"app", "table", "_thread", "Consumer", "_abc_impl"}:
        assert hasattr(base, name), f"{base.__name__} has no {name} any more"
        ours, theirs = inspect.getattr_static(own, name), inspect.getattr_static(base, name)
        if inspect.isfunction(ours):
            assert inspect.iscoroutinefunction(ours) == inspect.iscoroutinefunction(theirs) or (
                inspect.isasyncgenfunction(ours) and inspect.isasyncgenfunction(theirs)
            ), f"{name} is asynchronous in one and not in the other"


@pytest.mark.parametrize("base", USED, ids=lambda base: base.__name__)
def test_every_internal_that_is_used_exists(base):
    instance_names = set(base.__init__.__code__.co_names)
    for name in USED[base]:
        assert hasattr(base, name) or name in instance_names, f"{base.__name__} has no {name}"


def test_attributes_without_a_class_level_name_are_set_where_they_were():
    assert "_fetch_max_wait_ms" in AIOKafkaConsumer.__init__.__code__.co_names
    assert "_isolation_level" in AIOKafkaConsumer.__init__.__code__.co_names
    assert "_isolation_level" in AIOKafkaConsumer.start.__code__.co_names
    assert "_coordinator" in AIOKafkaConsumer.start.__code__.co_names
    assert "_builder" in BatchBuilder.__init__.__code__.co_names
    assert "_relative_offset" in BatchBuilder.__init__.__code__.co_names
    assert "_buffer" in BatchBuilder._build.__code__.co_names
    assert "_on_error" in Agent._execute_actor.__code__.co_names


def test_faust_finds_the_transport_by_its_name():
    assert by_name("riskstream") is transport.Transport
