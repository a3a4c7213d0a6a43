"""Bar charts as SVG, drawn on the server. The page has the numbers in a table as well."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 600, 160
GAP = 0.25  # of a day's width


@dataclass(frozen=True, slots=True)
class Bar:
    """The bar of one day, in units of the drawing."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars of a period, the line of the previous period, and the position of zero."""

    bars: list[Bar]
    before: str
    zero: float
    width: int = WIDTH
    height: int = HEIGHT


def draw_chart(values: Sequence[int], before: Sequence[int] = ()) -> Chart:
    """Scale both series to one axis that includes zero. `before` becomes the points of a polyline."""
    top, bottom = max(*values, *before, 0, 1), min(*values, *before, 0)
    step = WIDTH / max(len(values), 1)

    def y(value: int) -> float:
        return round(HEIGHT * (top - value) / (top - bottom), 2)

    bars = [
        Bar(
            round(step * (n + GAP / 2), 2),
            y(max(value, 0)),
            round(step * (1 - GAP), 2),
            round(HEIGHT * abs(value) / (top - bottom), 2),
        )
        for n, value in enumerate(values)
    ]
    points = " ".join(f"{round(step * (n + 0.5), 2)},{y(value)}" for n, value in enumerate(before))
    return Chart(bars, points, y(0))
