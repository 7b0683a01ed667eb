"""A spool gives back every line, in order of time, however little it may hold."""

from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topics.simulator import spool as spools
from topics.simulator.spool import Record, Spool

START, END = 1_700_000_000_000, 1_700_000_100_000

records = st.lists(
    st.tuples(
        st.integers(START, END + 50_000),  # labels become known after the end
        st.sampled_from(spools.KINDS),
        st.text("abc:", min_size=1, max_size=5),
        st.binary(max_size=5).map(lambda b: b'{"b":"' + b.hex().encode() + b'"}'),
    ),
    max_size=60,
)


def filled(lines, per_bucket=5):
    spool = Spool(START, END, len(lines), per_bucket=per_bucket)
    for line in lines:
        spool.add(*line)
    return closing(spool)


@given(records, st.randoms())
def test_lines_come_back_in_order_of_time_whatever_their_order(lines, random):
    shuffled = random.sample(lines, len(lines))
    with filled(lines) as one, filled(shuffled, per_bucket=1) as other:
        found = list(one)
        assert sorted(found) == sorted(Record(*line) for line in lines)
        assert [r.time_ms for r in found] == sorted(line[0] for line in lines)
        assert list(other) == found
        assert list(one) == found  # a second time


@given(records, st.integers(1, 60))
def test_keeping_the_first_lines_says_where_the_cut_is(lines, n):
    with filled(lines) as spool:
        whole = list(spool)
        cut_ms = spool.keep(n)
        assert list(spool) == whole[:n]
        assert cut_ms == (None if len(whole) <= n else whole[n - 1].time_ms)


def test_no_more_lines_are_held_than_said(monkeypatch):
    monkeypatch.setattr(spools, "N_PENDING", 10)
    with closing(Spool(START, END, 1_000, per_bucket=100)) as spool:
        for n in range(1_000):
            spool.add(START + n * 97 % (END - START), "order", "u", b"{}")
            assert sum(map(len, spool._pending)) < 10
        assert len(list(spool)) == 1_000


def test_closing_removes_the_files():
    spool = Spool(START, END, 1)
    folder = spool._folder.path
    assert folder.exists()
    spool.close()
    assert not folder.exists()


def test_a_time_before_the_start_is_refused():
    with (
        closing(Spool(START, END, 100, per_bucket=10)) as spool,
        pytest.raises(ValueError, match="before"),
    ):
        spool.add(START - 1, "order", "u", b"{}")
