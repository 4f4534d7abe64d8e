"""Where bars and lines of a chart stand: plain numbers, for a template to draw as SVG.

The drawing is 360 wide and 200 high, so that its letters are of a size to be read on a telephone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 360, 200
LEFT, RIGHT, TOP, BOTTOM = 40, 8, 12, 28
MOST_LABELS = 5
Value = float | None


@dataclass(frozen=True)
class Series:
    """One row of values with its name; None where there is nothing to tell."""

    name: str
    values: Sequence[Value]


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    number: int  # of its series


@dataclass(frozen=True)
class Dot:
    x: float
    y: float
    number: int


@dataclass(frozen=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True)
class Chart:
    """A chart and the table behind it: the same numbers twice."""

    name: str  # of the element
    title: str
    labels: Sequence[str]
    series: Sequence[Series]
    unit: str = ""
    is_lines: bool = False

    @property
    def is_empty(self) -> bool:
        return not any(value for one in self.series for value in _told(one.values))

    @property
    def top(self) -> float:
        """A round number that none of the values is above."""
        highest = max((value for one in self.series for value in _told(one.values)), default=0.0)
        if highest <= 0:
            return 1.0
        power = 10.0 ** math.floor(math.log10(highest))
        return next(step * power for step in (1, 2, 4, 5, 10) if step * power >= highest)

    @property
    def bars(self) -> list[Bar]:
        place = self._place
        wide = place * 0.72 / max(1, len(self.series))
        return [
            Bar(
                round(LEFT + place * (n + 0.14) + wide * number, 1),
                round(self._y(value), 1),
                round(max(1.0, wide - 1), 1),
                round(HEIGHT - BOTTOM - self._y(value), 1),
                number,
            )
            for number, one in enumerate(self.series)
            for n, value in enumerate(one.values)
            if value is not None and math.isfinite(value)
        ]

    @property
    def dots(self) -> list[Dot]:
        return [
            Dot(round(LEFT + self._place * (n + 0.5), 1), round(self._y(value), 1), number)
            for number, one in enumerate(self.series)
            for n, value in enumerate(one.values)
            if value is not None and math.isfinite(value)
        ]

    @property
    def lines(self) -> list[tuple[int, str]]:
        """Each series as the points of its line; a gap breaks it."""
        found = []
        for number, one in enumerate(self.series):
            piece: list[str] = []
            for n, value in enumerate([*one.values, None]):
                if value is not None and math.isfinite(value):
                    x = LEFT + self._place * (n + 0.5)
                    piece.append(f"{x:.1f},{self._y(value):.1f}")
                elif piece:
                    found.append((number, " ".join(piece)))
                    piece = []
        return found

    @property
    def ticks(self) -> list[Tick]:
        """Nothing, the half and the top."""
        return [
            Tick(round(self._y(share * self.top), 1), _short(share * self.top))
            for share in (0, 0.5, 1)
        ]

    @property
    def names(self) -> list[Tick]:
        """As many labels as can be read, at even distances."""
        every = max(1, math.ceil(len(self.labels) / MOST_LABELS))
        return [
            Tick(round(LEFT + self._place * (n + 0.5), 1), label)
            for n, label in enumerate(self.labels)
            if n % every == 0
        ]

    @property
    def _place(self) -> float:
        return (WIDTH - LEFT - RIGHT) / max(1, len(self.labels))

    def _y(self, value: float) -> float:
        share = min(1.0, max(0.0, value / self.top))
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - share)


def _told(values: Sequence[Value]) -> list[float]:
    return [one for one in values if one is not None and math.isfinite(one)]


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"
