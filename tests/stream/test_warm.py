"""After the warm-up a worker compiles nothing any more."""

import gc

import numpy as np
from numba.core.registry import CPUDispatcher

from stream.settings import Settings
from stream.warm import _Memory, warm_up
from stream.worker.build import build_processor
from stream.worker.entities import ENTITY
from stream.worker.linksink import LinkRecord
from stream.worker.processor import SOURCES, RecordBatch
from topics.simulator import Shop, SimulatorConfig

SOURCE = {"order": 0, "browse": 1, "review": 2, "label": 3}


def compiled() -> dict[str, int]:
    """Return how many signatures each kernel of ours is compiled for."""
    found = (o for o in gc.get_objects() if type(o) is CPUDispatcher)
    ours = (o for o in found if o.py_func.__module__.startswith(("stream.", "topics.")))
    return {f"{o.py_func.__module__}.{o.py_func.__name__}": len(o.signatures) for o in ours}


def batches_of(shop):
    by_source = {}
    for part in (shop.events(), shop.labels()):
        for record in part:
            by_source.setdefault(SOURCE[record.kind], []).append(record)
    for source, records in sorted(by_source.items()):
        yield RecordBatch(
            SOURCES[source], source, 0, np.arange(len(records)),
            np.array([record.time_ms for record in records]),
            [record.user_id.encode() for record in records],
            [record.value for record in records],
        )  # fmt: skip


def test_after_the_warm_up_real_batches_compile_nothing():
    processor, links = build_processor(Settings(scoring="none"))
    warm_up(processor, links)
    before = compiled()
    assert sum(before.values()) > 4
    memory = _Memory()
    links.open(memory)
    states: dict[bytes, bytes | None] = {}
    with Shop(SimulatorConfig(users=60, days=20, seed=5, fraud_share=0.2)) as shop:
        for batch in batches_of(shop):
            prepared = processor.read([batch])
            assert prepared.bad == [[]]
            known = [states.get(key) for key in prepared.keys]
            outcome = processor.run(prepared, known, np.full((len(known), 4), -1))
            keys = [prepared.keys[i] for i in outcome.changed.tolist()]
            states.update(zip(keys, outcome.states, strict=True))
            link = LinkRecord(0, batch.source, batch.source, 0, -1, outcome.links[0] or b"")
            memory.values.update(links.apply([link]))
    bad = RecordBatch(SOURCES[0], 0, 0, np.arange(1), np.ones(1, np.int64), [b"u"], [b"no JSON"])
    assert len(processor.read([bad]).bad[0]) == 1
    assert compiled() == before


def test_the_warm_up_leaves_nothing_behind():
    processor, links = build_processor(Settings(scoring="none"))
    warm_up(processor, links)
    asked = []

    class Watched(_Memory):
        def __init__(self):
            super().__init__()
            self.values[ENTITY + bytes(8)] = b""  # of an empty one, nothing is asked

        def get_many(self, keys):
            asked.extend(keys)
            return super().get_many(keys)

    links.open(Watched())
    with Shop(SimulatorConfig(users=5, days=5, seed=5)) as shop:
        batch = next(batches_of(shop))
    prepared = processor.read([batch])
    processor.run(prepared, [None] * len(prepared.keys), np.full((len(prepared.keys), 4), -1))
    assert asked
