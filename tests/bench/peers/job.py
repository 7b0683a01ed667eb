"""The job in plain Python, as the Faust, Quix Streams and Bytewax programs do it for each event.

It needs msgspec and nothing of this repository, because two of them run in environments of their
own. Money is whole cents, so that sums are exact. The events of a user come in the order of their
times, so the panes are a queue and a window's total is kept, not added up again for every event.
"""

import msgspec

PREFIX = "peers."
EVENTS = PREFIX + "shop.orders"
PARTITIONS = 4

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
WINDOWS = ((HOUR_MS, 10 * MINUTE_MS), (DAY_MS, HOUR_MS))
"""Width of each window and of its panes: at t it sums the panes that start in (t - width, t]."""


class Event(msgspec.Struct, gc=False):
    """What the job reads of an event."""

    event_id: str
    event_time: int
    amount: float


class Answer(msgspec.Struct, gc=False):
    """The output of an event: counts and sums of its user, the event itself included."""

    event_id: str
    user_id: str
    count_1h: int
    sum_1h: float
    count_1d: int
    sum_1d: float
    count: int
    sum: float


class Window(msgspec.Struct, array_like=True):
    """One window of a user: its total, and its panes as (start, count, cents), oldest first."""

    n: int = 0
    cents: int = 0
    panes: list[list[int]] = []

    def add(self, time_ms: int, cents: int, width_ms: int, pane_ms: int) -> None:
        panes = self.panes
        start = time_ms - time_ms % pane_ms
        if panes and panes[-1][0] == start:
            newest = panes[-1]
            newest[1] += 1
            newest[2] += cents
        else:
            panes.append([start, 1, cents])
            while panes[0][0] <= time_ms - width_ms:
                _, n, gone = panes.pop(0)
                self.n -= n
                self.cents -= gone
        self.n += 1
        self.cents += cents


class State(msgspec.Struct, array_like=True):
    """What is kept of a user."""

    n: int = 0
    cents: int = 0
    hour: Window = msgspec.field(default_factory=Window)
    day: Window = msgspec.field(default_factory=Window)

    def add(self, event: Event, user_id: str) -> Answer:
        time_ms, cents = event.event_time, round(100 * event.amount)
        self.n += 1
        self.cents += cents
        hour, day = self.hour, self.day
        hour.add(time_ms, cents, *WINDOWS[0])
        day.add(time_ms, cents, *WINDOWS[1])
        return Answer(
            event.event_id, user_id, hour.n, hour.cents / 100, day.n, day.cents / 100,
            self.n, self.cents / 100,
        )  # fmt: skip


read_event = msgspec.json.Decoder(Event).decode
write_answer = msgspec.json.Encoder().encode
unpack_state = msgspec.msgpack.Decoder(State).decode
pack_state = msgspec.msgpack.Encoder().encode
