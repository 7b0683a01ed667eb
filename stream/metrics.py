"""The closed set of a worker's Prometheus metrics, and the only place that names them."""

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """One registry of its own with every metric that a worker exposes.

    Label values come from closed sets too: input topics, actions, dead-letter reasons, stages of
    processing, output topics, and the partitions that are assigned.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.events = self._counter("events", "Records consumed, by input topic.", "topic")
        self.skipped = self._counter(
            "batches_repeated", "Batches read again after a crash or rebalance.", "topic"
        )
        self.offsets_skipped = self._counter(
            "offsets_skipped", "Offsets whose records were removed before they were read.", "topic"
        )
        self.decisions = self._counter("decisions", "Decisions, by action.", "action")
        self.alerts = self._counter("alerts", "Alerts published.")
        self.duplicates = self._counter("duplicates", "Events whose id was seen before.")
        self.counted = self._counter("counted", "Whatever else the pipeline counts.", "what")
        self.published = self._counter("published", "Records acknowledged, by topic.", "topic")
        self.dead_letters = self._counter(
            "dead_letters", "Records that could not be processed, by reason.", "reason"
        )
        self.lag = self._gauge("lag", "Records behind the end.", "topic", "partition")
        self.batch_seconds = Histogram(
            "riskstream_batch_seconds",
            "From the poll of a round's first batch until it was acknowledged.",
            registry=self.registry,
            buckets=SECONDS,
        )
        self.batch_records = Histogram(
            "riskstream_batch_records",
            "Records that were worked on together.",
            registry=self.registry,
            buckets=(1, 10, 100, 1_000, 2_000, 5_000, 10_000, 50_000),
        )
        self.stage_seconds = self._gauge(
            "stage_cpu_seconds", "Processor time since the start, by stage.", "stage"
        )
        self.state_bytes = self._gauge("state_bytes", "Bytes of the open partitions' states.")
        self.assigned = self._gauge("partitions_assigned", "Partitions that this worker holds.")
        self.rebalances = self._counter("rebalances", "Times that partitions were assigned.")
        self.commits_failed = self._counter("commits_failed", "Commits that the group refused.")
        self.recovered = self._gauge("recovered_records", "Changelog records read at recovery.")
        self.stale = self._gauge(
            "stale_records", "Changelog records of a former owner that recovery outweighed."
        )
        self.links = self._counter("links", "Records read from the links topic.")
        self.links_lag = self._gauge("links_lag", "Records of the links topic not yet applied.")

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"riskstream_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"riskstream_{name}", text, labels, registry=self.registry)

    def count(self, counts: Mapping[str, int]) -> None:
        """Add what a batch counted: ``decisions.<action>``, ``alerts``, ``duplicates``, or more."""
        for name, n in counts.items():
            group, _, label = name.partition(".")
            if group == "decisions" and label:
                self.decisions.labels(label).inc(n)
            elif name == "alerts":
                self.alerts.inc(n)
            elif name == "duplicates":
                self.duplicates.inc(n)
            else:
                self.counted.labels(name).inc(n)

    def page(self) -> bytes:
        """Return all metrics in Prometheus's text format."""
        return generate_latest(self.registry)

    def names(self) -> Iterator[str]:
        """Yield the name of every metric, as dashboards refer to it."""
        for family in self.registry.collect():
            yield family.name
