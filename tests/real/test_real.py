"""Real events on a real Kafka, with 2,000 of the reviews; `make real` takes them all."""

import re

import pytest

from tests.kafka.broker import Broker
from tests.kafka.fixture import skip_without_tools
from tests.real.deciding import absent_tables, decide_real

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

N_INVOICES = 25_900
"""Distinct invoice numbers among the 541,909 lines of Online Retail."""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    if absent := absent_tables():
        pytest.skip(f"the evaluation data {', '.join(absent)} is not on this machine")
    skip_without_tools()
    folder = tmp_path_factory.mktemp("real")
    broker = Broker(folder / "kafka")
    broker.start()
    yield decide_real(broker.bootstrap, folder, n_reviews=2_000)
    broker.stop()


def test_every_real_event_comes_out_once(found):
    assert found.expected.n_records > 40_000
    n_out = found.n_distinct + found.worked.n_duplicates + found.dead.total()
    assert n_out == found.expected.n_records
    assert found.n_decisions == found.n_distinct
    assert found.worked.n_duplicates == found.expected.n_repeated


def test_all_invoices_of_the_table_are_orders_or_counted_as_left_out(found):
    printed = found.imported["online-retail"]
    n_events = number(r"([\d,]+) events", printed)
    n_left_out = sum(map(as_number, re.findall(r"left out: ([\d,]+) x", printed)))
    assert n_left_out > 0
    assert n_events + n_left_out == N_INVOICES


def number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    assert found, text
    return as_number(found[1])


def as_number(text: str) -> int:
    return int(text.replace(",", ""))


def test_every_user_has_a_credit_record(found):
    assert found.credit_users == found.expected.users.keys()


def test_every_counter_of_every_user_equals_a_plain_count(found):
    assert not found.differing
