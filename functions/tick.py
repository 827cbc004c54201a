"""The minute's work of the bundle: see, judge, act, then tell.

    settle abandoned stories → sum up minutes → evaluate alert rules → step rollouts
    → follow incidents → verify rollbacks → apply scheduled changes → deliver the outbox
    → sum up evaluations → publish → traffic follows
    → ask for health

While something is being rolled out, or a scheduled change is due within the minute, it repeats
every 10 s inside its minute. The last five run aside, under a time limit: trouble with them never
delays a decision. It may be delivered twice, overlap, die anywhere or come late; everything it
writes is conditional on what it has read, and nobody holds a lease that others would have to wait
for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from functions import log
from functions.alerts import defined, outbox, publication, scheduled
from functions.alerts.alarm import not_evaluated
from functions.alerts.defined import Defined
from functions.alerts.incidents.follow import follow
from functions.alerts.measures import Measured, Sources
from functions.alerts.objectives import burn
from functions.alerts.testing import synthetic
from functions.alerts.values import reach_seconds
from functions.alerts.watch import Watched, publishing, stored_alarms, watch
from functions.clock import Clock
from functions.documents import Scope, Store, Write
from functions.flags.manage.apply_due import Above, apply_due
from functions.flags.manage.merge_usage import merge_usage
from functions.flags.schedule import Schedule
from functions.metrics.due import Extra
from functions.metrics.publish import lag, publish
from functions.metrics.sum_hours import sum_hours
from functions.metrics.windows import MINUTE_SECONDS, Window
from functions.minute import Deps, Job, attempt
from functions.rollouts.advance import Step, advance
from functions.rollouts.after.verify import verify
from functions.rollouts.deeds import history
from functions.rollouts.in_turn import Alarms
from functions.rollouts.store import using
from functions.rollouts.traffic.serving import COLLECTION as SERVING
from functions.rollouts.traffic.serving import servings_of
from functions.rollouts.traffic.stand import Standings, standings, undefined, unknown
from functions.stories.abandoned import settle_abandoned
from functions.stories.publish import releasable

CYCLE_SECONDS = 10.0
LAST_CYCLE_SECONDS = 55.0
"""No cycle begins later in the minute: the next tick is about to."""

HOURS_EVERY = 10
"""Minutes between two looks at whether an hour is to be summed up."""

ASIDE_SECONDS = 20.0
"""How long a tick that has nothing else to do waits for what it started aside."""

ABOVE = Above(using, releasable)
"""What the rooms above flags say of scheduled changes."""


def tick(deps: Deps) -> list[dict[Scope, Step]]:
    """One minute's work; what each of its cycles did. Raises StoreUnavailable at its beginning."""
    began = deps.clock.monotonic()
    scopes = environments(deps.store)
    cycles: list[dict[Scope, Step]] = []
    while True:
        steps = {scope: decide(deps, scope) for scope in scopes}
        cycles.append(steps)
        tell(deps, steps, first=len(cycles) == 1)
        if not any(step.busy for step in steps.values()) or not _next_cycle(deps.clock, began):
            break
    ended = deps.clock.monotonic()
    deps.aside.wait(ASIDE_SECONDS)
    for each in (deps.publishing, deps.following, deps.probing):
        each.wait(ASIDE_SECONDS - (deps.clock.monotonic() - ended))
    return cycles


@dataclass(frozen=True)
class _Seen:
    """What a look saw: what people defined, and what the rules say. Where something is missing it
    is looked again soon, and there is no heartbeat."""

    known: Defined
    watched: Watched | None
    everything: bool


def decide(deps: Deps, scope: Scope) -> Step:
    """The part of a cycle that leads to decisions, for one environment."""
    with log.bound(application=scope.application, environment=scope.environment):
        # Before the slots: what is found is counted in them.
        attempt(
            "settle abandoned stories", partial(settle_abandoned, deps.store, deps.clock, scope)
        )
        seen = _see(deps, scope)
        alarms = _alarms(deps, scope, seen)
        traffic = _standings(deps, scope)
        step = attempt(
            "step rollouts",
            lambda: advance(
                deps.store,
                deps.clock,
                scope,
                alarms,
                deps.slots.recent,
                releasable,
                traffic,
                seen.known.scores,
                deps.looks,
            ),
        )
        # After the rollouts: what takes users back waits for nothing, and can be told of.
        attempt("follow incidents", lambda: _follow(deps, scope, seen))
        attempt(
            "verify rollbacks",
            lambda: verify(deps.store, scope, deps.clock.now(), deps.slots.recent),
        )
        fired = attempt(
            "apply scheduled changes",
            lambda: apply_due(deps.store, deps.clock, scope, tell_of_failure, ABOVE),
        )
        due_soon = fired is None or fired.soon or seen.known.testing(deps.clock.now())
        due_soon = due_soon or scope in deps.follower.moving
        step = step or Step(0, failed=True)
        return replace(step, due_soon=due_soon, failed=step.failed or not seen.everything)


def tell_of_failure(scope: Scope, schedule: Schedule) -> Write:
    """The write that tells people of a scheduled change that could not be made."""
    return outbox.enqueue(scope, scheduled.of_failure(schedule), schedule.ended_at or schedule.at)


def tell(deps: Deps, steps: dict[Scope, Step], *, first: bool = True) -> None:
    """The outbox, the minutes that are due for Cloud Monitoring, Cloud Run's traffic, and health:
    aside. In the first cycle of a minute also what instances have counted.

    Without a decision there is no heartbeat: then Cloud Console's absence alert tells somebody.
    """
    jobs: list[tuple[str, Job]] = []
    published: list[tuple[str, Job]] = []
    followed: list[tuple[str, Job]] = []
    probed: list[tuple[str, Job]] = []
    for scope, step in steps.items():
        followed.append(("follow with traffic", partial(_follow_with_traffic, deps, scope)))
        probed.append(("ask for health", partial(_probe, deps, scope)))
        jobs.append(("deliver the outbox", _delivery(deps, scope)))
        if first:
            jobs.append(("sum up evaluations", _summing_up(deps, scope)))
        if not step.failed:
            published.append(("publish to Cloud Monitoring", _publication(deps, scope, step)))
        if first and _minute(deps.clock) % HOURS_EVERY == 0:
            published.append(("sum up hours", partial(sum_hours, deps.store, deps.clock, scope)))
    if jobs:
        deps.aside.start(jobs)
    if published:
        deps.publishing.start(published)
    if followed:
        deps.following.start(followed)
        deps.probing.start(probed)


def environments(store: Store) -> list[Scope]:
    """Every environment of every application. Raises StoreUnavailable."""
    applications = store.query("applications")
    return [
        Scope(application.id, environment.id)
        for application in applications
        for environment in store.query(f"{application.path}/environments")
    ]


def _see(deps: Deps, scope: Scope) -> _Seen:
    """Sums up what instances counted, and evaluates the rules on it."""
    now = deps.clock.now()
    slots = attempt("load slots", lambda: deps.slots.flushed(deps.store, scope, now))
    known = attempt("load definitions", lambda: defined.defined(deps.definitions.of(scope)))
    if slots is None:
        return _Seen(known or Defined(), None, everything=False)
    summed = _sum_up(deps, scope, slots)
    watched: Watched | None = None
    if known is not None:
        watched = attempt(
            "evaluate alert rules", lambda: _watch(deps, scope, known, slots, summed=summed)
        )
    return _Seen(known or Defined(), watched, everything=summed and watched is not None)


def _sum_up(deps: Deps, scope: Scope, slots: Sequence[Window]) -> bool:
    """Whether every closed minute is stored. No later one is stored, counted by objectives or
    published before those that were missed while no tick ran."""
    if not attempt(
        "sum up missed minutes", lambda: deps.missed.sum_up(deps.store, deps.clock, scope)
    ):
        return False
    now = deps.clock.now()
    merged = attempt("merge windows", lambda: deps.minutes.merge(deps.store, scope, now, slots))
    return merged is not None


def _watch(
    deps: Deps, scope: Scope, known: Defined, slots: Sequence[Window], *, summed: bool
) -> Watched:
    now = deps.clock.now()
    return watch(
        deps.store,
        scope,
        slots,
        now,
        watched=known.rules,
        handed={
            **publishing(lag(deps.store, scope, now)),
            **synthetic.measured(known.tests, known.rules, now),
            **(_burning(deps, scope, known, slots) if summed else {}),
        },
        sources=_sources(deps, scope, known),
        silences=known.silences,
        past=deps.past.of(deps.store, scope, now, reach_seconds(known.rules)),
    )


def _alarms(deps: Deps, scope: Scope, seen: _Seen) -> Alarms:
    """Where the rules could not be evaluated: what the last look found firing, and one alarm more,
    for which no rollout advances."""
    if seen.watched:
        return seen.watched.alarms
    stored = attempt("load alarms", lambda: stored_alarms(deps.store, scope, seen.known.rules))
    blind = not_evaluated(deps.clock.now())
    return lambda service, version: [*(stored.alarms(service, version) if stored else ()), blind]


def _follow(deps: Deps, scope: Scope, seen: _Seen) -> int:
    """When the rules could not be evaluated, what is stored is followed all the same."""
    return len(
        follow(
            deps.store,
            scope,
            seen.known.rules,
            deps.clock.now(),
            firing=seen.watched is None or bool(seen.watched.evaluation.loud()),
            history=partial(history, deps.store, scope),
        )
    )


def _burning(deps: Deps, scope: Scope, known: Defined, slots: Sequence[Window]) -> Measured:
    now = deps.clock.now()
    ledgers = attempt(
        "keep budgets",
        lambda: deps.budgets.advance(scope, known.objectives, slots, now, known.scores),
    )
    return {} if ledgers is None else burn.measured(known.objectives, ledgers, known.rules)


def _sources(deps: Deps, scope: Scope, known: Defined) -> Sources:
    return Sources(known.scores, partial(deps.baselines.of, scope))


def _delivery(deps: Deps, scope: Scope) -> Job:
    return lambda: outbox.deliver(deps.store, deps.clock, scope, deps.sender)


def _summing_up(deps: Deps, scope: Scope) -> Job:
    return lambda: merge_usage(deps.store, deps.clock, scope)


def _standings(deps: Deps, scope: Scope) -> Standings:
    """Where that can't be read, no start of what runs in Cloud Run is let through, or may run
    there."""
    if deps.definitions.unknown(scope, SERVING):
        return undefined
    serving = servings_of(deps.definitions.held(scope)[SERVING])
    found = attempt("read traffic", lambda: standings(deps.store, scope, serving))
    return found or unknown(serving)


def _probe(deps: Deps, scope: Scope) -> None:
    """By the definitions as this look found them."""
    deps.prober.probe(scope, servings_of(deps.definitions.held(scope)[SERVING]))


def _follow_with_traffic(deps: Deps, scope: Scope) -> None:
    """By the definitions as this look found them."""
    serving = servings_of(deps.definitions.held(scope)[SERVING])
    deps.follower.follow(scope, serving.values())


def _publication(deps: Deps, scope: Scope, step: Step) -> Job:
    return lambda: publish(
        deps.store, deps.sink, deps.clock, scope, lambda: _extra(deps, scope, step)
    )


def _extra(deps: Deps, scope: Scope, step: Step) -> Extra:
    """What is published beside the minutes themselves, by the definitions of this look."""
    known = defined.defined(deps.definitions.held(scope))
    ledgers = deps.budgets.known(scope, known.objectives)
    sources = Sources(known.scores, partial(deps.published_baselines.of, scope))
    return publication.beside(deps.store, scope, known, sources, ledgers, step.readings, deps.held)


def _minute(clock: Clock) -> int:
    return int(clock.now() // MINUTE_SECONDS)


def _next_cycle(clock: Clock, began: float) -> bool:
    """Sleeps until the next multiple of CYCLE_SECONDS; False when the minute is over."""
    elapsed = clock.monotonic() - began
    due = (elapsed // CYCLE_SECONDS + 1) * CYCLE_SECONDS
    if due >= LAST_CYCLE_SECONDS:
        return False
    clock.sleep(due - elapsed)
    return True
