"""The product's own worker, with the real processor, as a process that tests start and kill."""

from stream.settings import Settings
from stream.warm import warm_up
from stream.worker.build import build_processor
from stream.worker.run import OUTPUTS
from stream.worker.settings import WorkerSettings
from tests.stream.worker.process import SERVER, WorkerProcess, begin_child, serve

SERVER.set_forkserver_preload(["tests.stream.worker.process", "tests.stream.worker.warmed"])


class RiskWorker(WorkerProcess):
    """What `riskstream worker` runs; ``settings`` may be those that only tests can have."""

    def __init__(self, settings: WorkerSettings, product: Settings):
        super().__init__(settings)
        self._main = main
        self._arguments = (self.settings, str(self.log), product)


def main(settings: WorkerSettings, log: str, product: Settings) -> None:
    begin_child(log)
    processor, links = build_processor(product)
    warm_up(processor, links)
    serve(settings, processor, links, OUTPUTS)
