"""What was measured of a rollout, kept when its slots and minutes are gone. Pure.

Sums of minutes for each stretch under one split, and figures of each hour, of both arms. A minute
says under which generation of the snapshot it was served, and an event which generation it made: so
it is known which minute belongs to which stretch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from functions.metrics.hours import hour_start, without_users
from functions.metrics.tally import EMPTY, Tally, merge
from functions.metrics.windows import Arm, Window
from functions.rollouts.state import State

CANDIDATE, CONTROL = "candidate", "control"
ARMS = (CANDIDATE, CONTROL)


class Stretch(NamedTuple):
    """A time under one split.

    number       of the event that began it
    within       `baking` or `watching`; what is paused is still within it
    generation   of the snapshot that began it; `ended` of the one that ended it
    since        until: when it began and ended (epoch seconds)

    Both ends are None while it lasts.
    """

    number: int
    stage: int
    within: str
    percentage: float
    generation: int
    since: float
    ended: int | None = None
    until: float | None = None


def stretches(events: Iterable[Mapping[str, Any]]) -> list[Stretch]:
    """Those of a rollout, by its events, oldest first. A pause or a resumption begins none."""
    found: list[Stretch] = []
    for event in events:
        state = State.from_document(event["state"])
        here = (state.stage, (state.paused_from or state.phase).value, event["percentage"])
        last = found[-1] if found else None
        if last and last.ended is None:
            if state.splitting and here == (last.stage, last.within, last.percentage):
                continue
            found[-1] = last._replace(ended=event["generation"], until=event["at"])
        if state.splitting:
            found.append(Stretch(event["number"], *here, event["generation"], event["at"]))
    return found


@dataclass(frozen=True, slots=True)
class Archive:
    """
    through  the minutes before it are in it (epoch seconds)
    done     whether nothing will be added any more
    sums     by the number of the stretch, then by arm
    hours    figures by the start of the hour, then by arm
    """

    id: str
    through: int
    done: bool = False
    sums: Mapping[int, Mapping[str, Tally]] = field(default_factory=dict)
    hours: Mapping[int, Mapping[str, Mapping[str, float]]] = field(default_factory=dict)

    def to_data(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "sums": {
                str(number): {arm: tally.to_text() for arm, tally in arms.items()}
                for number, arms in self.sums.items()
            },
            "hours": {str(start): dict(arms) for start, arms in self.hours.items()},
        }

    @staticmethod
    def from_data(identifier: str, through: int, done: bool, data: Mapping[str, Any]) -> Archive:
        """Raises KeyError, TypeError or ValueError when it is none."""
        return Archive(
            identifier,
            through,
            done,
            {
                int(number): {arm: Tally.from_text(text) for arm, text in arms.items()}
                for number, arms in data["sums"].items()
            },
            {int(start): arms for start, arms in data["hours"].items()},
        )


class Whose(NamedTuple):
    """Whose minutes belong to a rollout."""

    candidate: Arm
    control: Arm

    def name(self, arm: Arm) -> str:
        """ "" for those of others."""
        if arm == self.candidate:
            return CANDIDATE
        return CONTROL if arm == self.control else ""


def added(
    archive: Archive,
    whose: Whose,
    found: Sequence[Stretch],
    minutes: Iterable[Window],
    through: int,
) -> Archive:
    """The archive with the minutes before `through`, which is the start of an hour. Those that are
    in it already are not added again."""
    sums = {number: dict(arms) for number, arms in archive.sums.items()}
    by_hour: defaultdict[tuple[int, str], Tally] = defaultdict(lambda: EMPTY)
    for minute in minutes:
        name = whose.name(minute.arm)
        stretch = _stretch_of(minute, found)
        if not name or stretch is None or not archive.through <= minute.start < through:
            continue
        tally = without_users(minute.tally)
        arms = sums.setdefault(stretch.number, {})
        arms[name] = merge(arms.get(name, EMPTY), tally)
        hour = (hour_start(minute.start), name)
        by_hour[hour] = merge(by_hour[hour], tally)
    hours = {start: dict(arms) for start, arms in archive.hours.items()}
    for (start, name), tally in by_hour.items():
        hours.setdefault(start, {})[name] = brief(tally)
    return replace(archive, through=max(archive.through, through), sums=sums, hours=hours)


def _stretch_of(minute: Window, found: Sequence[Stretch]) -> Stretch | None:
    """The one that the minute's generation belongs to."""
    for stretch in reversed(found):
        if stretch.generation <= minute.generation:
            over = stretch.ended is not None and minute.generation >= stretch.ended
            return None if over else stretch
    return None


def brief(tally: Tally) -> dict[str, float]:
    """What is kept of an hour."""
    figures = {
        "requests": tally.served,
        "failures": tally.failures,
        "mean_ms": tally.duration_mean_ms,
        "p95_ms": tally.percentile_ms(0.95),
    }
    return {name: round(value, 1) for name, value in figures.items() if value is not None}


def figures(tally: Tally) -> dict[str, Any]:
    """What people are shown of a sum."""
    return {
        "requests": tally.served,
        "failures": tally.failures,
        "error_rate": tally.error_rate,
        "mean_ms": tally.duration_mean_ms,
        "p95_ms": tally.percentile_ms(0.95),
        "errors": dict(tally.errors),
        "causes": dict(tally.causes),
        "measures": {
            name: {"count": each.count, "mean": each.mean, "variance": each.variance}
            for name, each in tally.measures.items()
        },
    }
