"""Settings of training that come from a file."""

from pathlib import Path

import pytest

from model.recipe import LIMITS, Recipe
from topics.errors import InputError


def test_settings_of_a_file_take_the_place_of_the_usual_ones(tmp_path: Path) -> None:
    path = tmp_path / "best.json"
    path.write_text('{"value": 0.7, "settings": {"learning_rate": 2e-3, "d": 32, "dropout": 0}}')
    assert Recipe.read(path) == Recipe(learning_rate=2e-3, d=32, dropout=0)


def test_the_usual_settings_lie_within_the_limits() -> None:
    usual = Recipe()
    for name, (kind, low, high) in LIMITS.items():
        assert type(getattr(usual, name)) is kind
        assert low <= getattr(usual, name) <= high


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "best.json is not JSON: .*; mend the file"),
        ("[]", "best.json has no settings; give the best.json of `riskstream tune`"),
        ('{"settings": {"depth": 3}}', "no setting 'depth'; there are learning_rate, "),
        ('{"settings": {"d": 64.0}}', "d is 64.0; it must be a whole number from 8 to 512"),
        ('{"settings": {"d": true}}', "d is True; it must be a whole number"),
        ('{"settings": {"dropout": 1}}', "dropout is 1; it must be a number from 0 to 0.9"),
        ('{"settings": {"learning_rate": NaN}}', "learning_rate is nan; it must be a number"),
        ('{"settings": {"learning_rate": "1"}}', "learning_rate is '1'; it must be a number"),
    ],
)
def test_what_is_wrong_in_a_file_of_settings_is_told_in_one_sentence(
    tmp_path: Path, text: str, told: str
) -> None:
    path = tmp_path / "best.json"
    path.write_text(text)
    with pytest.raises(InputError, match=told) as error:
        Recipe.read(path)
    assert "\n" not in str(error.value)


def test_a_file_of_settings_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read .*none\.json: No such file"):
        Recipe.read(tmp_path / "none.json")
