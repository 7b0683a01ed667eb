"""How long labels take to come, as those tell that have come."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stream.pipeline.windows import DAY_MS
from stream.pipeline.wording import duration_text
from stream.replay.newest import newest_labels
from topics.columns import Rows

SHARE: Final = 0.95
"""Of labels, those that come within the delay. Each twentieth may come later: the longest delay of
all would be that of one odd case and would cost the newest events, which teach most, whereas
probabilities that are a twentieth too small for a while lie within what calibration can tell."""


@dataclass(frozen=True)
class LabelDelay:
    """After ``ms`` labels have come, as far as is known; ``told`` says why that is believed."""

    ms: int
    told: str


def label_delay(labels: Rows, *, from_ms: int, until_ms: int, unlabelled: str) -> LabelDelay:
    """Return the delay that leaves out, of the events from ``from_ms`` on, those yet to be told.

    ``labels`` are LABEL[n] known before ``until_ms``. The delay is that within which ``SHARE`` of
    frauds became known; where ``unlabelled`` events are ignored, that of honest events as well, if
    longer. It is read from the older half of the labelled events. Of newer ones only labels that
    came soon are there, which would make the delay too short.

    Labels that were all given at one time, or a history shorter than the delay, would lose most
    of what is known in this way: where more than half of it is about younger events, only events
    after the newest that is known are left out. Then all that is known teaches.
    """
    classes = (1, 0) if unlabelled == "ignore" else (1,)
    parts = [_came(labels[labels["event"] != 0], fraud) for fraud in classes]
    times = np.concatenate([part for part, _ in parts])
    if not len(times):
        return LabelDelay(0, "no label tells how long labels take: --label-delay is 0")
    ms = max(_delay(*part) for part in parts)
    what = f"{SHARE:.0%} of {'labels' if unlabelled == 'ignore' else 'known frauds'}"
    shown = _duration(ms)
    inside = times[(times >= from_ms) & (times < until_ms)]
    lost = int((inside >= until_ms - ms).sum())
    if 2 * lost <= len(inside) and from_ms < until_ms - ms:
        return LabelDelay(ms, f"{what} came within {shown}: --label-delay is {_days(ms)}")
    why = "most that is known is about younger events"
    if from_ms >= until_ms - ms:
        why = "all events from --from on are younger"
    ms = until_ms - int(inside.max()) - 1 if len(inside) else 0
    return LabelDelay(
        ms,
        f"{what} came within {shown}, but {why}: "
        f"--label-delay is {_days(ms)}, which leaves out only what is newer than all that "
        "is known; probabilities are too small where labels are yet to come",
    )


def _came(labels: Rows, fraud: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the times of events that are known as ``fraud`` (1) or honest (0), and their delays.

    An event's delay ends with the first label that says what the newest says.
    """
    holds = newest_labels(labels)
    events = holds["event"][holds["is_fraud"] == fraud]
    same = labels[(labels["is_fraud"] == fraud) & np.isin(labels["event"], events)]
    same = same[np.lexsort((same["known_ms"], same["event"]))]
    _, first = np.unique(same["event"], return_index=True)
    times = same["time_ms"][first]
    return times, np.maximum(same["known_ms"][first] - times, 0)


def _delay(times: NDArray[np.int64], delays: NDArray[np.int64]) -> int:
    if not len(times):
        return 0
    old = delays[times <= np.quantile(times, 0.5, method="inverted_cdf")]
    return int(np.quantile(old, SHARE, method="inverted_cdf"))


def _duration(ms: int) -> str:
    if 0 < ms < DAY_MS:
        return "a second" if ms < 1000 else duration_text(ms / 1000)
    days = _days(ms)
    return "no time" if ms == 0 else f"{days} day{'' if days == '1' else 's'}"


def _days(ms: int) -> str:
    """Return a time in days as a number that --label-delay takes."""
    return np.format_float_positional(ms / DAY_MS, precision=4, fractional=False, trim="-")
