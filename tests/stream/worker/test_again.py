import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from stream.worker.again import PAUSES, PAUSES_BEHIND, SHORTEST_PAUSE_S, AgainQueue

STEP_S = 0.05


class Texts:
    """Degraded events whose texts take many steps; notes when each of them begins."""

    def __init__(self) -> None:
        self.began: list[float] = []

    def __len__(self) -> int:
        return 1

    def prepare(self) -> bool:
        self.began.append(time.monotonic())
        time.sleep(STEP_S)
        return False


async def _share(behind: bool, n_steps: int = 3) -> float:
    """Return the share of the time that the steps took."""
    with ThreadPoolExecutor(1) as compute:
        queue = AgainQueue(None, compute, 1, print, lambda: behind)
        texts = Texts()
        queue.put(texts)
        task = asyncio.create_task(queue.run())
        while len(texts.began) <= n_steps:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait({task})
        return n_steps * STEP_S / (texts.began[n_steps] - texts.began[0])


@pytest.mark.parametrize(("behind", "pauses"), [(False, PAUSES), (True, PAUSES_BEHIND)])
def test_deciding_again_leaves_the_time_to_new_events(behind, pauses):
    assert pauses * STEP_S > SHORTEST_PAUSE_S
    share = asyncio.run(_share(behind))
    assert 0.2 / (1 + pauses) < share <= 1.01 / (1 + pauses)
