"""Plots as SVG: an axis cross, marks on it and a legend; all colours come from the style sheet."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from stream.report.markup import Html, joined, tag, text
from stream.report.scale import Scale

WIDTH: Final = 400
HEIGHT: Final = 270
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 30, 46
"""Room around the axes, in the drawing's units; a phone shows a unit at nine tenths of a pixel."""

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Plot:
    """The axes of a plot, and where a point of them lies in the drawing."""

    x: Scale
    y: Scale

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return the place of a point."""
        wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
        return LEFT + wide * self.x.at(x), TOP + high * (1 - self.y.at(y))

    def line(self, points: Points, series: str, *, filled: bool = False) -> Html:
        """Return points joined by a line; ``series`` names its colour and dashes."""
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in (self.at(*p) for p in points))
        drawn = tag("path", d=path, class_=f"line {series}")
        if not filled:
            return drawn
        bottom = self.at(self.x.low, self.y.low)[1]
        first, last = self.at(*points[0])[0], self.at(*points[-1])[0]
        area = f"{path}L{last:.1f} {bottom:.1f}L{first:.1f} {bottom:.1f}Z"
        return joined([tag("path", d=area, class_=f"area {series}"), drawn])

    def bars(self, points: Points, width: float, series: str) -> Html:
        """Return a bar from zero to each point, ``width`` wide on the x axis."""
        bottom = self.at(self.x.low, self.y.low)[1]
        drawn = []
        for x, y in points:
            left, top = self.at(x - width / 2, y)
            right = self.at(x + width / 2, y)[0]
            drawn.append(
                tag("rect", x=left, y=top, width=right - left, height=bottom - top,
                    class_=f"bar {series}")
            )  # fmt: skip
        return joined(drawn)

    def dots(self, points: Points, series: str) -> Html:
        """Return a dot at each point."""
        places = (self.at(*point) for point in points)
        return joined(tag("circle", cx=x, cy=y, r=3.5, class_=f"dot {series}") for x, y in places)

    def whiskers(self, spans: Sequence[tuple[float, float, float]], series: str) -> Html:
        """Return an upright line for each x, low and high."""
        drawn = []
        for x, low, high in spans:
            (left, bottom), top = self.at(x, low), self.at(x, high)[1]
            drawn.append(tag("line", x1=left, x2=left, y1=bottom, y2=top, class_=f"line {series}"))
        return joined(drawn)

    def level(self, y: float, label: Html, *, first: bool) -> Html:
        """Return a line across the plot at ``y``, with a label at its beginning or its end."""
        left, height = self.at(self.x.low, y)
        right = self.at(self.x.high, y)[0]
        x, anchor = (left + 3, "start") if first else (right - 3, "end")
        return joined(
            [
                tag("line", x1=left, x2=right, y1=height, y2=height, class_="line guide"),
                tag("text", label, x=x, y=height - 5, text_anchor=anchor, class_="label over"),
            ]
        )

    def drawn(self, ident: str, title: str, describes: str, marks: Sequence[Html],
              legend: Sequence[tuple[str, str, str]] = ()) -> Html:  # fmt: skip
        """Return the whole plot; ``legend`` has marks, series and what they are."""
        return tag(
            "svg",
            tag("title", text(title), id=f"{ident}-title"),
            tag("desc", text(describes), id=f"{ident}-desc"),
            *self._across(),
            *self._up(),
            *marks,
            *_legend(legend),
            viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img",
            aria_labelledby=f"{ident}-title {ident}-desc",
        )  # fmt: skip

    def _across(self) -> list[Html]:
        bottom = HEIGHT - BOTTOM
        middle = LEFT + (WIDTH - LEFT - RIGHT) / 2
        drawn = [tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=bottom, y2=bottom, class_="axis")]
        for value, label in self.x.ticks:
            x = self.at(value, self.y.low)[0]
            drawn.append(tag("line", x1=x, x2=x, y1=bottom, y2=bottom + 4, class_="axis"))
            anchor = "end" if x > WIDTH - RIGHT - 8 else "middle"
            x = min(x, WIDTH - 2)
            drawn.append(
                tag("text", text(label), x=x, y=bottom + 16, text_anchor=anchor, class_="tick")
            )
        label = text(self.x.label)
        return [
            *drawn,
            tag("text", label, x=middle, y=HEIGHT - 8, text_anchor="middle", class_="label"),
        ]

    def _up(self) -> list[Html]:
        drawn = [tag("text", text(self.y.label), x=2, y=14, class_="label")]
        for value, label in self.y.ticks:
            y = self.at(self.x.low, value)[1]
            drawn.append(tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="grid"))
            drawn.append(
                tag("text", text(label), x=LEFT - 6, y=y + 4, text_anchor="end", class_="tick")
            )
        return drawn


def _legend(entries: Sequence[tuple[str, str, str]]) -> list[Html]:
    """Return the legend, set from the right on the line above the plot."""
    drawn, right = [], float(WIDTH - RIGHT)
    for mark, series, label in reversed(entries):
        width = 7.2 * len(label)
        x = right - width - 26
        drawn.append(tag("text", text(label), x=x + 26, y=14, class_="label"))
        drawn.append(_sample(mark, series, x))
        right = x - 8
    return drawn


def _sample(mark: str, series: str, x: float) -> Html:
    if mark == "dot":
        return tag("circle", cx=x + 13, cy=10, r=3.5, class_=f"dot {series}")
    if mark == "bar":
        return tag("rect", x=x + 8, y=4, width=10, height=11, class_=f"bar {series}")
    return tag("line", x1=x, x2=x + 20, y1=10, y2=10, class_=f"line {series}")
