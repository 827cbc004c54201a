"""One look at every rule: read the states, evaluate, commit what changed with its messages.

A state and the message that tells of it are written together. Two that watch at once decide the
same; the second is refused and leaves it at that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from functions import log
from functions.alerts import outbox, rules, told
from functions.alerts import store as alert_store
from functions.alerts.measures import Measurement
from functions.alerts.rule import P1, Rule
from functions.alerts.rules import Evaluation, Key, State, Transition
from functions.alerts.thresholds import PUBLISHING, RULES
from functions.documents import Document, Refused, Scope, Store, Write
from functions.metrics.windows import Window

PUBLISHER = Key(PUBLISHING.id, "palier", "publishing")
ALERTS_A_COMMIT = 100


@dataclass(frozen=True)
class Watched:
    """The states of all alerts, and the changes that this look wrote down."""

    evaluation: Evaluation
    transitions: tuple[Transition, ...] = ()

    def alarms(self, service: str, version: str) -> list[str]:
        """The ids of the P1 rules that fire for a service's version."""
        firing = self.evaluation.firing(service, version)
        return [state.key.rule for state in firing if state.severity == P1]


def watch(
    store: Store,
    scope: Scope,
    windows: Sequence[Window],
    now: float,
    *,
    publishing_lag: float | None = None,
    watched: Sequence[Rule] = RULES,
) -> Watched:
    """Evaluates the rules on the windows of the last minutes. Raises StoreUnavailable.

    `publishing_lag` is that of metrics.publish.lag; None leaves its rule as it is.
    """
    stored = alert_store.load(store, scope)
    previous = {key: alert_store.state(document) for key, document in stored.items()}
    evaluation = rules.evaluate(watched, windows, previous, now)
    if publishing_lag is not None:
        evaluation = _with_publishing(evaluation, previous, publishing_lag, now)
    written = _write(store, scope, stored, evaluation, now)
    for transition in written:
        _tell_log(transition)
    return Watched(evaluation, tuple(written))


def _with_publishing(
    evaluation: Evaluation, previous: Mapping[Key, State], lag: float, now: float
) -> Evaluation:
    before = previous.get(PUBLISHER)
    measured = Measurement(lag, PUBLISHING.breached(lag))
    after = rules.step(PUBLISHING, PUBLISHER, before, measured, now)
    transitions = evaluation.transitions
    if rules.changed(before, after):
        transitions = (*transitions, Transition(PUBLISHING, before, after))
    return Evaluation({**evaluation.states, PUBLISHER: after}, transitions)


def _write(
    store: Store,
    scope: Scope,
    stored: Mapping[Key, Document],
    evaluation: Evaluation,
    now: float,
) -> list[Transition]:
    """Commits in groups; the transitions of those that were written by us."""
    needed = alert_store.writes(scope, stored, evaluation.states.values(), now)
    transitions = {transition.after.key: transition for transition in evaluation.transitions}
    keys = list(needed)
    written: list[Transition] = []
    for first in range(0, len(keys), ALERTS_A_COMMIT):
        group = keys[first : first + ALERTS_A_COMMIT]
        changes = [transitions[key] for key in group if key in transitions]
        try:
            store.commit([*(needed[key] for key in group), *_messages(scope, changes, now)])
        except Refused:
            continue
        written += changes
    return written


def _messages(scope: Scope, changes: Sequence[Transition], now: float) -> list[Write]:
    return [
        outbox.enqueue(scope, told.of_transition(change), now)
        for change in changes
        if change.opens or change.closes
    ]


def _tell_log(transition: Transition) -> None:
    after = transition.after
    log.info(
        "alert_changed",
        rule=after.key.rule,
        service=after.key.service,
        version=after.key.version,
        before=transition.before.status if transition.before else rules.OK,
        after=after.status,
        value=after.value,
        threshold=after.threshold,
        requests=after.requests,
        failures=after.failures,
    )
