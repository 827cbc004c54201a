"""Events over HTTP: who may send, what is refused, and what is counted for whom."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import Any

import pytest
from google.cloud import firestore
from werkzeug.test import Client, TestResponse

from functions import web
from functions.changes import Change, Decision, Outcome, commit_change
from functions.clock import ManualClock
from functions.documents import Scope, Store, Write
from functions.errors import Unauthenticated
from functions.flags.clients.limits import Limits
from functions.flags.clients.reporters import Reporters, context_problem
from functions.flags.flag import Flag
from functions.flags.keys import ApiKey, Kind, new_key
from functions.flags.manage.publish import publish, save_flag
from functions.flags.publication import Edit
from functions.flags.snapshot import SnapshotCache
from functions.identity import Actor, Permission
from functions.metrics import store as metric_store
from functions.metrics.apps import declared, routes
from functions.metrics.apps.accept import Reception
from functions.metrics.apps.declare import declare
from functions.metrics.apps.declared import AppMetric
from functions.metrics.apps.intake import Intake
from functions.metrics.tally import Tally, merge_all
from functions.metrics.windows import Arm
from functions.published import KEYS
from tests.unit.metrics.apps.snapshots import split

SCOPE = Scope("main", "production")
ASKED = Change(SCOPE, Actor.operator("tests"), Permission.EDIT_FLAGS, "a test")
FLAG = split("stories.version", "stories", 50, "1.2.0", "1.3.0")
METRICS = (
    AppMetric("app_rating", declared.Kind.RATING),
    AppMetric("loaded", declared.Kind.DURATION, service="stories"),
    AppMetric("app_crash", declared.Kind.CRASH),
)


def person(authorization: str | None) -> Actor:
    name = (authorization or "").removeprefix("Bearer ")
    if not name.startswith("user-"):
        raise Unauthenticated("No ID token was sent.")
    return Actor.person(name)


def app(token: str | None) -> None:
    if token != "genuine":
        raise Unauthenticated("No App Check token was sent.")


class World:
    """An environment with a rollout, metrics and keys, and an instance of `api`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = ManualClock(time.time())
        self.secret, self.publishable = (
            new_key(Kind.SECRET, SCOPE),
            new_key(Kind.PUBLISHABLE, SCOPE),
        )
        store.commit([Write.create(SCOPE.path, {})])
        keys = {key.id: key.record() for key in (self.secret, self.publishable)}
        self.change(lambda _: Decision(parts={KEYS: keys}))
        self.flag(FLAG)
        for metric in METRICS:
            self.change(declare(metric, {}))
        self.clock.advance(300)
        self.snapshots = SnapshotCache(store, self.clock, own=SCOPE)
        self.client = self.instance()
        self.sent = 0

    def instance(self, limit: float = 0) -> Client:
        reporters = Reporters(
            lambda: self.snapshots, self.clock, Limits(limit), SCOPE, person=person, app=app
        )
        reception = Reception(self.snapshots, Intake(self.store, self.clock), self.clock)
        found = routes.blueprint(lambda: reception, reporters.read, context_problem)
        return web.make_app("events-tests", "/api", [found]).test_client()

    def change(self, decide: Any) -> Outcome:
        return commit_change(self.store, self.clock, ASKED, decide)

    def flag(self, flag: Flag) -> None:
        def decide(view: Any) -> Decision:
            document = view.get(SCOPE.doc("flags", flag.key))
            saved, writes = save_flag(view, document, flag)
            return Decision(writes=writes, parts=publish(view, Edit(flags=[saved])))

        self.change(decide)

    def send(self, *events: Any, who: Any = None, **more: Any) -> TestResponse:
        self.sent += 1
        body = {"batch": f"batch-{self.sent:04}", "events": list(events), **more}
        return self.client.post("/v1/events", json=body, headers=headers(who or self.secret))

    def tallies(self) -> dict[Arm, Tally]:
        slots = metric_store.load_flushed(self.store, SCOPE, self.clock.now(), 3600)
        return {
            arm: merge_all(slot.tally for slot in slots if slot.arm == arm)
            for arm in {slot.arm for slot in slots}
        }


def headers(who: ApiKey | str) -> dict[str, str]:
    if isinstance(who, ApiKey):
        return {"Authorization": f"Bearer {who.text()}"}
    return {"Authorization": f"Bearer {who}", "X-Firebase-AppCheck": "genuine"}


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


def event(metric: str = "app_rating", value: Any = 5, user: Any = "user-1", **more: Any) -> Any:
    return {"metric": metric, "value": value, "context": {"targetingKey": user}, **more}


def code(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, (answer.get_json() or {}).get("code", "")


def test_a_batch_is_counted_for_the_arms_of_its_users(world: World) -> None:
    users = [f"user-{number}" for number in range(40)]
    answer = world.send(*(event(user=user) for user in users))
    assert (answer.status_code, answer.get_json()) == (
        202,
        {"batch": "batch-0001", "events": 40, "late": 0, "duplicate": False},
    )
    evaluator = world.snapshots.get(SCOPE).evaluator
    served = Counter(
        evaluator.evaluate("stories.version", {"targetingKey": user}).variant for user in users
    )
    tallies = world.tallies()
    assert {arm.version: tallies[arm].measure("app_rating").count for arm in tallies} == {
        **served,
        "all": 40,
    }
    assert tallies[Arm("app", "all")].measure("satisfied").sum == 40


def test_the_same_batch_counts_once_and_another_by_its_id_is_refused(world: World) -> None:
    assert world.send(event(), batch="the-batch").get_json()["duplicate"] is False
    again = world.send(event(), batch="the-batch")
    assert (again.status_code, again.get_json()["duplicate"]) == (202, True)
    assert code(world.send(event(value=1), batch="the-batch")) == (409, "ALREADY_EXISTS")
    other = world.send(event(), batch="the-batch", who=world.publishable)
    assert other.get_json()["duplicate"] is False, "each key has ids of its own"
    assert world.tallies()[Arm("app", "all")].measure("app_rating").count == 1


TRUSTED = {"secret": "all", "user-1": "all", "publishable": "all+claimed"}


@pytest.mark.parametrize("who", TRUSTED)
def test_what_may_be_forged_counts_apart(world: World, who: str) -> None:
    reporter = getattr(world, who, who)
    assert world.send(event("app_crash", None), who=reporter).status_code == 202
    tallies = world.tallies()
    assert Arm("app", TRUSTED[who]) in tallies
    assert {arm.version.endswith("+claimed") for arm in tallies} == {who == "publishable"}


def test_a_user_is_believed_of_themselves_and_so_often(world: World) -> None:
    of_others = world.send(event(user="user-2"), who="user-1")
    assert of_others.status_code == 202
    assert set(world.tallies()) == {
        Arm("app", "all+claimed"),
        *(arm for arm in world.tallies() if arm.service == "stories"),
    }
    crashes = [event("app_crash", None)] * 100
    assert world.send(*crashes, who="user-1").status_code == 202
    tallies = world.tallies()
    assert tallies[Arm("app", "all")].measure("app_crash").count == 60
    assert tallies[Arm("app", "all+claimed")].measure("app_crash").count == 40


REFUSED: list[Any] = [
    (event("tables"), "metric"),
    (event("crash"), "metric"),
    (event(value=6), "value"),
    (event("app_crash", 2), "value"),
    (event(value="5"), "value"),
    (event(value=True), "value"),
    (event(value=10**400), "value"),
    (event(at=4e9), "at"),
    (event(at="yesterday"), "at"),
    (event(more=1), "more"),
    (event(user=7), "context"),
    (event(context={"a": {"b": [[[[[[[[[[[1]]]]]]]]]]]}}), "context"),
    (event(context={str(number): 1 for number in range(1_001)}), "context"),
]


def test_one_that_is_wrong_refuses_the_batch(world: World) -> None:
    for wrong, field in REFUSED:
        answer = world.send(event(), wrong)
        assert code(answer) == (400, "INVALID_ARGUMENT"), wrong
        named = [each["field"] for each in answer.get_json()["problems"]]
        assert named == [f"events.1.{field}"], wrong
    assert world.tallies() == {}
    assert world.send(event(), batch="batch-0001").get_json()["duplicate"] is False


BATCHES: list[Any] = [
    {},
    {"batch": "batch-1", "events": []},
    {"batch": "b", "events": [event()]},
    {"batch": "a/b/c/d/e", "events": [event()]},
    {"batch": "batch-1", "events": [event()] * 501},
    {"batch": "batch-1", "events": [event()], "context": []},
]


STRANGE: list[Any] = [
    {"targetingKey": "\ud800"},
    {"targetingKey": "a\x00b"},
    {"targetingKey": ""},
    {"targetingKey": None},
    {"targetingKey": "u", "\ud800": "\udfff"},
    {"targetingKey": "u", "n": 10**400},
    {"targetingKey": "u", "$flagd": {"timestamp": "x"}, "list": [[], {}, None]},
    {},
]


def test_strange_contexts_are_those_of_somebody(world: World) -> None:
    """As they are for flags: nothing of a context is refused for what it says."""
    for context in STRANGE:
        answer = world.send({"metric": "app_rating", "value": 4, "context": context})
        assert answer.status_code == 202, context
    assert world.tallies()[Arm("app", "all")].measure("app_rating").count == len(STRANGE)


CANARY = "canary-9b2f"


def test_nothing_of_a_user_is_kept_or_told(
    world: World, firestore_client: firestore.Client, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not their id, not their context, not what a batch was called; neither when it is refused."""
    private = {"targetingKey": f"user-{CANARY}", "mail": f"{CANARY}@example.org", CANARY: CANARY}
    sent = {"metric": "app_rating", "value": 4, "context": private}
    for who in (world.secret, world.publishable, f"user-{CANARY}"):
        for more in ({}, {"value": 9}, {"metric": CANARY}, {"at": 1.0}):
            answer = world.send({**sent, **more}, who=who, batch=f"{CANARY}-{world.sent}")
            told = {**answer.get_json(), "batch": ""}
            assert CANARY not in json.dumps(told), more
    assert world.send(sent, who="user-1", batch=f"{CANARY}-0").status_code == 202
    kept = {
        snapshot.reference.path: snapshot.to_dict()
        for group in ("slots", "batches")
        for snapshot in firestore_client.collection_group(group).stream()
    }
    assert len(kept) > 6
    assert CANARY not in str(kept)
    captured = capsys.readouterr()
    assert CANARY not in captured.out + captured.err


def test_a_batch_that_is_none(world: World) -> None:
    for body in BATCHES:
        answer = world.client.post("/v1/events", json=body, headers=headers(world.secret))
        assert code(answer) == (400, "INVALID_ARGUMENT"), body


def test_too_much_in_one_body(world: World) -> None:
    large = event(context={"targetingKey": "u", "text": "x" * 270_000})
    assert code(world.send(large)) == (413, "PAYLOAD_TOO_LARGE")


def test_who_may_not_send(world: World) -> None:
    body = {"batch": "batch-0001", "events": [event()]}
    forged = new_key(Kind.SECRET, SCOPE)
    for given in (
        {},
        headers(forged),
        {"X-API-Key": forged.text()},
        {"Authorization": "Bearer nobody", "X-Firebase-AppCheck": "genuine"},
        {"Authorization": "Bearer user-1"},
        {"Authorization": "Bearer user-1", "X-Firebase-AppCheck": "forged"},
    ):
        answer = world.client.post("/v1/events", json=body, headers=given)
        assert code(answer) == (401, "UNAUTHENTICATED"), given
    assert world.tallies() == {}


def test_a_key_may_send_so_often(world: World) -> None:
    world.client = world.instance(limit=1)
    answers = [world.send(event()) for _ in range(4)]
    assert code(answers[-1]) == (202, ""), "a batch a second is let through"
    again = world.client.post("/v1/events", json={}, headers=headers(world.secret))
    again = world.client.post("/v1/events", json={}, headers=headers(world.secret))
    assert code(again) == (429, "RATE_LIMITED")
    assert int(again.headers["Retry-After"]) >= 1


def test_the_context_of_the_batch_is_that_of_events_without_one(world: World) -> None:
    bare = {"metric": "loaded", "value": 812.5}
    assert world.send(bare, context={"targetingKey": "user-1"}).status_code == 202
    assert world.send(event("loaded", 812.5)).status_code == 202
    [(arm, tally)] = world.tallies().items()
    assert arm.service == "stories"
    assert tally.timing("loaded").count == 2


def test_an_event_counts_by_the_split_of_its_moment(world: World) -> None:
    """The candidate was taken back 30 s ago: what happened before still counts for it."""
    users = [f"user-{number}" for number in range(20)]
    world.send(*(event(user=user) for user in users))
    before = {arm: tally.measure("app_rating").count for arm, tally in world.tallies().items()}
    world.clock.advance(60)
    world.flag(split("stories.version", "stories", 0, "1.2.0", "1.3.0"))
    world.clock.advance(30)
    now = world.clock.now()
    world.send(*(event(user=user, at=now - 40) for user in users))
    after = {arm: tally.measure("app_rating").count for arm, tally in world.tallies().items()}
    assert after == {arm: 2 * number for arm, number in before.items()}
    world.send(*(event(user=user, at=now - 20) for user in users))
    assert (
        world.tallies()[Arm("stories", "1.3.0")].measure("app_rating").count
        == (after[Arm("stories", "1.3.0")])
    )


def test_late_events_are_counted_as_late(world: World) -> None:
    now = world.clock.now()
    answer = world.send(event(at=now - 119), event(at=now - 121), event(at=now - 9_000))
    assert answer.get_json()["late"] == 2
    own = world.tallies()[Arm("app", "all")]
    assert (own.measure("late").sum, own.measure("app_rating").count) == (2, 1)


def test_an_event_costs_no_read_and_two_writes_a_batch(world: World) -> None:
    world.send(event())
    before = world.store.operations.copy()
    world.clock.advance(1)
    world.send(*(event("loaded", 1.0) for _ in range(100)))
    spent = world.store.operations - before
    assert spent == {"commits": 1, "writes": 2}
