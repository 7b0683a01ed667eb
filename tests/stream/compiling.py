"""`python -m tests.stream.compiling started|installed [MODEL]`: what a worker compiles after that.

A process of its own, because what other tests have compiled would hide it.
"""

import gc
import sys
from pathlib import Path

import numpy as np
import orjson
from numba.core.registry import CPUDispatcher

from model.warm import warm_up as warm_up_model
from stream.settings import Settings
from stream.warm import _Memory, warm_up
from stream.worker.build import build_processor
from stream.worker.linksink import LinkRecord
from stream.worker.processor import SOURCES, RecordBatch
from topics.simulator import Shop, SimulatorConfig

SOURCE = {"order": 0, "browse": 1, "review": 2, "label": 3}


def compiled() -> dict[str, int]:
    """Return how many signatures each kernel of ours is compiled for."""
    found = (o for o in gc.get_objects() if type(o) is CPUDispatcher)
    ours = (o for o in found if o.py_func.__module__.startswith(("stream.", "topics.", "model.")))
    return {f"{o.py_func.__module__}.{o.py_func.__name__}": len(o.signatures) for o in ours}


def batches_of(shop, size=None):
    by_source = {}
    for part in (shop.events(), shop.labels()):
        for record in part:
            by_source.setdefault(SOURCE[record.kind], []).append(record)
    for source, of_source in sorted(by_source.items()):
        step = size or len(of_source)
        for begin in range(0, len(of_source), step):
            records = of_source[begin : begin + step]
            yield RecordBatch(
                SOURCES[source], source, 0, np.arange(begin, begin + len(records)),
                np.array([record.time_ms for record in records]),
                [record.user_id.encode() for record in records],
                [record.value for record in records],
            )  # fmt: skip


def at_work(processor, links, size):
    """Have both do what a worker does, in batches of ``size`` records, None for all."""
    memory = _Memory()
    links.open(memory)
    states: dict[bytes, bytes | None] = {}
    with Shop(SimulatorConfig(users=60, days=20, seed=5, fraud_share=0.2)) as shop:
        for batch in batches_of(shop, size):
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


def main(model: str | None = None, *, installed: bool = False) -> None:
    """Print how much was compiled by the warm-up, and each kernel's number after it, as JSON.

    The warm-up is that of a worker's start, or, ``installed``, what an installation does before.
    """
    settings = Settings(scoring="none")
    if model:
        settings = Settings(scoring="full", model_dir=Path(model))
    if installed:
        warm_up(*build_processor(Settings(scoring="none")))
        warm_up_model()
        before = compiled()
    processor, links = build_processor(settings)
    warm_up(processor, links)
    if not installed:
        before = compiled()
    for size in (None, 1):
        at_work(processor, links, size)
    late = {name: n - before.get(name, 0) for name, n in compiled().items()}
    late = {name: n for name, n in late.items() if n}
    print(orjson.dumps({"compiled": sum(before.values()), "late": late}).decode())


if __name__ == "__main__":
    main(*sys.argv[2:], installed=sys.argv[1] == "installed")
