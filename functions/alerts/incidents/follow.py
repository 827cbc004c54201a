"""One look at what fires: incidents open, move on and end, each with its messages.

    read the fence, the incidents that are followed, and the alerts → decide for each version
    → commit what moved

A function of what is stored, so whoever died before is made up for. A step and the messages that
tell of it are one commit, conditional on the incident as it was read; one that opens an incident
moves the fence as well. Two that look at once decide the same; the second is refused.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from functions import catalog, log
from functions.alerts import outbox
from functions.alerts import store as alert_store
from functions.alerts.incidents import course
from functions.alerts.incidents import store as incident_store
from functions.alerts.incidents.catalog import PEOPLE
from functions.alerts.incidents.course import Step
from functions.alerts.incidents.incident import Alert, Deed, Incident, Subject
from functions.alerts.incidents.people import NOBODY, Names, names
from functions.alerts.incidents.seen import LOOKED_BACK_SECONDS
from functions.alerts.incidents.store import Fence, Stored
from functions.alerts.incidents.told import message, of_people
from functions.alerts.measures import Key
from functions.alerts.message import LANGUAGES
from functions.alerts.rule import Rule
from functions.alerts.state import FIRING, OK, State
from functions.alerts.words import name_on, value_of
from functions.documents import Refused, Scope, Store, Write
from functions.errors import FailedPrecondition

TOGETHER = 50
"""Incidents in one commit."""

Deeds = Callable[[Subject, float, Collection[str]], Sequence[Deed]]
"""What was done with the rollouts of a version since a time; those of known ids may be missing."""

Called = Callable[[], Names]
"""What people are called."""

History = Callable[[float], Deeds]
"""Deeds since a time: read once a look, and only when something fires."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """All that was read, at one time."""

    now: float
    incidents: Mapping[Subject, Stored]
    alerts: Mapping[Subject, Sequence[Alert]]
    statuses: Mapping[Key, str]
    deeds: Deeds

    def after(self, subject: Subject) -> Callable[[Alert], str]:
        return lambda alert: self.statuses.get(Key(alert.rule, subject.service, alert.arm), OK)


@dataclass(frozen=True, slots=True)
class _Planned:
    """What is to be written of one version; `opens` whether that takes the fence."""

    step: Step
    writes: Sequence[Write]
    opens: bool


def nothing_done(_since: float) -> Deeds:
    return lambda _subject, _since, _known: ()


def follow(
    store: Store,
    scope: Scope,
    rules: Sequence[Rule],
    now: float,
    *,
    firing: bool,
    history: History = nothing_done,
) -> list[Incident]:
    """The incidents that moved. `rules` are those in force in the environment.

    `firing` says whether any alert fires: while none does and no incident is followed, this costs
    one query. Raises StoreUnavailable.
    """
    if not firing and not incident_store.followed(store, scope):
        return []
    fence = incident_store.fence(store, scope)
    seen = _see(store, scope, {rule.id: rule for rule in rules}, history, now)
    called = _names(store, scope)
    planned = [
        each
        for subject in sorted({*seen.alerts, *seen.incidents})
        if (each := _plan(scope, seen, subject, called))
    ]
    moved: list[Incident] = []
    for first in range(0, len(planned), TOGETHER):
        done, fence = _commit(store, scope, fence, planned[first : first + TOGETHER])
        moved += done
    return moved


def _see(
    store: Store, scope: Scope, rules: Mapping[str, Rule], history: History, now: float
) -> _Seen:
    stored = incident_store.followed(store, scope)
    states = [alert_store.state(document) for document in alert_store.load(store, scope).values()]
    alerts: defaultdict[Subject, list[Alert]] = defaultdict(list)
    for state in states:
        if state.shown == FIRING:
            subject = Subject.of(state.key.service, state.key.version)
            alerts[subject].append(_alert(state, rules.get(state.key.rule)))
    oldest = min((each.incident.opened_at for each in stored), default=now)
    return _Seen(
        now,
        {each.incident.subject: each for each in stored},
        alerts,
        {state.key: state.shown for state in states},
        history(oldest - LOOKED_BACK_SECONDS),
    )


def _plan(scope: Scope, seen: _Seen, subject: Subject, called: Called) -> _Planned | None:
    """None when nothing of this version has moved."""
    stored, firing = seen.incidents.get(subject), seen.alerts.get(subject, ())
    since = (stored.incident.opened_at if stored else seen.now) - LOOKED_BACK_SECONDS
    if stored is None or course.succeeded(stored.incident, firing, seen.now):
        deeds = seen.deeds(subject, since, ())
        step = course.opened(subject, firing, deeds, seen.now, stored.incident if stored else None)
        writes = [incident_store.created(scope, step.incident)]
        if stored:
            left = course.left(stored.incident)
            writes.append(incident_store.updated(stored.document, left))
    else:
        before = stored.incident
        deeds = seen.deeds(subject, since, before.deeds)
        step = course.follow(before, firing, seen.after(subject), deeds, seen.now)
        if step.incident == before:
            return None
        writes = [incident_store.updated(stored.document, step.incident)]
    told = [
        outbox.enqueue(scope, message(news, called() if of_people(news) else NOBODY), seen.now)
        for news in step.news
    ]
    return _Planned(step, [*writes, *told], writes[0].kind == "create")


def _commit(
    store: Store, scope: Scope, fence: Fence, planned: Sequence[_Planned]
) -> tuple[list[Incident], Fence]:
    """What was written, and the fence as it is then. In halves where somebody was faster."""
    writes = [write for each in planned for write in each.writes]
    opens = any(each.opens for each in planned)
    if opens:
        writes.insert(0, incident_store.fence_write(scope, fence))
    try:
        versions = store.commit(writes)
    except Refused:
        if len(planned) == 1:
            return [], fence
        half = len(planned) // 2
        first, fence = _commit(store, scope, fence, planned[:half])
        second, fence = _commit(store, scope, fence, planned[half:])
        return [*first, *second], fence
    for each in planned:
        _tell_log(each.step)
    moved = [each.step.incident for each in planned]
    return moved, incident_store.fence_after(scope, fence, versions[0]) if opens else fence


def _names(store: Store, scope: Scope) -> Called:
    """Read once a look, and only when a message may tell of somebody."""

    @functools.cache
    def read() -> Names:
        try:
            return names(catalog.published(store, scope, PEOPLE))
        except FailedPrecondition:
            return NOBODY  # damaged: then it was somebody

    return read


def _alert(state: State, rule: Rule | None) -> Alert:
    alert = Alert(
        rule=state.key.rule,
        arm=state.key.version,
        severity=state.severity,
        since=state.since,
        threshold=state.threshold,
        value=state.value,
        requests=state.requests,
        failures=state.failures,
    )
    if rule is None:
        return alert
    return replace(
        alert,
        metric=rule.metric,
        comparison=rule.comparison,
        window_seconds=rule.window_seconds,
        name=name_on(rule, state.key.version),
        shown={language: value_of(rule, state.value, language) for language in LANGUAGES},
        limit={language: value_of(rule, state.threshold, language) for language in LANGUAGES},
        runbook=rule.runbook,
    )


def _tell_log(step: Step) -> None:
    incident = step.incident
    for news in step.news:
        log.info(
            "incident_moved",
            incident=incident.id,
            what=news.entry.kind.value,
            service=incident.subject.service,
            version=incident.subject.version,
            incident_severity=incident.severity,
            status=incident.status.value,
            level=incident.level,
        )
