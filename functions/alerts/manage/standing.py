"""How every alert stands, for screens: as it was written down, and what is not written as it is
measured now. Nothing is written here: alerts move when `tick` looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from functions.alerts import defined
from functions.alerts import store as alert_store
from functions.alerts.measures import Key, Measurement, Sources, measured
from functions.alerts.past import Past
from functions.alerts.rule import Rule
from functions.alerts.state import (
    FIRING,
    INHIBITED,
    NO_DATA,
    OK,
    PENDING,
    RESOLVED,
    SILENCED,
    State,
)
from functions.alerts.values import reach_seconds
from functions.definitions import Definitions
from functions.documents import Scope, Store
from functions.metrics.baselines import Baselines
from functions.metrics.store import load_recent

ORDER = (FIRING, PENDING, SILENCED, INHIBITED, NO_DATA, RESOLVED, OK)


@dataclass(frozen=True)
class Standing:
    """An alert with its rule; `stored` whether somebody wrote it down."""

    rule: Rule
    state: State
    stored: bool


class Standings:
    """What it read of definitions and of what was usual is kept for the next request."""

    def __init__(self) -> None:
        self._definitions: Definitions | None = None
        self._baselines: Baselines | None = None
        self._past = Past()

    def of(self, store: Store, scope: Scope, now: float) -> list[Standing]:
        """What fires first, then the most severe. Raises StoreUnavailable."""
        self._definitions = self._definitions or Definitions(store, *defined.PARTS)
        self._baselines = self._baselines or Baselines(store)
        known = defined.defined(self._definitions.of(scope))
        stored = {
            key: alert_store.state(document)
            for key, document in alert_store.load(store, scope).items()
        }
        sources = Sources(known.scores, partial(self._baselines.of, scope))
        past = self._past.of(store, scope, now, reach_seconds(known.rules))
        found = measured(known.rules, load_recent(store, scope, now), past, now, sources)
        return standing({rule.id: rule for rule in known.rules}, stored, found)


def standing(
    rules: Mapping[str, Rule],
    stored: Mapping[Key, State],
    measurements: Mapping[Key, Measurement | None],
) -> list[Standing]:
    """Those of rules that are in force."""
    found = [
        Standing(rules[key.rule], state, stored=True)
        for key, state in stored.items()
        if key.rule in rules
    ]
    found += [
        Standing(rules[key.rule], _unwritten(rules[key.rule], key, each), stored=False)
        for key, each in measurements.items()
        if key not in stored
    ]
    return sorted(found, key=_place)


def _unwritten(rule: Rule, key: Key, measurement: Measurement | None) -> State:
    """Well, or without data; too much for less than a look ago is not an alert yet."""
    if measurement is None:
        return State(key, rule.severity, NO_DATA, 0.0, rule.threshold)
    return State(
        key,
        rule.severity,
        OK,
        0.0,
        rule.threshold,
        value=measurement.value,
        requests=measurement.requests,
        failures=measurement.failures,
    )


def _place(one: Standing) -> tuple[int, str, Key]:
    return ORDER.index(one.state.shown), one.state.severity, one.state.key
