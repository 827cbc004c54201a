"""An objective is defined, as a decision for `commit_change`."""

from __future__ import annotations

from collections.abc import Iterable

from functions import catalog
from functions.alerts.manage.define import Measured, reported
from functions.alerts.objectives.objective import Kind, Objective
from functions.alerts.objectives.store import OBJECTIVES
from functions.catalog import Decide
from functions.changes import Decision, View
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
        return put(view)

    return decide


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
