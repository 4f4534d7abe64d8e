"""A curve as a picture: one SVG file, made of nothing but text."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

WIDTH, HEIGHT, LEFT, BELOW, ABOVE, RIGHT = 720, 400, 70, 56, 48, 180
COLOURS = ("#0b5394", "#b45f06", "#38761d", "#741b47", "#444444")


@dataclass(frozen=True)
class Curve:
    name: str
    points: Sequence[tuple[float, float]]


def draw(path: Path, title: str, across: str, up: str, curves: Sequence[Curve]) -> None:
    """Across by powers of ten, as things grow; up from nothing, as they cost."""
    xs = [x for curve in curves for x, _ in curve.points]
    most = _round_up(max(y for curve in curves for _, y in curve.points))
    low, high = math.log10(max(1, min(xs))), math.log10(max(10, *xs))

    def place(x: float, y: float) -> tuple[float, float]:
        part = (math.log10(max(1, x)) - low) / max(1e-9, high - low)
        return (
            LEFT + part * (WIDTH - LEFT - RIGHT),
            HEIGHT - BELOW - y / most * (HEIGHT - BELOW - ABOVE),
        )

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
        f' font-family="sans-serif" font-size="13" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="26" font-size="17">{escape(title)}</text>',
        f'<text x="{LEFT}" y="{HEIGHT - 10}">{escape(across)}</text>',
        f'<text x="8" y="{ABOVE - 8}">{escape(up)}</text>',
    ]
    for step in range(5):
        y = place(10**low, most * step / 4)[1]
        lines.append(
            f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ccc"/>'
            f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{most * step / 4:g}</text>'
        )
    for x in sorted(set(xs)):
        at = place(x, 0)
        lines.append(
            f'<text x="{at[0]:.1f}" y="{at[1] + 20:.1f}" text-anchor="middle">{x:,.0f}</text>'
        )
    for number, curve in enumerate(curves):
        colour = COLOURS[number % len(COLOURS)]
        spots = [place(*point) for point in curve.points]
        way = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
        lines.append(f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2"/>')
        lines += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in spots]
        at = ABOVE + 14 + 20 * number
        lines.append(
            f'<text x="{WIDTH - RIGHT + 14}" y="{at}" fill="{colour}">{escape(curve.name)}</text>'
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*lines, "</svg>", ""]))


def _round_up(value: float) -> float:
    if value <= 0:
        return 1
    step = 10 ** math.floor(math.log10(value))
    return next(step * times for times in (1, 2, 4, 5, 10) if step * times >= value)
