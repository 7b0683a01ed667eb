"""A processor comes compiled: nothing is compiled in a worker's first batch."""

import numpy as np
import orjson
import pytest
from numba import config

from stream.pipeline.entities import _visit
from stream.pipeline.users import _advance
from stream.settings import Settings
from stream.worker.build import build_processor
from stream.worker.processor import SOURCES, LinkRecord, RecordBatch
from stream.worker.rocks import Rocks, block_cache
from tests.stream.worker.market import traffic


def batch_of(kind: int, name: str) -> RecordBatch:
    events = traffic(50, [name], seed=kind)
    numbers = np.arange(50)
    return RecordBatch(
        SOURCES[kind], kind, 0, numbers, numbers,
        [event["user_id"].encode() for event in events], [orjson.dumps(event) for event in events],
    )  # fmt: skip


@pytest.mark.skipif(bool(config.DISABLE_JIT), reason="Numba is turned off")
def test_no_batch_after_the_warm_up_compiles_anything(tmp_path):
    processor, entities = build_processor(Settings(scoring="none"))
    compiled = [list(kernel.signatures) for kernel in (_advance, _visit)]
    assert all(compiled)
    store = Rocks(tmp_path / "links", block_cache(1 << 20))
    entities.open(store)
    for kind, name in enumerate(("order", "browse", "review")):
        read = processor.read(batch_of(kind, name))
        outcome = processor.run(read, [None] * len(read.keys), np.full(len(read.keys), -1))
        assert outcome.links
        entities.apply([LinkRecord(0, kind, kind, 0, -1, outcome.links)])
    store.close()
    assert [list(kernel.signatures) for kernel in (_advance, _visit)] == compiled


def test_nothing_of_the_warm_up_is_left(tmp_path):
    _, entities = build_processor(Settings(scoring="none"))
    store = Rocks(tmp_path / "links", block_cache(1 << 20))
    entities.open(store)
    assert not entities._cache
    store.close()
