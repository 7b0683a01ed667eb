"""What a worker has to be told, as one frozen object."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class WorkerSettings:
    """Settings of one worker process; built by the command line from the program's settings."""

    brokers: str
    """Bootstrap servers, ``host:port,host:port``."""
    application: str = "riskstream"
    """Consumer group and prefix of the internal topics."""
    partitions: int = 8
    """Partitions of every input topic and of the internal ones."""
    data_dir: Path = Path(".riskstream/state")
    """Folder of the local stores; one per worker process."""
    topic_prefix: str = ""
    """Goes before the names of all input and output topics: a second deployment, or a test."""
    instance: str = ""
    """Static member name, unique per worker; empty: none."""
    poll_max_records: int = 5_000
    """Most records that one poll hands over, all partitions together."""
    poll_max_bytes: int = 4_194_304
    """Most bytes of one partition in one fetch."""
    fetch_wait_ms: int = 50
    """How long the broker may hold back an empty fetch."""
    batches_in_flight: int = 2
    """Batches of one topic partition that may be unfinished before its fetching pauses."""
    commit_interval_s: float = 1.0
    """Time between two commits of offsets."""
    session_timeout_s: float = 10.0
    """A worker that is silent for so long loses its partitions."""
    produce_timeout_s: float = 30.0
    """How long an unacknowledged record may take before the worker stops."""
    fill_from_records: int = 20_000
    """Records of the changelog from which a new folder is filled before the worker joins."""
    load_from_bytes: int = 8_388_608
    """Bytes of the links topic from which a new folder's store is filled with all at once."""
    cache_bytes: int = 33_554_432
    """Memory for raw values of the local store, all partitions together."""
    dead_letter_limit: int = 1_000
    """Dead letters among the last 10,000 records of a partition that stop the worker."""
    watchdog_s: float = 60.0
    """A worker with lag and without progress for so long ends itself."""
    stop_timeout_s: float = 20.0
    """How long running batches may take to finish when partitions are revoked or at the end."""
    http_host: str = "127.0.0.1"
    """Address of the health and metrics endpoints."""
    http_port: int | None = None
    """Their port; 0: any free one; None: no endpoints."""
    embedded_broker: bool = False
    """The broker is librdkafka's mock, which creates topics by itself and knows no admin calls."""
    uvloop: bool = True
    """Run the event loop on uvloop where it is installed."""
    stats_path: Path | None = None
    """Where to write what the worker did, as JSON, when it stops."""
    applied_guard: bool = True
    """Test only: False forgets what the states have applied, which counts twice after a crash."""

    @property
    def folder(self) -> Path:
        """Where in ``data_dir`` the application's local stores are."""
        return self.data_dir / self.application

    @property
    def changelog(self) -> str:
        """Topic that keeps the newest state of every key."""
        return f"{self.application}.changelog"

    @property
    def links(self) -> str:
        """Topic through which workers see each other's users at shared entities."""
        return f"{self.application}.links"
