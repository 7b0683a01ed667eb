"""Real events on a real Kafka, with 2,000 of the reviews; `make real` takes them all."""

import pytest

from tests.kafka.broker import Broker
from tests.kafka.fixture import skip_without_tools
from tests.real.deciding import DATA, TABLES, decide_real

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    for table in TABLES.values():
        if not (DATA / table).is_dir():
            pytest.skip(f"the evaluation data {DATA / table} is not on this machine")
    skip_without_tools()
    folder = tmp_path_factory.mktemp("real")
    broker = Broker(folder / "kafka")
    broker.start()
    yield decide_real(broker.bootstrap, folder, n_reviews=2_000)
    broker.stop()


def test_every_real_event_comes_out_once(found):
    assert found.expected.n_records > 40_000
    n_out = found.n_distinct + found.n_duplicates + found.dead.total()
    assert n_out == found.expected.n_records
    assert found.n_decisions == found.n_distinct
    assert found.n_duplicates == found.expected.n_repeated


def test_all_invoices_of_the_table_are_orders_or_counted_as_left_out(found):
    printed = found.imported["online-retail"]
    assert "left out" in printed


def test_every_user_has_a_credit_record(found):
    assert found.credit_users == found.expected.users.keys()


def test_every_counter_of_every_user_equals_a_plain_count(found):
    assert not found.differing
