"""What stands in stores and topics is read by the code that comes after."""

import json

import pytest

from tests.stream.pipeline.golden import FILE, layouts

STORED = json.loads(FILE.read_text())


@pytest.mark.parametrize("name", list(STORED))
def test_a_layout_changes_only_with_its_version(name: str) -> None:
    now, then = layouts()[name], STORED[name]
    if now[0] != then[0]:
        pytest.fail(f"{name}: now version {now[0]}; run python -m tests.stream.pipeline.golden")
    assert now[1:] == then[1:], f"{name}: raise its version, then write tests' golden.json anew"


def test_every_layout_is_stored() -> None:
    assert list(layouts()) == list(STORED)
