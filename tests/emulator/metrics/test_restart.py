"""Collection that is restarted goes on where it was, and sends nothing twice."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import Client

from functions import web
from functions.administration import Administration
from functions.clock import ManualClock
from functions.documents import Refused, Store, Write
from functions.identity import Actor, administrator_path, membership_path
from functions.metrics.minutes import Minutes
from functions.metrics.observation import Observation
from functions.metrics.publish import publish, publishing_path
from functions.metrics.restart_routes import blueprint
from functions.metrics.store import SlotKey, load_flushed, load_minutes, slot_write
from functions.metrics.tally import merge_all, of
from functions.published import timestamp
from local.monitoring.rules import Limits
from tests.emulator.metrics.published import SCOPE, START, Monitoring, serve_minute


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START + 200.0)


@pytest.fixture
def client(store: Store, clock: ManualClock) -> Client:
    member = {"role": "reader", "environments": [SCOPE.environment]}
    store.commit(
        [
            Write.create(SCOPE.path, {}),
            Write.create(administrator_path("boss"), {}),
            Write.create(membership_path("main", "guest"), member),
        ]
    )

    def person(authorization: str | None) -> Actor:
        return Actor.person(str(authorization))

    administration = Administration(store, clock, SCOPE, person)
    return web.make_app("restart", "/admin", [blueprint(lambda: administration)]).test_client()


def restart(client: Client, path: str = "/metrics", who: str = "boss", **body: Any) -> Any:
    sent = {"action": "restart_collection", **body}
    return client.post(path, json=sent, headers={"Authorization": who})


def slot(store: Store, start: int, requests: int) -> None:
    some = merge_all(
        of(Observation("stories", "1.2.0", 3, start + 1, 100.0, "OK", "none", f"{n:016x}"))
        for n in range(requests)
    )
    key = SlotKey(SCOPE, start, "stories", "1.2.0", 3)
    store.commit([slot_write(key, "i1", some, start + 10)])


@pytest.mark.parametrize("path", ["/metrics", "/chat-metrics", "/admin/chat-metrics"])
def test_before_anything_was_published(client: Client, store: Store, path: str) -> None:
    told = restart(client, path, minutes=5).get_json()
    assert told == {
        "generation": 1,
        "published_through": None,
        "behind_seconds": None,
        "publisher_released": False,
        "minutes": 5,
        "minutes_changed": 0,
    }
    [entry] = store.query("applications/main/audit")
    assert entry.data["action"] == "metrics.restart_collection"
    assert entry.data["reason"] == "restart_collection", "nobody gave another"


def test_a_claim_that_hangs_is_released_and_every_minute_comes_once(
    client: Client, store: Store, clock: ManualClock
) -> None:
    monitoring = Monitoring(clock, Limits())
    serve_minute(store, 2)
    assert publish(store, monitoring.sink(), clock, SCOPE).minutes
    for minute in (3, 4, 5):
        serve_minute(store, minute)
    clock.advance(240)
    document = store.get(publishing_path(SCOPE))
    assert document
    until = timestamp(clock.now() + 10_000)
    store.commit([Write.update(document, {"holder": "somebody", "claimed_until": until})])
    assert publish(store, monitoring.sink(), clock, SCOPE).minutes == 0, "somebody is at it"
    told = restart(client, minutes=1).get_json()
    assert told["publisher_released"]
    assert told["published_through"] < clock.now()
    again = store.get(publishing_path(SCOPE))
    assert again
    assert again.data["watermark"] == document.data["watermark"]
    with pytest.raises(Refused):
        store.commit([Write.update(document, {"holder": "somebody"})])
    done = publish(store, monitoring.sink(), clock, SCOPE)
    assert (done.problem, done.refused) == ("", 0)
    assert monitoring.minutes() == [2, 3, 4, 5]
    monitoring.down()


def test_minutes_are_as_their_slots_say(client: Client, store: Store, clock: ManualClock) -> None:
    for n in range(3):
        slot(store, START + 60 * n, requests=10)
    Minutes().merge(store, SCOPE, clock.now(), load_flushed(store, SCOPE, clock.now(), 400))
    [first, *_] = store.query(SCOPE.collection("windows"))
    store.commit([Write.delete(first)])
    told = restart(client, minutes=10).get_json()
    assert (told["minutes"], told["minutes_changed"]) == (10, 1)
    assert [window.tally.requests for window in load_minutes(store, SCOPE, START)] == [10] * 3
    assert restart(client, minutes=10).get_json()["minutes_changed"] == 0


@pytest.mark.parametrize(
    ("who", "body", "status"),
    [
        ("guest", {}, 403),
        ("boss", {"action": "stop_collection"}, 400),
        ("boss", {"minutes": 301}, 400),
        ("boss", {"reason": ""}, 400),
    ],
)
def test_who_may_not_and_what_is_not_done(
    client: Client, store: Store, who: str, body: dict[str, Any], status: int
) -> None:
    assert restart(client, who=who, **body).status_code == status
    assert store.query("applications/main/audit") == []
