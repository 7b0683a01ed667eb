"""Trainings in processes of torchrun: `torchrun ... -m tests.model.rankedrun cpu|cuda OUT`."""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from model.checkpoint import NETWORK, NOTHING_KEPT, Checkpoint
from model.compute import HERE, Compute
from model.fitting import Fitted, fit_network, follow
from model.inputs import without_vectors
from model.ranks import joined
from model.recipe import Recipe
from model.rows import TrainingRows
from model.slices import cut
from tests.model.shop import history

TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node")
RECIPE = Recipe(
    epochs=2, at_least_negatives=600, pretrain_epochs=1, d=16, layers=1, dropout=0.0,
    adversarial=0.1,
)  # fmt: skip
WITH_DROPOUT = replace(RECIPE, dropout=0.15)


class Photographed(Checkpoint):
    """A checkpoint of whose n-th state a copy stays, as a kill would have left it."""

    def __init__(self, folder: Path, n: int) -> None:
        (folder / "photo").mkdir(parents=True)
        super().__init__(folder)
        self.folder, self.left = folder, n

    def keep_state(self, state: dict[str, Any], note: str) -> None:
        super().keep_state(state, note)
        self.left -= 1
        if not self.left:
            shutil.copy(self.folder / NETWORK, self.folder / "photo")


def shop() -> TrainingRows:
    """Some labels are not known, and batches do not divide evenly."""
    rows = history(901)
    rows.label[::7], rows.spend[::3] = -1, float("nan")
    return replace(rows, unanswered=history(100, seed=5).x)


def fitted(
    recipe: Recipe = RECIPE, checkpoint: Checkpoint = NOTHING_KEPT, compute: Compute = HERE
) -> Fitted:
    rows = shop()
    return fit_network(
        rows, without_vectors(rows.x.rows), cut(rows.time_ms, rows.user), recipe, seed=0,
        report=lambda *_: None, checkpoint=checkpoint, compute=compute,
    )  # fmt: skip


def weights(of: Fitted) -> dict[str, Tensor]:
    return {name: weight.clone() for name, weight in of.network.state_dict().items()}


def main(device: str, out: Path) -> None:
    torch.set_num_threads(1)
    with joined(device) as ranks:
        compute = Compute(torch.device(device), ranks=ranks)
        if not ranks.leads:
            assert all(follow(compute) for _ in range(4))
            return
        out.mkdir()
        found = {
            "exact": weights(fitted(RECIPE, Photographed(out / "exact", 2), compute)),
            "whole": weights(fitted(WITH_DROPOUT, Photographed(out / "whole", 2), compute)),
            "again": weights(fitted(WITH_DROPOUT, Checkpoint(out / "whole/photo"), compute)),
        }
        timed = replace(RECIPE, epochs=1_000, patience=1_000, max_seconds=0.5)
        (out / "log.json").write_text(json.dumps(fitted(timed, compute=compute).log))
        torch.save(found, out / "weights.pt")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
