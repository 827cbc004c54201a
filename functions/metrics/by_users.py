"""What of the reported numbers comes from signed-in users, and from how many. Pure.

A signed-in user is believed, but one alone may be wrong or mean harm. So it is kept beside the sums
what events of users add to them: what is left is what servers say. And it is kept who told of harm,
as keyed hashes: of too many the smallest stay, so any order of merging keeps the same ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from functions.metrics import labels, measures, timings
from functions.metrics.measures import NONE, Measure
from functions.metrics.timings import Timing, Timings

KEPT = 10
"""Users of a name: what asks for distinct users asks for few."""

NAMES_CAP = measures.NAMES_CAP + timings.NAMES_CAP


@dataclass(frozen=True)
class ByUsers:
    """The values that events of users reported under a name, and who told of harm by them."""

    values: Measure = NONE
    users: frozenset[str] = frozenset()

    def to_document(self) -> dict[str, Any]:
        return {"values": self.values.to_text(), "users": sorted(self.users)}

    @staticmethod
    def from_document(document: Mapping[str, Any]) -> ByUsers:
        """What `to_document` wrote."""
        return ByUsers(Measure.from_text(document["values"]), frozenset(document["users"]))


Told = Mapping[str, ByUsers]


def kept(users: Iterable[str]) -> frozenset[str]:
    """At most KEPT of them, always the same."""
    return frozenset(sorted(users)[:KEPT])


def merge(first: Told, second: Told) -> Told:
    """Both together."""
    if not first or not second:
        return first or second
    merged = {**first}
    for name, one in second.items():
        merged[name] = _add(merged[name], one) if name in merged else one
    return labels.capped(merged, NAMES_CAP, labels.OTHER, _add)


def less_measure(all_of_it: Measure, part: Measure) -> Measure:
    """What is left when a part of it is taken away; nothing of less than the part."""
    if part.count >= all_of_it.count:
        return NONE
    return Measure(
        all_of_it.count - part.count,
        all_of_it.thousandths - part.thousandths,
        all_of_it.squares - part.squares,
    )


def less_timing(all_of_it: Timing, part: Measure) -> Timing:
    """What is left at least: whatever was taken away may have been above every rung."""
    above = {rung: max(0, count - part.count) for rung, count in all_of_it.above.items()}
    return replace(all_of_it, values=less_measure(all_of_it.values, part), above=above)


def less_timings(timed: Timings, name: str, part: Measure) -> Timings:
    return {**timed, name: less_timing(timed[name], part)} if name in timed else timed


def _add(first: ByUsers, second: ByUsers) -> ByUsers:
    return ByUsers(measures.add(first.values, second.values), kept(first.users | second.users))
