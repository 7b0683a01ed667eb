from topics.catalog import DAY_MS, HOUR_MS, TYPE_OF_TOPIC, TopicSpec, catalogue


def by_name(**settings: object) -> dict[str, TopicSpec]:
    topics = catalogue(partitions=6, **settings)  # type: ignore[arg-type]
    assert len({topic.name for topic in topics}) == len(topics)
    return {topic.name: topic for topic in topics}


def test_the_catalogue_holds_the_topics_of_the_contract_and_two_of_our_own() -> None:
    assert sorted(by_name()) == sorted(
        [
            "shop.orders",
            "shop.browse",
            "shop.reviews",
            "risk.labels",
            "risk.decisions",
            "risk.alerts",
            "credit.scores",
            "risk.deadletter",
            "riskstream.links",
            "riskstream.changelog",
        ]
    )


def test_outputs_are_kept_as_long_as_the_contract_says() -> None:
    kept = {name: topic.retention_ms for name, topic in by_name().items()}
    assert kept["risk.labels"] == 365 * DAY_MS
    assert kept["risk.decisions"] == 90 * DAY_MS
    assert kept["risk.alerts"] == kept["risk.deadletter"] == 30 * DAY_MS


def test_compacted_topics_are_never_deleted_by_age() -> None:
    compacted = {name: topic for name, topic in by_name().items() if topic.compacted}
    assert set(compacted) == {"credit.scores", "riskstream.changelog"}
    for topic in compacted.values():
        assert topic.config()["cleanup.policy"] == "compact"
        assert topic.config()["retention.ms"] == "-1"
    changelog = compacted["riskstream.changelog"].config()
    assert int(changelog["min.compaction.lag.ms"]) >= HOUR_MS


def test_all_topics_have_the_partitions_and_replicas_asked_for() -> None:
    topics = by_name(replication=3)
    assert {topic.partitions for topic in topics.values()} == {6}
    assert {topic.replication for topic in topics.values()} == {3}


def test_names_of_internal_topics_are_settings() -> None:
    assert {"shop2.links", "shop2.changelog"} <= set(by_name(application="shop2"))
    assert {"a", "b"} <= set(by_name(links="a", changelog="b"))
    assert {"t1.shop.orders", "riskstream.links"} <= set(by_name(prefix="t1."))


def test_a_dead_letter_fits_around_the_largest_record_a_broker_takes() -> None:
    limit = by_name()["risk.deadletter"].max_message_bytes
    assert limit is not None
    assert limit > 1024 * 1024 * 4 / 3


def test_every_event_topic_implies_a_type() -> None:
    shop = [name for name in by_name() if name.startswith("shop.")]
    assert sorted(TYPE_OF_TOPIC) == sorted(shop)
