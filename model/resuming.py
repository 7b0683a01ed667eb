"""The state of a network's training: all that changes from step to step, out of it and back."""

import json
from typing import TYPE_CHECKING, Any

import torch

from model.checkpoint import Checkpoint

if TYPE_CHECKING:
    from model.fitting import Run


def keep(run: "Run", checkpoint: Checkpoint) -> None:
    """Keep the state of a training; a run that `resume` gives it goes on as this one would."""
    n, within = run.whole_epochs, " and a part" if run.picked is not None else ""
    checkpoint.keep_state(
        {
            "network": run.network.state_dict(),
            "average": run.average.state_dict(),
            "optimiser": run.optimiser.state_dict(),
            "best": run.best,
            "curve": run.curve,
            "steps": run.steps,
            "whole_epochs": run.whole_epochs,
            "picked": None if run.picked is None else torch.from_numpy(run.picked),
            "at": run.at,
            "ended": run.ended,
            "spent_s": run.spent_s(),
            "rng": json.dumps(run.rng.bit_generator.state),  # holds integers of 128 bits
            "torch_rng": torch.get_rng_state(),
        },
        f"the network has had {n} whole epoch{'' if n == 1 else 's'}{within}",
    )


def resume(run: "Run", checkpoint: Checkpoint) -> None:
    """Bring a training that has just been set up to the state that was kept last, if any was."""
    state: dict[str, Any] | None = checkpoint.state()
    if state is None:
        return
    run.network.load_state_dict(state["network"])
    run.average.load_state_dict(state["average"])
    run.optimiser.load_state_dict(state["optimiser"])
    run.best, run.curve, run.steps = state["best"], state["curve"], state["steps"]
    run.whole_epochs, run.at, run.ended = state["whole_epochs"], state["at"], state["ended"]
    run.picked = None if state["picked"] is None else state["picked"].numpy()
    run.began_s -= state["spent_s"]
    run.rng.bit_generator.state = json.loads(state["rng"])
    torch.set_rng_state(state["torch_rng"])
