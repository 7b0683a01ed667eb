"""`riskstream worker`: what it says where it cannot begin."""

import os
import subprocess
import sys

import pytest

from stream.worker.processor import SOURCES
from stream.worker.run import OUTPUTS
from tests.embedded import embedded_broker


@pytest.fixture(scope="module")
def brokers():
    with embedded_broker([*SOURCES, *OUTPUTS]) as address:
        yield address


def test_an_address_that_cannot_be_served_is_the_last_line_and_exit_2(brokers, tmp_path):
    environ = {
        "RISKSTREAM_BROKERS": brokers,
        "RISKSTREAM_PARTITIONS": "4",
        "RISKSTREAM_DATA_DIR": str(tmp_path),
        "RISKSTREAM_SCORING": "none",
        "RISKSTREAM_HTTP_HOST": "nohost.invalid",
    }
    done = subprocess.run(
        [sys.executable, "-m", "stream", "worker", "--embedded-broker"],
        env=os.environ | environ, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("riskstream worker: health and metrics cannot be served on nohost.inv")
    assert "ERROR" not in done.stderr
    assert "Unclosed" not in done.stderr
