"""The product's own worker, with the real processor, as a process that tests start and kill."""

from pathlib import Path

from stream.settings import Settings
from stream.warm import warm_up
from stream.worker.build import build_processor
from stream.worker.run import OUTPUTS
from stream.worker.settings import WorkerSettings
from tests.stream.worker.breakable import breakable
from tests.stream.worker.process import SERVER, WorkerProcess, begin_child, serve

SERVER.set_forkserver_preload(["tests.stream.worker.process", "tests.stream.worker.warmed"])


class RiskWorker(WorkerProcess):
    """What `riskstream worker` runs; ``settings`` may be those that only tests can have.

    ``faults`` is a folder in which a test puts files to break the model; see `breakable`.
    """

    def __init__(self, settings: WorkerSettings, product: Settings, faults: Path | None = None):
        super().__init__(settings)
        self._main = main
        self._arguments = (self.settings, str(self.log), product, faults)


def main(settings: WorkerSettings, log: str, product: Settings, faults: Path | None) -> None:
    begin_child(log)
    scorer = None if faults is None else breakable(product, faults)
    processor, links = build_processor(product, scorer)
    warm_up(processor, links)
    serve(settings, processor, links, OUTPUTS)
