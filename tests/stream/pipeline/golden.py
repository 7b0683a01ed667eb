"""What outlives the code that wrote it, as bytes: ``python -m tests.stream.pipeline.golden``.

Raise the version of a layout before writing its bytes anew: states, links and what is kept of
events stand in stores and topics.
"""

import json
from pathlib import Path
from typing import Any

from stream.pipeline.entity_state import ENTITY_VERSION
from stream.pipeline.layout import PACKED_VERSION
from stream.pipeline.links import LINK
from stream.worker.entities import NAMED
from stream.worker.linkrecords import LINKS_HEADER, LINKS_VERSION
from tests.stream.pipeline.runs import run_fast
from tests.stream.pipeline.streams import START, Item, Maker
from topics.columns import PAST

FILE = Path(__file__).parent / "golden.json"
HOUR = 3_600_000


def items() -> list[Item]:
    """Return events and labels of two users who share a device, a seller and a text."""
    make = Maker()
    things = {"device": 1, "address": 2, "instrument": 3, "ip": 4, "seller": 5, "category": 6}
    order = make.event(1, START, 0, order=1, amount=19.99, n_items=2.0, **things)
    return [
        make.event(1, START - HOUR, 8, amount=20.0, device=1, account_created_ms=START - 9 * HOUR),
        order,
        make.event(2, START + HOUR, 0, order=2, amount=1e6, n_items=1.0, **things),
        make.event(2, START + 2 * HOUR, 14, device=1, amount=float("nan")),
        make.event(1, START + 30 * HOUR, 16, order=1, seller=5, text=7, rating=5, verified=1),
        make.event(2, START + 31 * HOUR, 16, order=2, seller=5, text=7, rating=1),
        make.label(order, 1, START + 99 * HOUR, True),
        make.event(1, START + 200 * HOUR, 5, order=1, amount=19.99, n_items=2.0, **things),
        make.event(1, START + 3 * HOUR, 9, amount=float("nan"), device=9),
    ]


def layouts() -> dict[str, Any]:
    """Return every layout's version and bytes (hexadecimal) or fields."""
    run = run_fast(items())
    entities = [bytes(state or b"").hex() for _, state in sorted(run.entities.items())]
    return {
        "user state": [PACKED_VERSION, *(bytes(s or b"").hex() for s in run.states.values())],
        "entity state": [ENTITY_VERSION, *entities],
        "link": [LINKS_VERSION, LINKS_HEADER.format, repr(LINK.descr)],
        "entities of an event": [ENTITY_VERSION, repr(NAMED.descr)],
        "past event": [PACKED_VERSION, repr(PAST.descr)],
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(layouts(), indent=1) + "\n")
