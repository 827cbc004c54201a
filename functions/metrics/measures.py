"""Numbers that requests report of what they made, by name, added up. Pure.

A value is kept in thousandths of its unit, as an integer: adding is then exact, and any order of
merging gives the same. So a value is off by at most half a thousandth.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from functions.metrics import labels

PARTS = 1_000
LARGEST = 1e9
"""What a value may be, above or below zero. A squared one is still exact in JSON and in Python."""

NAMES_CAP = 90
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")

Values = Mapping[str, float]
"""What one request reports, by name."""


@dataclass(frozen=True)
class Measure:
    """How many values, their sum in thousandths, and the sum of the squares of thousandths."""

    count: int = 0
    thousandths: int = 0
    squares: int = 0

    @property
    def sum(self) -> float:
        return self.thousandths / PARTS

    @property
    def mean(self) -> float | None:
        """In the unit of its values; None without any."""
        return self.thousandths / (PARTS * self.count) if self.count else None

    @property
    def variance(self) -> float | None:
        """Of the sample (n - 1), in the unit squared; None of fewer than two values."""
        if self.count < 2:
            return None
        deviations = self.squares * self.count - self.thousandths**2
        return deviations / (self.count * (self.count - 1) * PARTS**2)

    def to_text(self) -> str:
        return f"{self.count}:{self.thousandths}:{self.squares}"

    @staticmethod
    def from_text(text: str) -> Measure:
        count, thousandths, squares = map(int, text.split(":"))
        return Measure(count, thousandths, squares)


Measures = Mapping[str, Measure]
NONE = Measure()


@dataclass(frozen=True)
class Known:
    """A measure that a service reports, for people: its unit, which way is better, if any, and
    what it says."""

    unit: str
    better: Literal["higher", "lower"] | None
    about: str


def checked(values: Values) -> Values:
    """The values. Raises ValueError for a name or a number that can't be kept."""
    if len(values) > NAMES_CAP:
        raise ValueError(f"{len(values)} measures; at most {NAMES_CAP}")
    for name, value in values.items():
        checked_name(name)
        if not (math.isfinite(value) and abs(value) <= LARGEST):
            raise ValueError(f"the measure {name} is not a number from -1e9 to 1e9")
    return values


def checked_name(name: str) -> str:
    """The name. Raises ValueError when nothing may be reported under it."""
    if not NAME.fullmatch(name) or name == labels.OTHER:
        raise ValueError(f"{name!r} is not the name of a measure")
    return name


def of(values: Values) -> dict[str, Measure]:
    """One value each."""
    parts = {name: round(value * PARTS) for name, value in values.items()}
    return {name: Measure(1, part, part * part) for name, part in parts.items()}


def merge(first: Measures, second: Measures) -> Measures:
    """Both together. Beyond NAMES_CAP names values go to `other`, whatever their units."""
    if not first or not second:
        return first or second
    merged = {**first}
    for name, measure in second.items():
        merged[name] = add(merged[name], measure) if name in merged else measure
    return labels.capped(merged, NAMES_CAP, labels.OTHER, add)


def add(first: Measure, second: Measure) -> Measure:
    """Both together."""
    return Measure(
        first.count + second.count,
        first.thousandths + second.thousandths,
        first.squares + second.squares,
    )
