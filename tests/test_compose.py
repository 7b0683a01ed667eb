"""The container files against each other and the code; no engine runs where these tests do."""

import json
import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from stream.cli import OneLineParser, find_commands
from stream.metrics import Metrics
from stream.settings import PREFIX, Settings, read_settings

ROOT = Path(__file__).parents[1]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
OURS = sorted(name for name in SERVICES if SERVICES[name]["image"] == "riskstream")
DASHBOARD = json.loads((ROOT / "docs/dashboards/riskstream.json").read_text(encoding="utf-8"))


def words_of(service: str) -> list[list[str]]:
    """Return the `riskstream` command lines of a service, without the name of the program."""
    definition = SERVICES[service]
    if "entrypoint" not in definition:
        return [definition["command"]]
    lines = " ".join(definition["command"]).split("&&")
    return [words[1:] for line in lines if (words := line.split())[0] == "riskstream"]


@pytest.mark.parametrize("service", OURS)
def test_every_command_line_is_one_that_the_command_accepts(service):
    for command, *words in words_of(service):
        module_name, _ = find_commands()[command]
        parser = OneLineParser()
        import_module(f"stream.commands.{module_name}").arguments(parser)
        parser.parse_args(words)


@pytest.mark.parametrize("service", OURS)
def test_every_variable_is_a_setting_with_a_value_it_accepts(service):
    environ = {name: re.sub(r"\$\{[^:]+:-(.*)\}", r"\1", text)
               for name, text in SERVICES[service]["environment"].items()}  # fmt: skip
    assert all(name.startswith(PREFIX) for name in environ)
    assert read_settings(environ=environ).brokers == "kafka:9092"


def test_the_broker_is_the_version_that_the_tests_run():
    pom = (ROOT / "tests/kafka/pom.xml").read_text(encoding="utf-8")
    version = re.search(r"<artifactId>kafka_2.13</artifactId>\s*<version>([^<]+)<", pom)
    assert version
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{version[1]}"


def test_services_wait_only_for_services_that_exist_and_use_declared_volumes_and_configs():
    for definition in SERVICES.values():
        assert set(definition.get("depends_on", ())) <= set(SERVICES)
        assert {item["source"] for item in definition.get("configs", ())} <= set(COMPOSE["configs"])
        for volume in definition.get("volumes", ()):
            source = volume.split(":")[0]
            known = (
                (ROOT / source).is_dir() if source.startswith(".") else source in COMPOSE["volumes"]
            )
            assert known, volume


def test_every_published_port_is_on_loopback():
    for definition in SERVICES.values():
        assert all(port.startswith("127.0.0.1:") for port in definition.get("ports", ()))


def test_prometheus_asks_the_port_that_the_workers_answer_on():
    scrape = yaml.safe_load(COMPOSE["configs"]["prometheus"]["content"])
    target = scrape["scrape_configs"][0]["dns_sd_configs"][0]
    assert target["names"] == ["worker"]
    assert target["port"] == Settings().http_port


def test_every_metric_on_the_dashboard_is_one_that_a_worker_has():
    source = yaml.safe_load(COMPOSE["configs"]["datasource"]["content"])["datasources"][0]["uid"]
    asked = set()
    for panel in DASHBOARD["panels"]:
        assert panel["datasource"]["uid"] == source
        for target in panel["targets"]:
            asked |= set(re.findall(r"riskstream_\w+", target["expr"]))
    ends = ("", "_total", "_bucket", "_sum", "_count")
    names = {f"{name}{end}" for name in Metrics().names() for end in ends}
    assert asked
    assert asked <= names


def test_the_image_copies_what_the_installation_reads_and_nothing_that_is_ignored():
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    copied = re.findall(r"^COPY (?:--\S+ )*(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.M)
    paths = {path for line in copied for path in line.split()}
    for path in paths:
        assert (ROOT / path).exists()
        assert f"!{path}" in ignored or f"!{path}/**" in ignored
    assert {"requirements.lock", "pyproject.toml", "README.md", "LICENSE", ".ci/install"} <= paths
    assert {"topics", "model", "stream"} <= paths


def test_the_image_has_a_python_that_the_project_allows():
    allowed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    minor = re.search(r"FROM python:3\.(\d+)-slim", (ROOT / "Dockerfile").read_text())
    assert allowed == ">=3.11,<3.14"
    assert minor
    assert 11 <= int(minor[1]) <= 13
