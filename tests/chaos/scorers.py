"""Workers whose scorer fails or hangs, as a broken model or a stuck device would make it."""

import time
from pathlib import Path

from stream.loading import build_decoder, load_policy
from stream.pipeline.features import N_FEATURES
from stream.pipeline.scorer import NoScorer
from stream.settings import Settings
from stream.worker.entities import EntityStore
from stream.worker.risk import RiskProcessor
from stream.worker.run import OUTPUTS
from stream.worker.settings import WorkerSettings
from tests.stream.worker.process import WorkerProcess, begin_child, serve
from topics.scores import ScoreInput, Scores

PRODUCT = Settings(scoring="none", token_key="k" * 32)


class Faulty(NoScorer):
    """A scorer without a model that does what the file ``fault`` says, as long as it is there."""

    def __init__(self, fault: Path) -> None:
        super().__init__(N_FEATURES)
        self._fault = fault

    def score(self, x: ScoreInput) -> Scores:
        if self._fault.exists():
            what = self._fault.read_text()
            if what == "fail":
                raise RuntimeError("the matrix is not what it was")
            time.sleep(float(what))
        return super().score(x)


class FaultyWorker(WorkerProcess):
    """The product's worker with that scorer; ``fault`` is the file, ``fail`` or seconds in it."""

    def __init__(self, settings: WorkerSettings) -> None:
        super().__init__(settings)
        self.fault = settings.data_dir / "fault"
        self._main = main
        self._arguments = (self.settings, str(self.log), str(self.fault))


def main(settings: WorkerSettings, log: str, fault: str) -> None:
    begin_child(log)
    entities = EntityStore(PRODUCT.visibility_lag_ms)
    processor = RiskProcessor(
        build_decoder(PRODUCT), load_policy(PRODUCT.policy), Faulty(Path(fault)), entities
    )
    serve(settings, processor, entities, OUTPUTS)
