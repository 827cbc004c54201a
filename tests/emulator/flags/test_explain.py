"""Why a user gets what they get, over the admin API: what OFREP answers, for who may read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from functions import web
from functions.administration import Administration
from functions.changes import pointer_path
from functions.clock import ManualClock
from functions.documents import Document, Store, Write
from functions.flags.clients.hot import HotRoutes
from functions.flags.clients.limits import Limits
from functions.flags.clients.usage import Usage
from functions.flags.composition import Prerequisite
from functions.flags.flag import Flag
from functions.flags.keys import Kind
from functions.flags.manage import explain_routes, key_routes
from functions.flags.manage.explanation_store import read_for
from functions.flags.manage.flags import archive_flag, create_flag, edit_flag, kill_flag
from functions.flags.manage.segments import create_segment
from functions.flags.segment import Segment
from functions.flags.snapshot import SnapshotCache
from functions.identity import Actor, administrator_path, membership_path
from tests.emulator.flags.conftest import OTHER, SCOPE, commit, definition

OFREP = "/ofrep/v1/evaluate/flags"
PRO = {"==": [{"var": "plan"}, "pro"]}
ROLES = {
    "reader": {"role": "reader", "environments": [SCOPE.environment]},
    "developer": {"role": "developer", "environments": [SCOPE.environment]},
    "elsewhere": {"role": "team_manager", "environments": [OTHER.environment]},
}
BROKEN = {"if": [{">": [{"/": [1, {"var": "n"}]}, 0]}, "on"]}
SHARES = {"fractional": [["on", 50], ["off", 50]]}
FLAGS = [
    Flag("library", definition(targeting={"if": [{"$ref": "europe"}, "on"]})),
    Flag(
        "reader",
        definition(targeting={"if": [PRO, "on", {"$ref": "beta"}, "on", "off"]}),
        targets={"on": ("ada",)},
        prerequisites=(Prerequisite("library", ("on",)),),
        off_variant="off",
    ),
    Flag("shared", definition(targeting={"if": [{"!": [{"$ref": "beta"}]}, SHARES]})),
    Flag("broken", definition(targeting=BROKEN)),
    Flag("plain", definition()),
    Flag("disabled", {**definition(), "state": "DISABLED"}),
    Flag("killed", definition(targeting=BROKEN), off_variant="on"),
]
SEGMENTS = [
    Segment("europe", {"in": [{"var": "country"}, ["DE", "FR"]]}),
    Segment("beta", {"and": [{"$ref": "europe"}, {"var": "beta"}]}, ("bo",), ("cy",)),
]
CONTEXTS: list[dict[str, Any]] = [
    {},
    {"targetingKey": "ada", "country": "FR"},
    {"targetingKey": "bo", "plan": "pro"},
    {"targetingKey": "cy", "country": "DE", "beta": True, "n": 0},
    {"targetingKey": "dee", "country": "DE", "beta": True, "n": 2},
    {"country": "DE", "plan": "pro", "n": "ü"},
]


@dataclass
class House:
    """`admin` and `api` over one store, and a secret key."""

    admin: Client
    api: Client
    clock: ManualClock
    key: str = ""

    def explain(self, key: str, context: Any, who: str = "reader", query: str = "") -> TestResponse:
        path = f"/v1/flags/{key}/explain{query}"
        return self.admin.post(path, json={"context": context}, headers={"Authorization": who})

    def evaluate(self, key: str, context: Any) -> dict[str, Any]:
        body = {"context": context}
        answer = self.api.post(f"{OFREP}/{key}", json=body, headers={"X-API-Key": self.key})
        return dict(answer.get_json())


@pytest.fixture
def house(store: Store) -> House:
    members = [
        Write.create(membership_path(SCOPE.application, name), role) for name, role in ROLES.items()
    ]
    founded = [Write.create(scope.path, {}) for scope in (SCOPE, OTHER)]
    store.commit([*members, *founded, Write.create(administrator_path("boss"), {})])
    clock = ManualClock()

    def person(authorization: str | None) -> Actor:
        return Actor.person(str(authorization))

    administration = Administration(store, clock, SCOPE, person)
    rooms = [
        explain_routes.blueprint(lambda: administration),
        key_routes.blueprint(lambda: administration),
    ]
    admin = web.make_app("explain-tests", "/admin", rooms)
    cache, usage = SnapshotCache(store, clock), Usage(store, clock)
    hot = HotRoutes(
        admin.wsgi_app, lambda: cache, lambda: usage, clock, limits=Limits(per_second=0)
    )
    made = House(Client(admin), Client(hot), clock)
    body = {"kind": Kind.SECRET, "label": "tests", "reason": "a test"}
    issued = made.admin.post("/v1/keys", json=body, headers={"Authorization": "boss"})
    made.key = issued.get_json()["key"]
    return made


@pytest.fixture
def flags(store: Store) -> None:
    for segment in SEGMENTS:
        commit(store, create_segment(segment))
    for flag in FLAGS:
        commit(store, create_flag(flag))
    commit(store, kill_flag("killed"))


def test_it_is_what_ofrep_answers(house: House, flags: None) -> None:
    for flag in FLAGS:
        for context in CONTEXTS:
            answer = house.explain(flag.key, context)
            assert answer.status_code == 200, answer.data
            explained = answer.get_json()["evaluation"]
            served = house.evaluate(flag.key, context)
            assert explained.get("errorCode") == served.get("errorCode")
            if "errorCode" not in served:
                assert explained["reason"] == served["reason"]
                assert explained["variant"] == served.get("variant")
                assert explained["value"] == served.get("value")


def test_an_answer(house: House, flags: None) -> None:
    context = {"targetingKey": "dee", "country": "DE", "beta": True}
    answer = house.explain("reader", context).get_json()
    assert (answer["key"], answer["revision"]) == ("reader", 1)
    assert answer["generation"] == 1 + len(SEGMENTS) + len(FLAGS) + 1
    assert answer["evaluation"] == {"value": True, "variant": "on", "reason": "TARGETING_MATCH"}
    said = (
        'Rule 2 applies: the user belongs to the segment "beta" (revision 1). The user gets "on".'
    )
    assert answer["decided_by"] == {"kind": "rule", "path": "$.targeting.if[2]", "sentence": said}
    assert [step["kind"] for step in answer["steps"]] == ["prerequisite", "target", "rule", "rule"]


@pytest.mark.parametrize(
    ("who", "query", "status"),
    [
        pytest.param("boss", "", 200, id="administrator"),
        pytest.param("reader", "", 200, id="reader"),
        pytest.param("developer", "", 200, id="developer"),
        pytest.param("elsewhere", "", 403, id="of another environment"),
        pytest.param("stranger", "", 403, id="stranger"),
        pytest.param("reader", "?environment=demo", 403, id="in another environment"),
    ],
)
def test_who_may_ask(house: House, flags: None, who: str, query: str, status: int) -> None:
    assert house.explain("plain", {}, who, query).status_code == status


@pytest.mark.parametrize(
    ("context", "status"),
    [
        pytest.param({"targetingKey": 1}, 400, id="targeting key"),
        pytest.param(["a"], 400, id="list"),
        pytest.param({"a": [0] * 1_001}, 400, id="too many values"),
        pytest.param({"a": [[[[[[[[[[[]]]]]]]]]]]}, 400, id="too deep"),
        pytest.param({"a": "x" * 70_000}, 413, id="too large"),
        pytest.param({"a": "\ud800", "targetingKey": "\ud800"}, 200, id="half a character"),
    ],
)
def test_contexts(house: House, flags: None, context: Any, status: int) -> None:
    assert house.explain("shared", context).status_code == status


def test_a_flag_that_is_not_there(house: House) -> None:
    assert house.explain("nobody", {}).get_json()["code"] == "NOT_FOUND"
    assert house.explain(" ", {}).get_json()["code"] == "INVALID_ARGUMENT"
    unknown = house.admin.post(
        "/v1/flags/nobody/explain", json={"user": "ada"}, headers={"Authorization": "reader"}
    )
    assert unknown.status_code == 400


def test_nothing_of_the_context_is_logged(
    house: House, flags: None, capfd: pytest.CaptureFixture[str]
) -> None:
    context = {"targetingKey": "canary-1", "n": "canary-2", "plan": "canary-3"}
    for flag in FLAGS:
        assert house.explain(flag.key, context).status_code == 200
    house.explain("plain", {**context, "a": [0] * 1_001})
    assert "canary" not in "".join(capfd.readouterr())


def test_an_archived_flag_says_so(house: House, store: Store, flags: None) -> None:
    commit(store, archive_flag("plain", 1))
    answer = house.explain("plain", {}).get_json()
    assert answer["decided_by"]["kind"] == "archived"
    assert answer["evaluation"]["errorCode"] == "FLAG_NOT_FOUND"


def test_it_takes_a_read_for_each_level(store: Store, house: House, flags: None) -> None:
    before = store.operations["reads"]
    found = read_for(store, SCOPE, "reader")
    assert set(found.flags) == {"reader", "library"}
    assert set(found.segments) == {"europe", "beta"}
    # The pointer and the flag; the pointer, library and beta; the pointer and europe.
    assert store.operations["reads"] - before == 2 + 3 + 2


class Interrupted(Store):
    """Somebody changes the environment after the first read."""

    def __init__(self, store: Store, change: Callable[[], None]) -> None:
        super().__init__(store._client)
        self._change: Callable[[], None] | None = change

    def get_many(self, *args: Any, **more: Any) -> dict[str, Document | None]:
        found = super().get_many(*args, **more)
        change, self._change = self._change, None
        if change:
            change()
        return found


def test_what_it_explains_is_of_one_generation(store: Store, house: House, flags: None) -> None:
    def change() -> None:
        commit(store, edit_flag("library", 1, {"definition": definition("on")}))

    found = read_for(Interrupted(store, change), SCOPE, "reader")
    pointer = store.get(pointer_path(SCOPE))
    assert pointer is not None
    assert found.generation == pointer.data["generation"]
    assert found.flags["library"].revision == 2
