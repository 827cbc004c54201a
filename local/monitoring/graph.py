"""A line graph as SVG. Pure: its colours come from the page's style sheet."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from local.monitoring.figures import Line

WIDTH, HEIGHT = 440, 190
LEFT, RIGHT, TOP, BOTTOM = 58, 10, 12, 26
GAP_SECONDS = 150
"""Points further apart than this are not joined: there was nothing in between."""

TICKS = 4
ROOM = 1.04
WHOLE = {"%": 100.0, "10^2.%": 1.0}
COLOURS = 8
DOTTED = 40
"""Up to so many points each has a dot; beyond, only the last and those that stand alone."""


@dataclass(frozen=True)
class Limit:
    """A threshold: a dashed line; what is beyond it is tinted. `above`: beyond means above."""

    value: float
    label: str
    above: bool = True


@dataclass(frozen=True)
class _Frame:
    """What is shown: epoch seconds from left to right, values from the floor to the top."""

    span: tuple[float, float]
    floor: float
    top: float
    whole: bool
    width: int

    @property
    def right(self) -> int:
        return self.width - RIGHT

    def x(self, at: float) -> float:
        share = (at - self.span[0]) / (self.span[1] - self.span[0])
        return LEFT + min(1.0, max(0.0, share)) * (self.right - LEFT)

    def y(self, value: float) -> float:
        share = (value - self.floor) / (self.top - self.floor)
        return HEIGHT - BOTTOM - min(1.0, max(0.0, share)) * (HEIGHT - TOP - BOTTOM)


def graph(
    title: str,
    unit: str,
    lines: Sequence[Line],
    colours: Sequence[int],
    span: tuple[float, float],
    *,
    limits: Sequence[Limit] = (),
    shaded: Iterable[tuple[float, float]] = (),
    width: int = WIDTH,
) -> str:
    """An SVG of lines over a span of epoch seconds; `colours` are numbers below COLOURS.

    `shaded` are times that stand out: those of incidents. It is drawn as wide as its place; `width`
    only says how large its letters are then.
    """
    values = [value for line in lines for _, value in line.points]
    values += [limit.value for limit in limits]
    top = nice_top(max(values, default=0.0), unit)
    lowest = min(values, default=0.0)
    floor = -nice_top(-lowest, "") if lowest < 0 else 0.0
    whole = unit == "1" and not any(value % 1 for value in values)
    frame = _Frame(span, floor, top, whole, width)
    parts = [_tinted(frame, *pair) for pair in shaded if pair[1] > span[0] and pair[0] < span[1]]
    parts += [*_horizontal(frame, unit), *_vertical(frame)]
    for limit in limits:
        parts += _limit(frame, limit)
    dotted = max((len(line.points) for line in lines), default=0) <= DOTTED
    for line, colour in zip(lines, colours, strict=True):
        parts += _line(line, colour, frame, unit, dotted=dotted)
    return (
        f'<svg viewBox="0 0 {width} {HEIGHT}" role="img" aria-label="{escape(title)}">'
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


def _horizontal(frame: _Frame, unit: str) -> list[str]:
    parts = []
    few = frame.whole and frame.floor == 0 and 1 <= frame.top < TICKS
    ticks = round(frame.top) if few else TICKS
    for step in range(ticks + 1):
        value = frame.floor + (frame.top - frame.floor) * step / ticks
        y = frame.y(value)
        parts.append(
            f'<line class="grid" x1="{LEFT}" x2="{frame.right}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text class="tick" x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">'
            f"{escape(shown(value, unit))}</text>"
        )
    return parts


def _vertical(frame: _Frame) -> list[str]:
    first_at, last_at = frame.span
    length = last_at - first_at
    step = next(s for s in (60, 120, 300, 600, 900, 1800, 3600, 10**6) if length / s <= 6)
    parts = []
    at = float(math.ceil(first_at / step) * step)
    while at <= last_at:
        x = frame.x(at)
        if LEFT + 16 <= x <= frame.right - 12:
            parts.append(
                f'<line class="grid faint" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" '
                f'y2="{HEIGHT - BOTTOM}"/><text class="tick" x="{x:.1f}" y="{HEIGHT - 7}" '
                f'text-anchor="middle">{clock(at)}</text>'
            )
        at += step
    return parts


def _tinted(frame: _Frame, begin: float, end: float) -> str:
    left, right = frame.x(begin), frame.x(end)
    return (
        f'<rect class="incident" x="{left:.1f}" y="{TOP}" width="{max(1.5, right - left):.1f}" '
        f'height="{HEIGHT - TOP - BOTTOM}"/>'
    )


def _limit(frame: _Frame, limit: Limit) -> list[str]:
    y = frame.y(limit.value)
    edge = TOP if limit.above else HEIGHT - BOTTOM
    below_line = y - 5 < TOP + 9
    return [
        f'<rect class="beyond" x="{LEFT}" y="{min(y, edge):.1f}" width="{frame.right - LEFT}" '
        f'height="{abs(edge - y):.1f}"/>',
        f'<line class="limit" x1="{LEFT}" x2="{frame.right}" y1="{y:.1f}" y2="{y:.1f}"/>',
        f'<text class="limit-name" x="{LEFT + 5}" '
        f'y="{y + 13 if below_line else y - 5:.1f}">{escape(limit.label)}</text>',
    ]


def _line(line: Line, colour: int, frame: _Frame, unit: str, *, dotted: bool) -> list[str]:
    parts = []
    alone = []
    for run in _runs(line.points):
        places = " ".join(f"{frame.x(at):.1f},{frame.y(value):.1f}" for at, value in run)
        if len(run) > 1:
            parts.append(f'<polyline class="line c{colour}" points="{places}"/>')
        else:
            alone += run
    dots = line.points if dotted else [*alone, *line.points[-1:]]
    for at, value in dots:
        parts.append(
            f'<circle class="dot c{colour}" cx="{frame.x(at):.1f}" cy="{frame.y(value):.1f}" '
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
