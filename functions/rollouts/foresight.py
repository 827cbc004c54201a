"""What a plan comes to at a given traffic: when it can end, and how soon it sees what. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

from functions.rollouts.fitting import LeftOut
from functions.rollouts.harm import LIVE_SECONDS
from functions.rollouts.opening import next_opening
from functions.rollouts.plan import RAISES, Limits, Plan
from functions.rollouts.suspicion import needed
from functions.stats.e_process import log_evidence
from functions.stats.sizing import seconds_to_see, seconds_without_control

LOOK_SECONDS = 10.0
"""How often a rollout is looked at: nothing is seen sooner."""

RISES = ((0.01, 0.02), (0.01, 0.05))
"""What the control fails a request, and what the candidate does."""

LEAST_USUAL = 0.001
"""Failures a request before the start: with none seen nobody knows that there are fewer."""

_WELL = -50.0
"""The log e-value of a stage in which the candidate did far better than the control."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """Requests a second of all users, and how many of them fail (0..1)."""

    requests_per_second: float
    error_rate: float = 0.0


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known when a plan is looked at beforehand.

    now        epoch seconds; None: not asked for a day
    traffic    of the service; None: nobody knows
    history    whether enough was measured of the control to compare with; None: nobody knows
    left_out   what of a template isn't in the plan
    """

    now: float | None = None
    traffic: Traffic | None = None
    history: bool | None = None
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class WhatIf:
    """At a stage (from 0), the control failing `control` a request and the candidate `candidate`:
    the seconds until it is taken back, about; None: not within 90 days, or not compared."""

    stage: int
    percentage: float
    control: float
    candidate: float
    seconds: float | None


def what_if(plan: Plan, traffic: Traffic) -> tuple[WhatIf, ...]:
    """For each stage the usual rises, and a total failure."""
    return tuple(
        WhatIf(
            stage,
            plan.percentage(stage),
            control,
            candidate,
            _seconds(plan, stage, Traffic(traffic.requests_per_second, control), candidate),
        )
        for stage in range(len(plan.stages))
        for control, candidate in (*RISES, (traffic.error_rate, 1.0))
    )


def earliest(plan: Plan, begun: float, traffic: Traffic | None = None) -> float | None:
    """When the candidate can be the default at the earliest, asked to start at `begun` (both epoch
    seconds); None: it can't at this traffic. What people take for approvals isn't in it."""
    if traffic is not None and starving(plan, traffic):
        return None
    at = _opened(plan, begun)
    for stage in range(len(plan.stages)):
        if stage and plan.open_for == RAISES:
            at = _opened(plan, at)
        at += max(plan.stages[stage].bake_seconds, seconds_for_requests(plan, stage, traffic))
    return at + plan.watch_seconds


def starving(plan: Plan, traffic: Traffic) -> list[int]:
    """The stages (from 0) in whose time the requests needed don't come."""
    return [
        number
        for number, stage in enumerate(plan.stages)
        if seconds_for_requests(plan, number, traffic) > stage.max_wait_seconds
    ]


def unreached(limits: Limits, requests_per_second: float) -> bool:
    """Whether so few requests come to the candidate that the limits' checks in a row can't: they
    are made of what isn't folded yet."""
    return requests_per_second * LIVE_SECONDS < limits.strikes * limits.check_requests


def unguarded(plan: Plan, traffic: Traffic) -> list[int]:
    """The stages (from 0) in which the limits' checks can't come about; of an audience nobody
    knows."""
    return [
        number
        for number, stage in enumerate(plan.stages)
        if not stage.audience
        and unreached(
            plan.limits_at(number),
            traffic.requests_per_second * plan.percentage(number) / 100.0,
        )
    ]


def seconds_for_requests(plan: Plan, stage: int, traffic: Traffic | None) -> float:
    """How long the candidate's requests that a stage needs take to come; 0 where nobody knows, and
    of an audience: how many belong to it isn't counted."""
    if traffic is None or plan.stages[stage].audience:
        return 0.0
    candidates = traffic.requests_per_second * plan.percentage(stage) / 100.0
    return plan.criteria_at(stage).requests / candidates if candidates else float("inf")


def _seconds(plan: Plan, stage: int, traffic: Traffic, candidate: float) -> float | None:
    if plan.stages[stage].audience:
        return None
    share = plan.percentage(stage) / 100.0
    if share < 1.0:
        found = seconds_to_see(
            requests_per_second=traffic.requests_per_second,
            share=share,
            control=traffic.error_rate,
            candidate=candidate,
            log_needed=_log_needed(plan, stage),
            tolerance=plan.tolerance,
        )
    else:
        found = seconds_without_control(
            requests_per_second=traffic.requests_per_second,
            usual=max(LEAST_USUAL, traffic.error_rate * plan.tolerance),
            candidate=candidate,
            log_needed=_log_needed(plan, stage),
        )
    return None if found is None else max(found, LOOK_SECONDS)


def _log_needed(plan: Plan, stage: int) -> float:
    """Of this stage alone, when the candidate did well in those before."""
    before = [0.0 if each.audience else _WELL for each in plan.stages[:stage]]
    bet = log_evidence([*before, 0.0], planned=len(plan.stages) + 1)
    return log(needed(plan)) - bet


def _opened(plan: Plan, at: float) -> float:
    opens = next_opening(plan.openings, at)
    return at if opens is None else opens
