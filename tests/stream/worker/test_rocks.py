import time

from stream.worker.rocks import Rocks, block_cache


def test_keys_are_found_by_their_beginning(tmp_path) -> None:
    rocks = Rocks(tmp_path / "store", block_cache(1 << 20))
    rocks.write([(b"wa", b"1"), (b"wb", b""), (b"x", b"2"), (b"v", b"3"), (b"wc", b"4")])
    rocks.write([(b"wc", None)])
    assert list(rocks.keys(b"w")) == [b"wa", b"wb"]
    assert list(rocks.keys(b"y")) == []
    rocks.close()


def test_what_was_written_too_long_ago_is_dropped_by_a_compaction(tmp_path) -> None:
    rocks = Rocks(tmp_path / "store", block_cache(1 << 20), kept_s=3)
    rocks.write([(b"old", b"1"), (b"renewed", b"1")])
    time.sleep(4.1)
    rocks.write([(b"renewed", b"2"), (b"new", b"2")])
    rocks.compact()
    assert list(rocks.items()) == [(b"new", b"2"), (b"renewed", b"2")]
    rocks.close()
    again = Rocks(tmp_path / "store", block_cache(1 << 20), kept_s=3)
    assert again.get_many([b"old", b"new"]) == [None, b"2"]
    again.close()
