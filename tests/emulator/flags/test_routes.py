"""Flags and API keys over the admin API, and the keys in use over OFREP."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from functions import web
from functions.administration import Administration
from functions.clock import ManualClock
from functions.documents import Store, Write
from functions.flags.clients.hot import HotRoutes
from functions.flags.clients.limits import Limits
from functions.flags.clients.usage import Usage
from functions.flags.manage import flag_routes, key_routes, segment_routes
from functions.flags.manage.users import no_uses
from functions.flags.snapshot import SnapshotCache
from functions.identity import Actor, administrator_path, membership_path
from tests.emulator.flags.conftest import OTHER, SCOPE, definition

OFREP = "/ofrep/v1/evaluate/flags"


@dataclass
class House:
    """`admin` and `api` over one store."""

    admin: Client
    api: Client
    clock: ManualClock
    store: Store

    def send(self, method: str, path: str, who: str = "boss", **body: Any) -> TestResponse:
        json_body = {"reason": "a test", **body} if method != "GET" else None
        return self.admin.open(path, method=method, json=json_body, headers={"Authorization": who})

    def make_key(self, kind: str = "secret", scope: str = "testing") -> dict[str, Any]:
        made = self.send("POST", f"/v1/keys?environment={scope}", kind=kind, label="tests")
        assert made.status_code == 201, made.data
        return dict(made.get_json())

    def evaluate(self, key: str, path: str = "", wait: bool = True) -> TestResponse:
        if wait:
            self.clock.advance(2)
        return self.api.post(OFREP + path, data=b"{}", headers={"X-API-Key": key})


@pytest.fixture
def house(store: Store) -> House:
    reader = {"role": "reader", "environments": [SCOPE.environment]}
    developer = {"role": "developer", "environments": [SCOPE.environment]}
    store.commit(
        [
            Write.create(SCOPE.path, {}),
            Write.create(OTHER.path, {}),
            Write.create(administrator_path("boss"), {}),
            Write.create(membership_path(SCOPE.application, "guest"), reader),
            Write.create(membership_path(SCOPE.application, "dev"), developer),
        ]
    )
    clock = ManualClock()

    def person(authorization: str | None) -> Actor:
        return Actor.person(str(authorization))

    administration = Administration(store, clock, SCOPE, person)
    rooms = [
        flag_routes.blueprint(lambda: administration, no_uses),
        segment_routes.blueprint(lambda: administration),
        key_routes.blueprint(lambda: administration),
    ]
    admin = web.make_app("flags-tests", "/admin", rooms)
    cache, usage = SnapshotCache(store, clock), Usage(store, clock)
    hot = HotRoutes(
        admin.wsgi_app, lambda: cache, lambda: usage, clock, limits=Limits(per_second=0)
    )
    return House(Client(admin), Client(hot), clock, store)


def test_flags_over_http(house: House) -> None:
    made = house.send("POST", "/v1/flags", key="f", definition=definition(), client=True)
    assert (made.status_code, made.get_json()["generation"]) == (201, 1)
    edited = house.send("PATCH", "/v1/flags/f", "dev", revision=1, definition=definition("on"))
    assert (edited.status_code, edited.get_json()["flag"]["revision"]) == (200, 2)
    read = house.send("GET", "/v1/flags/f", "guest").get_json()["flag"]
    assert (read["definition"]["defaultVariant"], read["client"]) == ("on", True)
    house.send("POST", "/v1/flags", key="e", definition=definition())
    listed = house.send("GET", "/v1/flags", "guest").get_json()["flags"]
    assert [flag["key"] for flag in listed] == ["e", "f"]
    paged = house.send("GET", "/v1/flags?limit=1&after=e").get_json()["flags"]
    assert [flag["key"] for flag in paged] == ["f"]
    assert house.send("POST", "/v1/flags/f/archive", revision=2).status_code == 200
    assert house.send("POST", "/v1/flags/f/restore", revision=3).get_json()["flag"]["revision"] == 4


def test_flags_refused(house: House) -> None:
    assert house.send("POST", "/v1/flags", key="f", definition=definition()).status_code == 201
    again = house.send("POST", "/v1/flags", key="f", definition=definition())
    assert (again.status_code, again.get_json()["code"]) == (409, "ALREADY_EXISTS")
    wrong = house.send("POST", "/v1/flags", key="g", definition={"state": "ENABLED"})
    assert (wrong.status_code, wrong.get_json()["path"]) == (400, "$.variants")
    late = house.send("PATCH", "/v1/flags/f", revision=7, owner="me")
    assert (late.status_code, late.get_json()["theirs"]["revision"]) == (409, 1)
    unknown = house.send("PATCH", "/v1/flags/f", revision=1, colour="red")
    assert (unknown.status_code, unknown.get_json()["code"]) == (400, "INVALID_ARGUMENT")
    assert house.send("GET", "/v1/flags/nobody").status_code == 404
    assert house.send("GET", "/v1/flags?limit=0").status_code == 400
    for who in ("guest", "stranger"):
        made = house.send("POST", "/v1/flags", who, key="x", definition=definition())
        assert made.status_code == 403
    assert house.send("GET", "/v1/flags", "stranger").status_code == 403
    elsewhere = house.send("GET", "/v1/flags?environment=demo", "guest")
    assert elsewhere.status_code == 403


def test_a_key_is_shown_once_and_stored_hashed(house: House) -> None:
    made = house.make_key()
    listed = house.send("GET", "/v1/keys", "guest").get_json()["keys"]
    assert [(key["id"], key["kind"], key["label"]) for key in listed] == [
        (made["id"], "secret", "tests")
    ]
    secret = made["key"].rpartition(".")[2]
    assert secret not in json.dumps(listed)
    everything = [house.store.get(SCOPE.doc("keys", made["id"]))]
    everything += house.store.query(SCOPE.collection("parts"))
    everything += house.store.query(f"applications/{SCOPE.application}/audit")
    assert len(everything) == 3
    assert secret not in str(everything)


def test_keys_see_what_they_may(house: House) -> None:
    house.send("POST", "/v1/flags", key="f", definition=definition(), client=True)
    house.send("POST", "/v1/flags", key="hidden", definition=definition())
    secret, publishable = house.make_key()["key"], house.make_key("publishable")["key"]
    assert len(house.evaluate(secret).get_json()["flags"]) == 2
    assert [f["key"] for f in house.evaluate(publishable).get_json()["flags"]] == ["f"]
    assert house.evaluate(publishable, "/hidden").status_code == 404


def test_a_key_of_one_environment_never_reads_another(house: House) -> None:
    house.send("POST", "/v1/flags", key="f", definition=definition())
    house.send("POST", "/v1/flags?environment=demo", key="g", definition=definition())
    ours, theirs = house.make_key()["key"], house.make_key(scope="demo")["key"]
    assert [f["key"] for f in house.evaluate(ours).get_json()["flags"]] == ["f"]
    assert [f["key"] for f in house.evaluate(theirs).get_json()["flags"]] == ["g"]
    forged = ours.replace(f".{SCOPE.environment}.", f".{OTHER.environment}.")
    assert house.evaluate(forged).status_code == 401


def test_a_revoked_key_ends(house: House) -> None:
    made = house.make_key()
    assert house.evaluate(made["key"]).status_code == 200
    assert house.send("POST", f"/v1/keys/{made['id']}/revoke").status_code == 200
    assert house.evaluate(made["key"]).status_code == 401
    assert house.send("POST", f"/v1/keys/{made['id']}/revoke").status_code == 200
    assert house.send("POST", f"/v1/keys/{made['id']}/rotate").status_code == 409
    assert house.send("GET", "/v1/keys").get_json()["keys"][0]["revoked_at"]


def test_keys_are_rotated_with_an_overlap(house: House) -> None:
    old = house.make_key("publishable")
    new = house.send("POST", f"/v1/keys/{old['id']}/rotate", overlap_seconds=60).get_json()
    assert new["kind"] == "publishable"
    assert house.evaluate(old["key"]).status_code == 200
    assert house.evaluate(new["key"]).status_code == 200
    house.clock.advance(60)
    assert house.evaluate(old["key"]).status_code == 401
    assert house.evaluate(new["key"]).status_code == 200
    # The next change to the keys takes the expired one out of what is published.
    house.make_key()
    part = SnapshotCache(house.store, house.clock).get(SCOPE).keys
    assert old["id"] not in part
    assert new["id"] in part


def test_keys_refused(house: House) -> None:
    for who in ("guest", "dev", "stranger"):
        made = house.send("POST", "/v1/keys", who, kind="secret", label="x")
        assert made.status_code == 403
    assert house.send("POST", "/v1/keys", kind="master", label="x").status_code == 400
    assert house.send("POST", "/v1/keys", kind="secret", label="").status_code == 400
    for identifier in ("0123456789ab", "__x__", "..", "x" * 2000):
        assert house.send("POST", f"/v1/keys/{identifier}/revoke").status_code == 404
