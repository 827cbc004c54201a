"""Alerts are stored when they change, told once, and delivered."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from google.cloud import firestore

from functions.alerts import store as alert_store
from functions.alerts.rule import NOTIFY, PAUSE
from functions.alerts.rules import FIRING, NO_DATA, RESOLVED, Key
from functions.alerts.watch import Watched, publishing, stored_alarms, watch
from functions.documents import Scope, Store, Write
from functions.errors import StoreUnavailable
from functions.metrics import tally
from functions.metrics.observation import Note, Observation
from functions.metrics.windows import Window
from functions.stories.versions import BY_FALLBACK, PINNED

SCOPE = Scope("main", "production")
NOW = 1_800_000_000.0
BAD = Key("p1-error-rate", "stories", "1.3.0")


def window(now: float, failures: int, requests: int = 100) -> Window:
    start = int(now) // 10 * 10 - 10
    some = tally.merge_all(
        tally.of(
            Observation(
                "stories",
                "1.3.0",
                3,
                start + n / 100,
                100.0,
                "OPENAI_ERROR" if n < failures else "OK",
                "candidate" if n < failures else "none",
                f"{n:016x}",
            )
        )
        for n in range(requests)
    )
    return Window(start, 10, "stories", "1.3.0", 3, some)


def beside(now: float, suffix: str, failures: int, requests: int = 100) -> Window:
    """As `window`, of an arm that is counted beside the version."""
    return replace(window(now, failures, requests), version=f"1.3.0{suffix}")


def look(store: Store, now: float, windows: Sequence[Window] | int) -> Watched:
    given = [window(now, windows)] if isinstance(windows, int) else windows
    return watch(store, SCOPE, given, now)


def status(store: Store, key: Key = BAD) -> str:
    document = store.get(alert_store.path(SCOPE, key))
    return alert_store.state(document).status if document else ""


def critical(watched: Watched, version: str) -> list[str]:
    return [one.rule for one in watched.alarms("stories", version) if one.severity == "P1"]


def changes(store: Store) -> list[tuple[str, str]]:
    found = store.query(SCOPE.collection("alert-events"), order_by="at")
    mine = [each.data for each in found if each.data["rule"] == BAD.rule]
    return [(data["before"], data["after"]) for data in mine]


@pytest.mark.parametrize("suffix", [BY_FALLBACK, PINNED])
def test_what_is_counted_beside_a_version_has_alerts_of_its_own(store: Store, suffix: str) -> None:
    fired = look(store, NOW, [window(NOW, 0), beside(NOW, suffix, 10)])
    assert critical(fired, "1.3.0") == []
    assert critical(fired, f"1.3.0{suffix}") == ["p1-error-rate"]
    assert status(store) == ""
    assert status(store, BAD._replace(version=f"1.3.0{suffix}")) == FIRING
    again = look(store, NOW + 10, [window(NOW, 10), beside(NOW, suffix, 0)])
    assert critical(again, "1.3.0") == ["p1-error-rate"]


def test_a_note_makes_no_alert(store: Store) -> None:
    rated = tally.of_note(Note("stories", "1.1.0", 2, NOW, {"rating": 1}))
    found = look(store, NOW, [Window(int(NOW) - 10, 10, "stories", "1.1.0", 2, rated)])
    assert not found.transitions
    assert not alert_store.load(store, SCOPE)


def test_an_alert_comes_and_goes_with_two_events(store: Store) -> None:
    assert look(store, NOW, 0).transitions == ()
    assert status(store) == ""
    fired = look(store, NOW + 10, 10)
    assert "p1-error-rate" in {change.rule.id for change in fired.transitions if change.opens}
    assert critical(fired, "1.3.0") == ["p1-error-rate"]
    assert critical(fired, "1.2.0") == []
    assert status(store) == FIRING
    assert [one.key for one in alert_store.firing(store, SCOPE)] == [BAD]
    look(store, NOW + 20, 0)
    look(store, NOW + 200, 0)
    assert status(store) == RESOLVED
    assert changes(store) == [("ok", FIRING), (FIRING, RESOLVED)]
    look(store, NOW + 200 + 3600, 0)
    assert status(store) == ""


def test_what_stays_as_it_is_costs_no_write(store: Store) -> None:
    look(store, NOW, 10)
    before = store.operations["writes"]
    assert look(store, NOW + 10, 10).transitions == ()
    assert store.operations["writes"] == before
    look(store, NOW + 20, 0)
    look(store, NOW + 30, 0)
    assert store.operations["writes"] == before + 5, "one an alert, and an event of each change"


def test_a_version_without_requests_ends_as_no_data_and_is_forgotten(store: Store) -> None:
    look(store, NOW, 10)
    look(store, NOW + 10, [])
    assert status(store) == FIRING
    look(store, NOW + 130, [])
    assert status(store) == NO_DATA
    assert changes(store)[-1] == (FIRING, NO_DATA)
    look(store, NOW + 130 + 86_400, [])
    assert store.query(SCOPE.collection("alerts")) == []


def test_two_look_at_once_and_one_event_is_made(store: Store) -> None:
    windows = [window(NOW, 10)]
    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(lambda _: look(store, NOW, windows), range(4)))
    assert sum(bool(one.transitions) for one in seen) == 1
    assert all(critical(one, "1.3.0") == ["p1-error-rate"] for one in seen)
    assert changes(store) == [("ok", FIRING)]


def test_publishing_that_lags_is_an_alert(store: Store) -> None:
    key = Key("publishing-behind", "palier", "publishing")
    watch(store, SCOPE, [], NOW, handed=publishing(600.0))
    assert status(store, key) == ""
    watch(store, SCOPE, [], NOW + 60, handed=publishing(660.0))
    assert status(store, key) == FIRING
    watch(store, SCOPE, [], NOW + 120)
    assert status(store, key) == FIRING
    watch(store, SCOPE, [], NOW + 180, handed=publishing(80.0))
    watch(store, SCOPE, [], NOW + 300, handed=publishing(80.0))
    assert status(store, key) == RESOLVED


def test_variants_with_any_name_have_alerts_of_their_own(store: Store) -> None:
    arms = [("checkout", "new/checkout"), ("checkout", "flow_b"), ("checkout_flow", "b")]
    failed = window(NOW, 100)
    watch(store, SCOPE, [replace(failed, service=of, version=name) for of, name in arms], NOW)
    found = {(key.service, key.version) for key in alert_store.load(store, SCOPE)}
    assert found == set(arms)


class Unwritten(Store):
    """The real store, on which nothing can be written when its line is cut."""

    away = False

    def commit(self, writes: Sequence[Write], **options: Any) -> list[Any]:
        if self.away:
            raise StoreUnavailable("cut off by the test")
        return super().commit(writes, **options)


def test_what_fires_acts_although_it_cannot_be_written(
    firestore_client: firestore.Client, store: Store
) -> None:
    unwritten = Unwritten(firestore_client)
    unwritten.away = True
    fired = look(unwritten, NOW, 10)
    assert critical(fired, "1.3.0") == ["p1-error-rate"]
    assert not fired.transitions
    assert status(store) == ""
    unwritten.away = False
    again = look(unwritten, NOW + 10, 10)
    assert "p1-error-rate" in {change.rule.id for change in again.transitions}
    assert status(store) == FIRING


def test_what_is_stored_as_firing_protects_when_rules_cannot_be_evaluated(store: Store) -> None:
    assert critical(stored_alarms(store, SCOPE), "1.3.0") == []
    look(store, NOW, 10)
    found = stored_alarms(store, SCOPE)
    assert critical(found, "1.3.0") == ["p1-error-rate"]
    assert critical(found, "1.2.0") == []
    assert found.alarms("stories", "1.3.0")[0].actions == (NOTIFY, PAUSE)
    assert found.evaluation.loud()
    assert not stored_alarms(store, SCOPE, []).alarms("stories", "1.3.0")
