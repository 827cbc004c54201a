"""Figures as people who read French write them. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from functions.rollouts.durations import DAY, HOUR

Figures = Mapping[str, float]


def percent(value: float) -> str:
    return f"{100 * value:.1f}".rstrip("0").rstrip(".").replace(".", ",") + " %"


def whole(value: float) -> str:
    return f"{round(value):,}".replace(",", "\u202f")


def number(value: float) -> str:
    """With at most three decimals, none that say nothing."""
    text = f"{value:,.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace(",", "\u202f").replace(".", ",")


def duration(seconds: float) -> str:
    """45 s, 12 min, 3 h, 1,5 jour or 2 jours."""
    for size, name in ((DAY, "jour"), (HOUR, "h"), (60.0, "min")):
        if seconds >= size:
            value = round(seconds / size, 1)
            return f"{number(value)} {name}{'s' if name == 'jour' and value >= 2 else ''}"
    return f"{seconds:.0f} s"


def counted(figures: Figures, name: str) -> str:
    return whole(figures[name])


def named(figures: Figures, prefix: str) -> tuple[str, float]:
    """The first figure with a prefix, and the name behind it. Raises KeyError without one."""
    for name, value in figures.items():
        if name.startswith(prefix):
            return name.removeprefix(prefix), value
    raise KeyError(prefix)
