"""Alerts on the screen as they appear, few enough to be read."""

from collections import Counter
from time import monotonic
from typing import Any, Final

from rich.console import Console

from stream.printing import alert_text

EVERY_S: Final = 0.7
OF_A_KIND: Final = 3
"""So many alerts of one abuse type are shown whatever the pace."""


class AlertPrinter:
    """Prints alerts while ``open``: the first of every kind, the others at a readable pace.

    Alerts on what the model has learnt from are not shown: ``open`` is false until then.
    """

    def __init__(self, console: Console) -> None:
        self.open = False
        self.n_hidden = 0
        self._console = console
        self._shown: Counter[str] = Counter()
        self._last_s = 0.0

    def offer(self, alert: dict[str, Any]) -> None:
        """Print an alert, or count it."""
        kind = str(alert["abuse_type"])
        now_s = monotonic()
        if not self.open:
            return
        if self._shown[kind] >= OF_A_KIND and now_s - self._last_s < EVERY_S:
            self.n_hidden += 1
            return
        self._shown[kind] += 1
        self._last_s = now_s
        self._console.print(alert_text(alert))

    def close(self) -> None:
        """Say how many alerts were not shown."""
        if self.n_hidden:
            self._console.print(f"[dim]... and {self.n_hidden} more alerts[/dim]\n")
