"""An objective is defined or removed, as a decision for `commit_change`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from functions import catalog
from functions.alerts.manage.define import Measured, reported
from functions.alerts.objectives import store
from functions.alerts.objectives.objective import Kind, Objective
from functions.alerts.objectives.store import OBJECTIVES
from functions.catalog import Decide
from functions.changes import Decision, View
from functions.documents import Write
from functions.errors import InvalidArgument
from functions.metrics.apps.declared import VALUES, read_all
from functions.metrics.apps.declared import Kind as Declared
from functions.metrics.names import COMPLAINED, RATING, SATISFIED
from functions.published import DECLARED

UNITS_OF_SHARES = frozenset({"0 or 1", "0 to 1"})
"""Of measures that functions report themselves."""


def put_objective(objective: Objective, measured: Measured) -> Decide:
    """Raises InvalidArgument for what nobody reports, FailedPrecondition (too many)."""
    put = catalog.put(OBJECTIVES, objective.id, objective.to_document())

    def decide(view: View) -> Decision:
        if objective.metric:
            _require_reported(view, objective, measured)
        return _with_ledgers(view, put(view))

    return decide


def remove_objective(identifier: str) -> Decide:
    """What was counted for it goes as well. Raises NotFound."""
    remove = catalog.remove(OBJECTIVES, identifier)

    def decide(view: View) -> Decision:
        return _with_ledgers(view, remove(view))

    return decide


def _with_ledgers(view: View, decision: Decision) -> Decision:
    """With the ledgers that no objective needs any more taken away, and those that one begins to
    need: what a tick that knew of no change yet has left would have a hole before today."""
    if decision.empty:
        return decision
    before = _counted(view.part(OBJECTIVES.collection))
    changed = before ^ _counted(decision.parts[OBJECTIVES.collection])
    kept = store.kept(view, view.scope, {service for service, _ in changed})
    writes: list[Write] = []
    for service, each in kept.items():
        left = {
            indicator: ledger
            for indicator, ledger in each.ledgers.items()
            if (service, indicator) not in changed
        }
        if each.document is not None and len(left) < len(each.ledgers):
            gone = Write.delete(each.document)
            writes.append(store.write(view.scope, each, left) if left else gone)
    return replace(decision, writes=[*decision.writes, *writes])


def _counted(part: Mapping[str, Any]) -> set[tuple[str, str]]:
    """The service and the indicator of every objective that can be read."""
    found = set()
    for identifier, definition in part.items():
        try:
            each = Objective.from_document(identifier, definition)
            found.add((each.service, each.indicator))
        except (KeyError, TypeError, ValueError):
            continue  # of a later bundle: this one counts nothing for it
    return found


def _require_reported(view: View, objective: Objective, measured: Measured) -> None:
    """An objective of what nobody reports would be without data for ever, and one of what is not
    0 to 1 would say nothing of what was good."""
    if objective.kind is Kind.LATENCY:
        names = reported(view, measured)
        fitting = {name for name, each in names.items() if each.durations}
    else:
        fitting = _shares(view, measured)
    if objective.metric in fitting:
        return
    if objective.kind is Kind.MEASURE:
        _refuse_other_kinds(view, objective.metric, measured, fitting)
    what = "durations" if objective.kind is Kind.LATENCY else "measure"
    raise InvalidArgument(
        f"Nobody reports the {what} `{objective.metric}`{_there_are(fitting)}.",
        remedy="Declare it first: `palier metrics declare`.",
    )


def _shares(view: View, measured: Measured) -> set[str]:
    """The measures that are 0 to 1, so that their mean is the share that was good."""
    own = {
        name
        for known in measured.values()
        for name, each in known.items()
        if each.unit in UNITS_OF_SHARES
    }
    apps = read_all(view.part(DECLARED))
    rates = {name for name, each in apps.items() if each.kind is Declared.CONVERSION}
    return own | rates | {SATISFIED, COMPLAINED}


def _refuse_other_kinds(view: View, name: str, measured: Measured, fitting: Iterable[str]) -> None:
    """Raises InvalidArgument for what is reported, and is no share."""
    app = read_all(view.part(DECLARED)).get(name)
    if app is not None and app.kind is not Declared.DURATION:
        values = f"a {app.kind.value}: {VALUES[app.kind].told}"
        rated = app.kind in (Declared.RATING, Declared.COMPLAINT)
    else:
        units = [known[name].unit for known in measured.values() if name in known]
        if not units:
            return
        values, rated = units[0], name == RATING
    remedy = (
        f"Use `{SATISFIED}`, or `{COMPLAINED}` with `lower`: 1 or 0 for each of its events."
        if rated
        else "Declare a conversion (`palier metrics declare`) and report 1 for what is good and 0 "
        "for what is not."
    )
    raise InvalidArgument(
        f"`{name}` is not 0 to 1 ({values}): its mean is no share of what was good"
        f"{_there_are(fitting)}.",
        remedy=remedy,
    )


def _there_are(names: Iterable[str]) -> str:
    told = ", ".join(f"`{name}`" for name in sorted(names)[:40])
    return f"; there are {told}" if told else ""
