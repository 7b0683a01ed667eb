"""Loading a policy: what the person who named the wrong file is told."""

from pathlib import Path

import pytest

from stream.loading import load_policy
from topics.errors import InputError


def test_without_a_path_the_built_in_policy_is_read() -> None:
    assert load_policy(None).version == load_policy("").version
    assert load_policy(Path("stream/policy.json")).version == load_policy(None).version


def test_a_policy_that_cannot_be_read_is_said_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(InputError, match=r"none\.json: No such file .*; give the path of a policy"):
        load_policy(tmp_path / "none.json")
    with pytest.raises(InputError, match=r"broken\.json is not JSON: .*; mend the file"):
        load_policy(tmp_path / "broken.json")
