"""Which arms an event counts for: what its user is served of everything that is split. Pure.

Nobody has to report what a user was served: it follows from the flags and the user's context.
An event counts once for each arm, and no evaluation here is counted as one that an app asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from functions.metrics.windows import Arm

ALL = "all"
"""The version of a service that has no flag for its versions."""

VERSION_FLAG = ".version"
CLAIMED = "+claimed"
"""After a version: what came with a key that anybody can read, and so may be forged."""

MOST_SPLITS = 100
"""Flags that are evaluated for an event; of more, the first of the alphabet."""


class Evaluation(Protocol):
    @property
    def variant(self) -> str | None: ...


class Evaluator(Protocol):
    def evaluate(self, key: str, context: Any = None, /) -> Evaluation: ...


class Moment(Protocol):
    """The snapshot of a moment."""

    @property
    def generation(self) -> int: ...

    @property
    def published_at(self) -> float: ...

    @property
    def evaluator(self) -> Evaluator: ...

    @property
    def splits(self) -> Mapping[str, Any]: ...


def followed(moment: Moment) -> Sequence[str]:
    """The flags that are split and evaluated, by key."""
    return sorted(moment.splits)[:MOST_SPLITS] if moment.splits else ()


def split_arms(moment: Moment, context: Mapping[str, Any]) -> frozenset[Arm]:
    """The arms of rollouts and experiments that the context is in."""
    found = set()
    for flag in followed(moment):
        variant = moment.evaluator.evaluate(flag, context).variant
        if variant is not None:
            found.add(Arm(moment.splits[flag]["service"] or flag, variant))
    return frozenset(found)


def own_arm(moment: Moment, service: str, context: Mapping[str, Any], *, known: bool = True) -> Arm:
    """The version of the metric's own service that serves the context.

    When the split of that moment isn't known and there is one now, nobody can tell: ALL.
    """
    flag = service + VERSION_FLAG
    if not known and flag in moment.splits:
        return Arm(service, ALL)
    return Arm(service, moment.evaluator.evaluate(flag, context).variant or ALL)


def claimed(arm: Arm) -> Arm:
    """The arm of what is only claimed to have happened to it."""
    return Arm(arm.service, arm.version + CLAIMED)
