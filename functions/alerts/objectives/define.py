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


def put_objective(objective: Objective, measured: Measured) -> Decide:
    """Raises InvalidArgument for what nobody reports, FailedPrecondition (too many)."""
    put = catalog.put(OBJECTIVES, objective.id, objective.to_document())

    def decide(view: View) -> Decision:
        if objective.metric:
            _require_reported(view, objective, measured)
        return put(view)

    return decide


def _require_reported(view: View, objective: Objective, measured: Measured) -> None:
    """An objective of what nobody reports would be without data for ever."""
    wanted = objective.kind is Kind.LATENCY
    names = reported(view, measured)
    fitting = [name for name, each in names.items() if each.durations == wanted]
    if objective.metric not in fitting:
        what = "durations" if wanted else "measure"
        raise InvalidArgument(
            f"Nobody reports the {what} `{objective.metric}`{_there_are(fitting)}.",
            remedy="Declare it first: `palier metrics declare`.",
        )


def _there_are(names: Iterable[str]) -> str:
    told = ", ".join(f"`{name}`" for name in sorted(names)[:40])
    return f"; there are {told}" if told else ""
