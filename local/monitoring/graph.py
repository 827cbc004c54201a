"""A line graph as SVG. Pure: its colours come from the page's style sheet."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from html import escape

from local.monitoring.figures import Line

WIDTH, HEIGHT = 440, 190
LEFT, RIGHT, TOP, BOTTOM = 58, 10, 10, 26
GAP_SECONDS = 150
"""Points further apart than this are not joined: there was nothing in between."""

TICKS = 4
ROOM = 1.04
WHOLE = {"%": 100.0, "10^2.%": 1.0}
COLOURS = 8


def graph(
    title: str, unit: str, lines: Sequence[Line], colours: Sequence[int], span: tuple[float, float]
) -> str:
    """An SVG of lines over a span of epoch seconds; `colours` are numbers below COLOURS."""
    top = nice_top(max((value for line in lines for _, value in line.points), default=0.0), unit)
    parts = [*_horizontal(top, unit), *_vertical(span)]
    for line, colour in zip(lines, colours, strict=True):
        parts += _line(line, colour, span, top, unit)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
        f"{''.join(parts)}</svg>"
    )


def nice_top(value: float, unit: str) -> float:
    """Where an axis ends: 1, 2, 4, 5 or 10 times a power of ten, with some room above the value.

    A share ends at 100 % when it does not exceed it.
    """
    whole = WHOLE.get(unit)
    if value <= 0:
        return whole or 1.0
    power = 10.0 ** math.floor(math.log10(value))
    top = next(step * power for step in (1, 2, 4, 5, 10, 20) if value * ROOM <= step * power)
    return whole if whole and value <= whole < top else top


def shown(value: float, unit: str) -> str:
    """A value with its unit, short: 3.1 s, 85 %, 1.2k."""
    if unit == "ms":
        return f"{_short(value / 1000)} s" if abs(value) >= 1000 else f"{_short(value)} ms"
    if unit == "10^2.%":
        return f"{_short(value * 100)} %"
    if unit == "%":
        return f"{_short(value)} %"
    if unit == "s":
        return f"{_short(value)} s"
    return _short(value)


def clock(seconds: float, *, exact: bool = False) -> str:
    """A time of day (UTC)."""
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return moment.strftime("%H:%M:%S" if exact else "%H:%M")


def _short(value: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if letter == 'k' else size):.3g}{letter}"
    return f"{value:.4g}" if abs(value) >= 1000 else f"{value:.3g}"


def _x(at: float, span: tuple[float, float]) -> float:
    share = (at - span[0]) / (span[1] - span[0])
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM)


def _horizontal(top: float, unit: str) -> list[str]:
    parts = []
    ticks = round(top) if unit == "1" and top < TICKS else TICKS
    for step in range(ticks + 1):
        value = top * step / ticks
        y = _y(value, top)
        parts.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text class="tick" x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">'
            f"{escape(shown(value, unit))}</text>"
        )
    return parts


def _vertical(span: tuple[float, float]) -> list[str]:
    length = span[1] - span[0]
    step = next(s for s in (60, 120, 300, 600, 900, 1800, 3600, 10**6) if length / s <= 6)
    first = math.ceil(span[0] / step) * step
    parts = []
    at = float(first)
    while at <= span[1]:
        x = _x(at, span)
        if LEFT + 16 <= x <= WIDTH - RIGHT - 12:
            parts.append(
                f'<line class="grid faint" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" '
                f'y2="{HEIGHT - BOTTOM}"/><text class="tick" x="{x:.1f}" y="{HEIGHT - 7}" '
                f'text-anchor="middle">{clock(at)}</text>'
            )
        at += step
    return parts


def _line(line: Line, colour: int, span: tuple[float, float], top: float, unit: str) -> list[str]:
    parts = []
    for run in _runs(line.points):
        places = " ".join(f"{_x(at, span):.1f},{_y(value, top):.1f}" for at, value in run)
        if len(run) > 1:
            parts.append(f'<polyline class="line c{colour}" points="{places}"/>')
    for at, value in line.points:
        parts.append(
            f'<circle class="dot c{colour}" cx="{_x(at, span):.1f}" cy="{_y(value, top):.1f}" '
            f'r="2.6"><title>{escape(line.name)}: {escape(shown(value, unit))} at '
            f"{clock(at, exact=True)}</title></circle>"
        )
    return parts


def _runs(points: Sequence[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    runs: list[list[tuple[float, float]]] = []
    for point in points:
        if runs and point[0] - runs[-1][-1][0] <= GAP_SECONDS:
            runs[-1].append(point)
        else:
            runs.append([point])
    return runs
