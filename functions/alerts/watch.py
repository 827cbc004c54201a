"""One look at every rule: read the states, evaluate, commit what changed.

A state and the event that tells of it are written together. Two that watch at once decide the
same; the second is refused and leaves it at that. Who is told of it follows from what is stored:
`incidents/follow.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from functions import log
from functions.alerts import events, rules
from functions.alerts import store as alert_store
from functions.alerts.alarm import Alarm, alarms_of
from functions.alerts.measures import PLAIN, Key, Measured, Measurement, Sources
from functions.alerts.rule import Rule
from functions.alerts.rules import Evaluation, Transition
from functions.alerts.silence import Silence
from functions.alerts.state import OK
from functions.alerts.thresholds import BUILT_IN, PUBLISHING
from functions.documents import Document, Refused, Scope, Store
from functions.errors import StoreUnavailable
from functions.metrics.windows import Window

PUBLISHER = Key(PUBLISHING.id, "palier", "publishing")
ALERTS_A_COMMIT = 100


@dataclass(frozen=True)
class Watched:
    """The states of all alerts, and the changes that this look wrote down."""

    evaluation: Evaluation
    transitions: tuple[Transition, ...] = ()

    def alarms(self, service: str, version: str) -> list[Alarm]:
        """What fires of a version, for the rollout that it is in."""
        found = self.evaluation
        return alarms_of(found.firing(service), found.rules, service, version)


def publishing(lag: float | None) -> Measured:
    """What is handed in of metrics.publish.lag; nothing before the first minute was published."""
    if lag is None:
        return {}
    return {PUBLISHER: Measurement(lag, PUBLISHING.breached(lag))}


def watch(
    store: Store,
    scope: Scope,
    windows: Sequence[Window],
    now: float,
    *,
    watched: Sequence[Rule] = BUILT_IN,
    handed: Measured | None = None,
    sources: Sources = PLAIN,
    silences: Sequence[Silence] = (),
    past: Sequence[Window] = (),
) -> Watched:
    """Evaluates the rules on the windows of the last minutes. Raises StoreUnavailable when the
    states can't be read; those that can't be written are found again in the next look, and what
    fires acts all the same.

    `handed` is what other rooms measured for rules of theirs; what isn't in it stays as it is.
    """
    stored = alert_store.load(store, scope)
    previous = {key: alert_store.state(document) for key, document in stored.items()}
    evaluation = rules.look(
        watched,
        windows,
        previous,
        now,
        sources=sources,
        handed=handed,
        silences=silences,
        past=past,
    )
    written = _write(store, scope, stored, evaluation, now)
    for transition in written:
        _tell_log(transition)
    return Watched(evaluation, tuple(written))


def stored_alarms(store: Store, scope: Scope, known: Sequence[Rule] = BUILT_IN) -> Watched:
    """What was found firing by the last look that could be made, of rules that are known: for when
    the rules can't be evaluated. Raises StoreUnavailable."""
    firing = {state.key: state for state in alert_store.firing(store, scope)}
    return Watched(Evaluation(firing, (), rules={rule.id: rule for rule in known}))


def _write(
    store: Store,
    scope: Scope,
    stored: Mapping[Key, Document],
    evaluation: Evaluation,
    now: float,
) -> list[Transition]:
    """Commits in groups; the transitions of those that were written by us."""
    needed = alert_store.writes(scope, stored, evaluation.states.values(), now)
    needed |= alert_store.removals(stored, evaluation.gone)
    transitions = {transition.after.key: transition for transition in evaluation.transitions}
    removed = {state.key: state for state in evaluation.gone}
    keys = list(needed)
    written: list[Transition] = []
    for first in range(0, len(keys), ALERTS_A_COMMIT):
        group = keys[first : first + ALERTS_A_COMMIT]
        changes = [transitions[key] for key in group if key in transitions]
        noted = [events.of_transition(scope, change, now) for change in changes]
        noted += [events.of_removal(scope, removed[key], now) for key in group if key in removed]
        try:
            store.commit([*(needed[key] for key in group), *noted])
        except Refused:
            continue
        except StoreUnavailable as error:
            log.exception("alerts_not_written", error)
            break
        written += changes
    return written


def _tell_log(transition: Transition) -> None:
    after = transition.after
    log.info(
        "alert_changed",
        rule=after.key.rule,
        service=after.key.service,
        version=after.key.version,
        before=transition.before.shown if transition.before else OK,
        after=after.shown,
        value=after.value,
        threshold=after.threshold,
        requests=after.requests,
        failures=after.failures,
    )
