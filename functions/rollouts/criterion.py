"""What a plan demands of a measure before the candidate may advance. Pure."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from functions.metrics import measures
from functions.metrics.measures import LARGEST, Known
from functions.rollouts import own

MAXIMUM = 10
LARGEST_SHARE = 10.0
HIGHER, LOWER = "higher", "lower"


@dataclass(frozen=True, slots=True)
class Criterion:
    """The mean of a measure over the candidate's requests in a stage lies within the bounds (None:
    no bound), as soon as there are `samples` values of it.

    worse_by   the mean isn't worse than the control's by more than this share of it (0.1: by 10 %);
               None: the control doesn't matter
    better     `higher` or `lower`, for `worse_by`; "": as the service says, or as its bound says
    optional   left out where the service doesn't report the measure: for templates
    """

    name: str
    samples: int = 100
    at_least: float | None = None
    at_most: float | None = None
    worse_by: float | None = None
    better: str = ""
    optional: bool = False

    def holds(self, mean: float) -> bool:
        above = self.at_least is None or mean >= self.at_least
        return above and (self.at_most is None or mean <= self.at_most)

    def behind(self, mean: float, theirs: float) -> bool:
        """Whether the mean is worse than the control's by more than it may be."""
        if self.worse_by is None:
            return False
        gap = theirs - mean if self.better == HIGHER else mean - theirs
        worse = abs(gap) if self.better not in (HIGHER, LOWER) else gap
        return worse > self.worse_by * abs(theirs)

    @property
    def bounds(self) -> str:
        """`at least 0.9`, as people read it."""
        told = [("at least", self.at_least), ("at most", self.at_most)]
        return " and ".join(f"{word} {number(bound)}" for word, bound in told if bound is not None)

    def to_view(self) -> dict[str, Any]:
        return asdict(self)

    def to_document(self) -> dict[str, Any]:
        """As it is kept. What isn't demanded isn't named: older bundles know no name for it."""
        view = self.to_view()
        if self.worse_by is None:
            del view["worse_by"]
        if not self.better:
            del view["better"]
        if not self.optional:
            del view["optional"]
        return view


def number(value: float) -> str:
    """With at most three decimals, none that say nothing."""
    text = f"{value:,.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def problems(criteria: Sequence[Criterion]) -> Iterator[str]:
    """Why these could never be met, or say nothing; a sentence each."""
    if len(criteria) > MAXIMUM:
        yield f"At most {MAXIMUM} measures may be demanded."
    for name, count in Counter(each.name for each in criteria).items():
        if count > 1:
            yield f"`{name[:40]}` is demanded twice."
    for each in criteria:
        if not measures.NAME.fullmatch(each.name):
            yield f"{each.name[:40]!r} is not the name of a measure."
        yield from _problems(each)


def _problems(of: Criterion) -> Iterator[str]:
    name = of.name[:40]
    bounds = [bound for bound in (of.at_least, of.at_most) if bound is not None]
    if not bounds and of.worse_by is None:
        yield f"`{name}` needs `at_least`, `at_most` or `worse_by`."
    if not all(math.isfinite(bound) and abs(bound) <= LARGEST for bound in bounds):
        yield f"`{name}`: a bound is a number from -1e9 to 1e9."
    elif sorted(bounds) != bounds:
        yield f"No mean of `{name}` is {of.bounds}."
    elif of.name in own.LARGEST:
        yield from _reach_problems(of, own.LARGEST[of.name])
    if of.worse_by is not None:
        yield from _comparison_problems(of)
    if not 1 <= of.samples <= 10_000_000:
        yield f"`{name}`: `samples` is 1 to 10,000,000."


def _reach_problems(of: Criterion, largest: float) -> Iterator[str]:
    """Of what Palier measures itself, the best that there can be is known."""
    if of.at_least is not None and not 0.0 < of.at_least < largest:
        yield (
            f"`{of.name}` is 0 to {largest:g}: `at_least` lies above 0 and below {largest:g}, "
            "since one failed request would hold it for ever."
        )
    if of.at_most is not None:
        yield f"More of `{of.name}` is better: `at_most` would hold a good version back."


def _comparison_problems(of: Criterion) -> Iterator[str]:
    name = of.name[:40]
    if not (math.isfinite(of.worse_by or 0.0) and 0.0 < (of.worse_by or 0.0) <= LARGEST_SHARE):
        yield f"`{name}`: `worse_by` is a share of the control's mean, above 0 and at most 10."
    if of.name in own.OWN:
        yield f"`{name}` takes `at_least`: it is not compared with the control by a share."
    if of.better not in ("", HIGHER, LOWER):
        yield f"`{name}`: `better` is `{HIGHER}` or `{LOWER}`."


def resolved(criterion: Criterion, measure: Known | None) -> Criterion:
    """With the way that is better, where `worse_by` needs one and the service or the bounds tell:
    what is at least something is better when it is higher."""
    if criterion.worse_by is None or criterion.better:
        return criterion
    if measure is not None and measure.better:
        return replace(criterion, better=measure.better)
    if (criterion.at_least is None) == (criterion.at_most is None):
        return criterion
    return replace(criterion, better=HIGHER if criterion.at_most is None else LOWER)


def misplaced(
    criteria: Sequence[Criterion], service: str, known: Mapping[str, Known]
) -> Iterator[str]:
    """What is wrong with these for a service that reports the `known` measures; a sentence each."""
    names = ", ".join(f"`{name}`" for name in sorted(known))
    there_are = f"there are {names}" if known else "it reports none"
    for each in criteria:
        measure = known.get(each.name)
        if measure is None:
            yield (
                f"The service {service!r} reports no measure `{each.name}`, so it could never "
                f"advance; {there_are}."
            )
        elif not _reachable(each, measure):
            yield (
                f"`{each.name}` is {measure.unit}: no mean of it is {each.bounds}, so it could "
                "never advance."
            )
        elif each.worse_by is not None and not resolved(each, measure).better:
            yield f"Nobody says which way is better of `{each.name}`: `worse_by` needs `better`."
        elif each.at_least is None and each.at_most is None:
            continue
        elif measure.better == HIGHER and each.at_least is None:
            yield f"More of `{each.name}` is better: `at_most` would hold a good version back."
        elif measure.better == LOWER and each.at_most is None:
            yield f"Less of `{each.name}` is better: `at_least` would hold a good version back."


def _reachable(criterion: Criterion, measure: Known) -> bool:
    """Whether a mean can be within the bounds, where the unit says what values there are."""
    known = _RANGE.fullmatch(measure.unit)
    if known is None:
        return True
    least, most = map(float, known.groups())
    above = criterion.at_least is None or criterion.at_least <= most
    return above and (criterion.at_most is None or criterion.at_most >= least)


_RANGE = re.compile(r"(-?\d+(?:\.\d+)?) to (-?\d+(?:\.\d+)?)")
