"""What a simulated market looks like before anybody acts in it."""

from dataclasses import dataclass
from typing import Final

from topics.errors import InputError

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS

ORDER_AND_REVIEW_SHARE: Final = 0.305
"""Share of the events that are orders or reviews; the rest is browsing (measured)."""


@dataclass(frozen=True)
class SimulatorConfig:
    """A market of ``users`` people, watched for ``days`` days; equal values give equal bytes.

    ``fraud_share`` is the share of order and review events that belong to fraud, 0 to 0.3.
    ``events`` asks for so many events: people are made busier or lazier to suit, and the stream is
    cut after so many (it may fall short by chance where there are few users).
    ``start_ms`` is the first midnight, in epoch milliseconds UTC.

    >>> SimulatorConfig(users=100, days=30, seed=1).activity
    1.0
    """

    users: int
    days: int
    seed: int
    fraud_share: float = 0.015
    events: int | None = None
    start_ms: int = 1_735_689_600_000  # 2025-01-01

    def __post_init__(self) -> None:
        """Raise InputError for values that no market can have."""
        if not 1 <= self.users <= 50_000_000:
            raise InputError(f"users must be 1 to 50,000,000, not {self.users}")
        if not 1 <= self.days <= 3_650:
            raise InputError(f"days must be 1 to 3650, not {self.days}")
        if not 0 <= self.seed < 2**63:
            raise InputError(f"seed must be 0 to 2**63 - 1, not {self.seed}")
        if not 0.0 <= self.fraud_share <= 0.3:
            raise InputError(f"fraud share must be 0 to 0.3, not {self.fraud_share}")
        if self.events is not None and self.events < 1:
            raise InputError(f"events must be at least 1, not {self.events}")
        if not 0 <= self.start_ms < 4_000_000_000_000:
            raise InputError(f"start must be 1970 to 2096 in epoch ms, not {self.start_ms}")

    @property
    def end_ms(self) -> int:
        """The first instant that is no longer part of the simulation, in epoch milliseconds."""
        return self.start_ms + self.days * DAY_MS

    @property
    def activity(self) -> float:
        """How busy people are, 1 being usual."""
        if self.events is None:
            return 1.0
        margin = 1.08 + 1.5 * self.users**-0.5 + 12.0 * self.events**-0.5
        return float(margin * self.events / self.usual_events)

    @property
    def usual_events(self) -> float:
        """About how many events there are at activity 1 (measured).

        People who join on the way are about for half of the time, and what follows from the last
        days' orders comes after the end.
        """
        return self.users * self.days**2 / (self.days + 0.7) * 1.37 * (1.0 - self.joining / 2)

    @property
    def joining(self) -> float:
        """The share of people who open their account within the simulation."""
        return min(0.5, 0.0045 * self.days)

    @property
    def expected_events(self) -> int:
        """About how many events will be generated, to size things by."""
        return int(self.usual_events * self.activity) + 1
