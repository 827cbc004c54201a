"""What the events of a batch add to the slots: each once for each of its arms. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeVar

from functions.metrics.apps import attribution
from functions.metrics.apps.attribution import Moment
from functions.metrics.apps.declared import LATE, Reported
from functions.metrics.apps.event import Occurrence
from functions.metrics.apps.moments import Moments
from functions.metrics.apps.sums import Sum, Teller, prepared
from functions.metrics.tally import Tally
from functions.metrics.windows import slot_start

M = TypeVar("M", bound=Moment)


class Place(NamedTuple):
    """A slot, but for the environment and the instance."""

    start: int
    service: str
    version: str
    generation: int


Counts = Mapping[Place, Tally]


class Believed(NamedTuple):
    """An occurrence, and whether it is believed to have happened; `user` is a keyed hash of the
    signed-in user who reports it, "" for a key."""

    occurrence: Occurrence
    trusted: bool
    user: str = ""


def count(believed: Iterable[Believed], moments: Moments[M]) -> Counts:
    """By slot. Raises ValueError when no snapshot was noted yet."""
    sums: defaultdict[Place, Sum] = defaultdict(Sum)
    for one, trusted, user in believed:
        then = moments.at(one.at)
        arms = {
            attribution.own_arm(then.moment, one.metric.arm_service, one.context, known=then.known)
        }
        if then.known and not one.late:
            arms |= attribution.split_arms(then.moment, one.context)
        # A late one has no value any more: it only tells that it was late.
        reported = Reported({LATE: 1.0}) if one.late else one.metric.reported(one.value)
        generation = then.moment.generation
        event = prepared(reported)
        told = user and trusted and not one.late
        teller = Teller(user, one.metric.harms(one.value)) if told else None
        start = slot_start(one.at)
        for arm in arms if trusted else map(attribution.claimed, arms):
            sums[Place(start, arm.service, arm.version, generation)].add(event, teller)
    return {place: each.tally() for place, each in sums.items()}
