"""The catalogue on a real cluster: created once, and every difference named."""

import time
from uuid import uuid4

import pytest

from topics.catalog import TopicSpec, catalogue
from topics.topicadmin import check_topics, create_topics


def some_topics(partitions: int) -> list[TopicSpec]:
    run = uuid4().hex[:8]
    return catalogue(partitions=partitions, application=f"app-{run}", prefix=f"{run}-")


def until(problems: list[str], brokers: str, specs: list[TopicSpec]) -> list[str]:
    """Check until the cluster says what is expected: it learns of changes little by little."""
    found = check_topics(brokers, specs)
    for _ in range(20):
        if found == problems:
            break
        time.sleep(0.1)
        found = check_topics(brokers, specs)
    return found


def test_topics_are_created_once_and_then_fit(kafka: str) -> None:
    specs = some_topics(3)
    missing = [f"{spec.name} does not exist" for spec in specs]
    assert check_topics(kafka, specs) == missing
    assert sorted(create_topics(kafka, specs[:4])) == sorted(spec.name for spec in specs[:4])
    assert until(missing[4:], kafka, specs) == missing[4:]
    assert sorted(create_topics(kafka, specs)) == sorted(spec.name for spec in specs[4:])
    assert until([], kafka, specs) == []
    assert create_topics(kafka, specs) == []


def test_every_difference_is_named(kafka: str) -> None:
    specs = some_topics(2)
    create_topics(kafka, specs)
    until([], kafka, specs)
    other = catalogue(
        partitions=4,
        application=specs[-1].name.removesuffix(".changelog"),
        prefix=specs[0].name.removesuffix("shop.orders"),
        shop_retention_ms=1000,  # the shop's affair
        links_retention_ms=1000,
    )
    problems = check_topics(kafka, other)
    assert f"{specs[0].name} has 2 partitions, not 4" in problems
    assert f"{specs[-2].name} has retention.ms=10454400000, not 1000" in problems
    assert len(problems) == len(specs) + 1


@pytest.mark.parametrize("do", [create_topics, check_topics])
def test_nothing_asked_is_nothing_done(kafka: str, do: object) -> None:
    assert callable(do)
    assert do(kafka, []) == []
