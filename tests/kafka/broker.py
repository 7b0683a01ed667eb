"""A real Apache Kafka broker as one child process, which tests may kill and start again."""

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from tests.kafka.jars import jar_folder

ROOT = Path(__file__).parents[2]
CLUSTER_ID = "cmlza3N0cmVhbS10ZXN0cw"  # any 16 bytes in base64
READY_S = 60.0
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
log.cleaner.dedupe.buffer.size=16777216
"""


class Broker:
    """One node, broker and controller at once, on a free loopback port with its own folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "broker.log"
        self.port, self.controller_port = free_ports(2)
        self.bootstrap = f"127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self._classpath = f"{jar_folder()}/*"
        folder.mkdir(parents=True, exist_ok=True)
        self._properties = folder / "server.properties"
        text = PROPERTIES.format(
            port=self.port, controller_port=self.controller_port, data=folder / "data"
        )
        self._properties.write_text(text)
        self._java("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c").wait(READY_S)

    def start(self) -> None:
        """Start the process on its port and data, and return once it answers."""
        self._process = self._java("kafka.Kafka")
        deadline = time.monotonic() + READY_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"the broker did not start:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop in an orderly way, at the latest after ten seconds by force."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None

    def kill(self) -> None:
        """End the process with SIGKILL, as a crash of the machine's broker would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(10)
            self._process = None

    def create(self, partitions: Mapping[str, int], config: Mapping[str, str] = {}) -> None:
        """Create topics, ``{name: number of partitions}``, all with the same configuration."""
        topics = [
            NewTopic(name, count, 1, config=dict(config)) for name, count in partitions.items()
        ]
        admin = self._admin()
        for future in admin.create_topics(topics).values():
            future.result(30)

    def delete(self, *topics: str) -> None:
        """Delete topics and return once the broker has done so."""
        admin = self._admin()
        for future in admin.delete_topics(list(topics)).values():
            future.result(30)

    def _admin(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 0.2):
                pass
            return bool(self._admin().list_topics(timeout=2).brokers)
        except (OSError, KafkaException):
            return False

    def _java(self, program: str, *arguments: str) -> "subprocess.Popen[bytes]":
        jvm = ["-Xms96m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        command = ["java", *jvm, "-cp", self._classpath, program]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [*bound_to_parent(), *command, *arguments, str(self._properties)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )


def bound_to_parent() -> list[str]:
    """Return what to put before a command so that, on Linux, it ends with its parent."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL"] if setpriv else []


def free_ports(n: int) -> list[int]:
    """Return ``n`` different ports that nobody on the loopback interface listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [int(item.getsockname()[1]) for item in sockets]
    for item in sockets:
        item.close()
    return ports
