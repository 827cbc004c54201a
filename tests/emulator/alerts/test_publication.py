"""What is open and what was given up is counted for Cloud Monitoring, cheaply."""

from __future__ import annotations

from functions.alerts.defined import Defined
from functions.alerts.measures import Sources
from functions.alerts.publication import beside
from functions.documents import Scope, Store, Write
from functions.metrics import series
from functions.metrics.series import Reading

SCOPE = Scope("main", "production")


def counted(store: Store) -> dict[str, float]:
    given = [Reading(series.ROLLOUT_PERCENTAGE, 10.0, {"flag": "f", "version": "1"})]
    found = beside(store, SCOPE, Defined(), Sources(), {}, given)
    return {each.metric.name: each.value for each in found.readings}


def test_nothing_is_zero_and_not_absent(store: Store) -> None:
    assert counted(store) == {"rollout_percentage": 10.0, "incidents_open": 0, "dead_letters": 0}


def test_what_is_not_resolved_and_what_is_dead(store: Store) -> None:
    of = {
        "incidents": ("open", "acknowledged", "resolved", "resolved"),
        "deliveries": ("dead", "delivered", "due"),
    }
    for collection, statuses in of.items():
        for number, status in enumerate(statuses):
            content = {"status": status, "test": False}
            store.commit([Write.create(SCOPE.doc(collection, str(number)), content)])
    of_a_test = {"status": "open", "test": True}
    store.commit([Write.create(SCOPE.doc("incidents", "test"), of_a_test)])
    before = store.operations["reads"]
    found = counted(store)
    assert (found["incidents_open"], found["dead_letters"]) == (2, 1)
    assert store.operations["reads"] - before == 2
