from stream.worker.rocks import Rocks, block_cache


def test_keys_are_found_by_their_beginning(tmp_path) -> None:
    rocks = Rocks(tmp_path / "store", block_cache(1 << 20))
    rocks.write([(b"wa", b"1"), (b"wb", b""), (b"x", b"2"), (b"v", b"3"), (b"wc", b"4")])
    rocks.write([(b"wc", None)])
    assert list(rocks.keys(b"w")) == [b"wa", b"wb"]
    assert list(rocks.keys(b"y")) == []
    rocks.close()
