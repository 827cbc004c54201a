"""How an alert comes and goes: one step of one alert. Pure.

    ok ──too much──▶ pending ──for──▶ firing ──well for keep_firing──▶ resolved ──an hour──▶ ok
     ▲                  │               │
     └──────well────────┘               └──no data for keep_firing──▶ no_data

A sample that is too small is no data and never silently well: pending goes back to no_data at
once, firing goes on for keep_firing_seconds. An alert that fires for the FLAPPING_TIMES-th time
within FLAPPING_SECONDS goes on firing until it was quiet for CALM_SECONDS.

Who fires may be muted: silenced by a person, or inhibited by a more severe rule that looks at the
same metric of the same version. That keeps people from being told and changes nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from functions.alerts.measures import Key, Measurement
from functions.alerts.rule import Rule

OK = "ok"
PENDING = "pending"
FIRING = "firing"
RESOLVED = "resolved"
NO_DATA = "no_data"

SILENCED = "silenced"
INHIBITED = "inhibited"
"""Why nobody is told of an alert that fires."""

REMOVED = "removed"
"""In an event: the rule is gone, and its alert with it."""

SHOWN_SECONDS = 3600
"""How long `resolved` stays to be seen before it is `ok`."""

FLAPPING_SECONDS = 1800
FLAPPING_TIMES = 3
CALM_SECONDS = 900


@dataclass(frozen=True)
class State:
    """An alert as it stands.

    since        when it came into this status (epoch seconds)
    quiet_since  while firing: since when it is no longer too much, or unknown
    value        what was measured when it came into this status; requests and failures: the sample
    muted        SILENCED or INHIBITED while it fires and nobody is told
    opened       when it began to fire, lately
    by_users     whether it was too much, when last it was, only by what signed-in users report
    """

    key: Key
    severity: str
    status: str
    since: float
    threshold: float
    quiet_since: float | None = None
    value: float | None = None
    requests: int = 0
    failures: int = 0
    muted: str = ""
    opened: tuple[float, ...] = ()
    by_users: bool = False

    @property
    def shown(self) -> str:
        """The status for people."""
        return self.muted or self.status

    @property
    def flapping(self) -> bool:
        """Whether it came and went so often that it is kept firing until it is calm."""
        return self.status == FIRING and len(self.opened) >= FLAPPING_TIMES


def step(
    rule: Rule, key: Key, before: State | None, measurement: Measurement | None, now: float
) -> State:
    """One alert after one measurement; the same object when nothing of it changed."""
    if measurement is None:
        return _without_data(rule, key, before, now)
    if measurement.breached:
        return _breached(rule, key, before, measurement, now)
    return _well(rule, key, before, measurement, now)


def changed(before: State | None, after: State) -> bool:
    """Whether it is shown as something else. An alert that nobody has seen yet was well, or
    unmeasured."""
    if before is None:
        return after.shown not in (OK, NO_DATA)
    return before.shown != after.shown


def mute(state: State, reason: str) -> State:
    """Muted for a reason, or no longer (""); the same object when that is what it is."""
    return state if state.muted == reason else replace(state, muted=reason)


def _breached(
    rule: Rule, key: Key, before: State | None, measurement: Measurement, now: float
) -> State:
    if before and before.status == FIRING:
        same = before.quiet_since is None and before.by_users == measurement.by_users
        return before if same else replace(before, quiet_since=None, by_users=measurement.by_users)
    if before and before.status == PENDING:
        held = now - before.since >= rule.for_seconds
        return _enter(rule, key, before, FIRING, measurement, now) if held else before
    status = PENDING if rule.for_seconds else FIRING
    return _enter(rule, key, before, status, measurement, now)


def _well(
    rule: Rule, key: Key, before: State | None, measurement: Measurement, now: float
) -> State:
    if before and before.status == FIRING:
        return _cooling(rule, before, _enter(rule, key, before, RESOLVED, measurement, now), now)
    if before and before.status == RESOLVED and now - before.since < SHOWN_SECONDS:
        return before
    if before and before.status == OK:
        return before
    return _enter(rule, key, before, OK, measurement, now)


def _without_data(rule: Rule, key: Key, before: State | None, now: float) -> State:
    gone = _enter(rule, key, before, NO_DATA, None, now)
    if before and before.status == FIRING:
        return _cooling(rule, before, gone, now)
    if before and before.status == RESOLVED and now - before.since < SHOWN_SECONDS:
        return before
    if before and before.status == NO_DATA:
        return before
    return gone


def _cooling(rule: Rule, before: State, then: State, now: float) -> State:
    """Firing goes on until it was quiet for long enough."""
    keep = rule.keep_firing_seconds
    if before.flapping:
        keep = max(keep, CALM_SECONDS)
    since = now if before.quiet_since is None else before.quiet_since
    if now - since >= keep:
        return then
    return before if since == before.quiet_since else replace(before, quiet_since=since)


def _enter(
    rule: Rule,
    key: Key,
    before: State | None,
    status: str,
    measurement: Measurement | None,
    now: float,
) -> State:
    opened = tuple(at for at in (before.opened if before else ()) if now - at < FLAPPING_SECONDS)
    if status == FIRING:
        opened = (*opened, now)
    return State(
        key=key,
        severity=rule.severity,
        status=status,
        since=now,
        threshold=rule.threshold,
        value=measurement.value if measurement else None,
        requests=measurement.requests if measurement else 0,
        failures=measurement.failures if measurement else 0,
        opened=opened,
        by_users=measurement.by_users if measurement else False,
    )
