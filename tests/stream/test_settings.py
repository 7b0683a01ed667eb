"""Settings: defaults, environment, flags, and the sentence that a mistake gets."""

import argparse
import os
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

from stream.commands.settings import settings_page
from stream.commands.worker import worker_settings
from stream.settings import (
    DEVELOPMENT_KEY,
    PREFIX,
    Settings,
    add_flags,
    calm_threads,
    read_settings,
)
from topics.errors import InputError
from topics.hashing import Tokens


def test_without_variables_every_setting_has_its_documented_default():
    assert read_settings(environ={}) == Settings()


def test_every_default_is_a_value_that_the_setting_itself_accepts():
    for item in fields(Settings):
        if item.default == "":
            continue
        text = str(item.default)
        settings = read_settings(environ={PREFIX + item.name.upper(): text})
        assert getattr(settings, item.name) == item.default


def test_a_flag_wins_over_the_environment_and_the_environment_over_the_default():
    parser = argparse.ArgumentParser()
    add_flags(parser, "partitions", "future_limit_ms")
    args = parser.parse_args(["--partitions", "4"])
    environ = {"RISKSTREAM_PARTITIONS": "6", "RISKSTREAM_FUTURE_LIMIT_MS": "5"}
    settings = read_settings(args, environ)
    assert (settings.partitions, settings.future_limit_ms) == (4, 5)
    assert settings.watchdog_s == Settings().watchdog_s


def test_folders_come_out_as_paths():
    assert read_settings(environ={"RISKSTREAM_DATA_DIR": "/tmp/state"}).data_dir == Path(
        "/tmp/state"
    )


@pytest.mark.parametrize(
    ("variable", "text", "words"),
    [
        ("PARTITIONS", "0", "1 to 1,000"),
        ("PARTITIONS", "1001", "1 to 1,000"),
        ("PARTITIONS", "4.5", "whole number"),
        ("FUTURE_LIMIT_MS", "-1", "0 to 31,536,000,000"),
        ("PRODUCE_TIMEOUT_MS", "99999999999999999", "1,000 to 600,000"),
        ("VISIBILITY_LAG_MS", "1" + "0" * 23, "0 to 86,400,000"),
        ("CACHE_BYTES", "1" + "0" * 23, "0 to 1,099,511,627,776"),
        ("CACHE_BYTES", "9" * 5_000, "whole number"),
        ("SCORING", "some", "full or none"),
        ("TOKEN_KEY", "short", "16 to 64 bytes"),
        ("TOKEN_KEY", "k" * 65, "has 65 bytes; it must have 16 to 64 bytes"),
        ("TOKEN_KEY", "é" * 33, "has 66 bytes"),
        ("TOKEN_KEY", "k" * 16 + "\udcff", "not UTF-8"),
        ("APPLICATION", "../../x", "1 to 180 of"),
        ("APPLICATION", "..", "1 to 180 of"),
        ("APPLICATION", "a b", "1 to 180 of"),
        ("APPLICATION", "a\n", "1 to 180 of"),
        ("APPLICATION", "käse", "1 to 180 of"),
        ("APPLICATION", "a" * 181, "1 to 180 of"),
        ("APPLICATION", "", "empty"),
        ("INSTANCE", "pod/1", "1 to 64 of"),
        ("BROKERS", "", "empty"),
        ("DATA_DIR", "", "folder"),
        ("PARTITION", "4", "not a setting"),
    ],
)
def test_a_mistake_is_one_sentence_that_names_the_variable(variable, text, words):
    with pytest.raises(InputError, match=words) as caught:
        read_settings(environ={PREFIX + variable: text})
    assert PREFIX + variable in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_every_number_has_a_lowest_and_a_highest_value():
    for item in fields(Settings):
        if isinstance(item.default, int):
            assert item.metadata["low"] <= item.default <= item.metadata["high"]


def test_the_longest_names_stay_legal_in_kafka_with_all_that_is_added_to_them():
    environ = {"RISKSTREAM_APPLICATION": "a." + "b" * 178, "RISKSTREAM_INSTANCE": "c_-" * 21}
    settings = read_settings(environ=environ)
    worker = worker_settings(settings)
    member = f"{settings.application}-{settings.instance}"
    assert max(map(len, (worker.changelog, worker.links, member))) <= 249


def test_the_longest_key_is_one_that_tokens_take():
    key = read_settings(environ={"RISKSTREAM_TOKEN_KEY": "k" * 64}).token_key
    assert Tokens(key.encode()).of("d-17")


def test_the_key_is_not_in_the_sentence_that_refuses_it():
    with pytest.raises(InputError) as caught:
        read_settings(environ={"RISKSTREAM_TOKEN_KEY": "hushhush"})
    assert "hush" not in str(caught.value)


def test_a_mistake_in_a_flag_names_the_flag():
    parser = argparse.ArgumentParser()
    add_flags(parser, "http_port")
    with pytest.raises(InputError, match="--http-port is 'x'"):
        read_settings(parser.parse_args(["--http-port", "x"]), {})


def test_variables_of_others_and_of_the_tests_are_left_alone():
    assert read_settings(environ={"PATH": "/bin", "RISKSTREAM_TEST_BOOTSTRAP": "a:1"}) == Settings()


def test_the_key_is_not_shown_in_the_documents():
    assert DEVELOPMENT_KEY not in settings_page()


def test_settings_cannot_be_changed_after_they_were_built():
    with pytest.raises(FrozenInstanceError):
        Settings().partitions = 2  # type: ignore[misc]


def test_the_page_in_the_documents_is_the_one_the_command_prints():
    page = Path(__file__).parents[2] / "docs" / "settings.md"
    assert page.read_text(encoding="utf-8") == settings_page()


@pytest.mark.parametrize(
    ("said", "spins"),
    [({}, "1000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "active"}, None)],
)
def test_waiting_threads_soon_sleep_unless_the_environment_says_otherwise(said, spins, monkeypatch):
    for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    calm_threads()
    assert os.environ.get("GOMP_SPINCOUNT") == spins
