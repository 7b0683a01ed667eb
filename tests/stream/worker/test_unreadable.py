"""A record of an internal topic that no worker wrote is named, by whoever finds it."""

import pytest

from stream.worker.envelope import new_headers, pack
from stream.worker.filling import Filling
from stream.worker.unreadable import UnreadableRecordError, check_states
from tests.stream.worker.process import WorkerProcess
from tests.stream.worker.shop import Shop
from tests.stream.worker.test_filling import wait_for

GOOD = pack(new_headers(1), [b"state"])[0]
NEWER = b"\x02" + GOOD[1:]


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        (b"u7", b"rubbish", "offset 12, key b'u7': a value of 7 bytes is no stored state; "),
        (b"u7", b"", "offset 12, key b'u7': a value of 0 bytes is no stored state; "),
        (b"u7", NEWER, "offset 12, key b'u7': its layout has version 2, this program reads 1; "),
        (None, GOOD, "offset 12: the record has no key; "),
        (None, None, "offset 12: the record has no key; "),
    ],
)
def test_the_first_record_that_is_no_state_is_named(key, value, sentence):
    keys, values = [b"u1", b"u2", key, b"u3"], [GOOD, None, value, b"rubbish, too"]
    with pytest.raises(UnreadableRecordError) as error:
        check_states("app.changelog", 3, [3, 7, 12, 13], keys, values)
    assert str(error.value).startswith(f"app.changelog, partition 3, {sentence}")
    check_states("app.changelog", 3, [3, 7], keys[:2], values[:2])


@pytest.mark.kafka
@pytest.mark.parametrize("fills_first", [False, True])
def test_rubbish_in_the_changelog_ends_a_worker_that_says_where_it_stands(
    shop: Shop, tmp_path, fills_first
):
    first = WorkerProcess(shop.settings(tmp_path / "first"))
    shop.send(200)
    first.start()
    shop.wait_until_done(first.settings.application, first)
    assert first.stop() == 0
    name = first.settings.changelog.removeprefix(shop.prefix)
    shop.raw(name, b"u1", b"rubbish")
    shop.flush()
    if fills_first:
        said = filled(shop, tmp_path / "second")
    else:
        second = WorkerProcess(shop.settings(tmp_path / "second"))
        second.start()
        assert second.wait() == 70
        said = second.new_log()
    assert f"{first.settings.changelog}, partition " in said
    assert ", key b'u1': a value of 7 bytes is no stored state; only workers of one" in said


def filled(shop: Shop, folder) -> str:
    folder.mkdir()
    topic = f"{shop.prefix}app.changelog"
    filling = Filling.begin(shop.brokers, topic, 0, folder, 1)
    assert filling is not None
    try:
        filling.finish()
        with pytest.raises(RuntimeError) as error:
            wait_for(filling, "end")
    finally:
        filling.stop()
    return str(error.value)
