"""Scheduled changes over the admin API: who may, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from functions import tick, web
from functions.administration import Administration
from functions.clock import ManualClock
from functions.documents import Scope, Store, Write
from functions.flags.manage import flag_routes, schedule_routes
from functions.flags.manage.apply_due import apply_due
from functions.flags.manage.users import no_uses
from functions.identity import Actor, administrator_path, membership_path
from tests.emulator.flags.conftest import SCOPE, definition

PRODUCTION = Scope(SCOPE.application, "production")


@dataclass
class Office:
    admin: Client
    clock: ManualClock
    store: Store

    def send(self, method: str, path: str, who: str = "boss", **body: Any) -> TestResponse:
        json_body = {"reason": "a test", **body} if method != "GET" else None
        return self.admin.open(path, method=method, json=json_body, headers={"Authorization": who})

    def schedule(self, who: str = "boss", after: float = 60, **body: Any) -> TestResponse:
        wanted = {"flag": "f", "flag_revision": 1, "changes": {"owner": "x"}, **body}
        return self.send("POST", "/v1/schedules", who, at=self.clock.now() + after, **wanted)

    def listed(self, query: str = "", who: str = "guest") -> list[str]:
        found = self.send("GET", f"/v1/schedules{query}", who).get_json()["schedules"]
        return [each["id"] for each in found]


@pytest.fixture
def office(store: Store) -> Office:
    reader = {"role": "reader", "environments": [SCOPE.environment]}
    developer = {"role": "developer", "environments": [SCOPE.environment, "production"]}
    store.commit(
        [
            Write.create(SCOPE.path, {}),
            Write.create(PRODUCTION.path, {}),
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
        schedule_routes.blueprint(lambda: administration),
    ]
    office = Office(Client(web.make_app("schedule-tests", "/admin", rooms)), clock, store)
    for query in ("", "?environment=production"):
        made = office.send("POST", f"/v1/flags{query}", key="f", definition=definition())
        assert made.status_code == 201
    return office


def test_from_its_making_to_its_end(office: Office) -> None:
    made = office.schedule("dev")
    assert made.status_code == 201
    schedule = made.get_json()["schedule"]
    path = f"/v1/schedules/{schedule['id']}"
    assert schedule == office.send("GET", path, "guest").get_json()["schedule"]
    assert (schedule["by"], schedule["reason"]) == ("person:dev", "a test")
    assert (schedule["changes"], schedule["before"]) == ({"owner": "x"}, {"owner": ""})
    moved = office.send("PATCH", path, revision=1, at=office.clock.now() + 90)
    assert moved.status_code == 200
    assert moved.get_json()["schedule"]["changed_by"] == "person:boss"
    changes = {"owner": "y", "tags": ["z"]}
    changed = office.send("PATCH", path, revision=2, flag_revision=1, changes=changes)
    assert changed.get_json()["schedule"]["changes"] == changes
    office.clock.advance(90)
    apply_due(office.store, office.clock, SCOPE, tick.tell_of_failure)
    applied = office.send("GET", path).get_json()["schedule"]
    assert (applied["state"], applied["made_revision"]) == ("applied", 2)
    assert office.send("GET", "/v1/flags/f").get_json()["flag"]["tags"] == ["z"]
    history = office.send("GET", "/v1/flags/f/revisions").get_json()["revisions"]
    said = f"schedule {schedule['id']} of person:dev, changed by person:boss: a test"
    assert history[0]["reason"] == said
    for again in (
        office.send("POST", f"{path}/cancel"),
        office.send("PATCH", path, revision=3, at=office.clock.now() + 90),
    ):
        assert (again.status_code, again.get_json()["state"]) == (409, "applied")


def test_the_list(office: Office) -> None:
    office.send("POST", "/v1/flags", key="g", definition=definition())
    made = []
    for body in ({"flag": "g"}, {"action": "kill", "changes": None}, {}):
        office.clock.advance(1)
        made.append(office.schedule(**body).get_json()["schedule"]["id"])
    first, second, third = made
    cancelled = office.send("POST", f"/v1/schedules/{second}/cancel")
    assert cancelled.get_json()["schedule"]["state"] == "cancelled"
    assert office.listed() == [third, second, first]
    assert office.listed("?limit=1") == [third]
    assert office.listed("?flag=f") == [third, second]
    assert office.listed("?state=pending") == [third, first]
    assert office.listed("?flag=f&state=cancelled") == [second]
    assert office.listed("?flag=nobody") == []
    for wrong in ("?state=odd", "?flag=a/b", "?limit=0"):
        assert office.send("GET", f"/v1/schedules{wrong}").status_code == 400


def test_who_may(office: Office) -> None:
    identifier = office.schedule().get_json()["schedule"]["id"]
    path = f"/v1/schedules/{identifier}"
    for who in ("guest", "stranger"):
        assert office.schedule(who).status_code == 403
        assert office.send("POST", f"{path}/cancel", who).status_code == 403
        moved = office.send("PATCH", path, who, revision=1, at=office.clock.now() + 90)
        assert moved.status_code == 403
    assert office.send("GET", path, "stranger").status_code == 403
    assert office.send("GET", "/v1/schedules", "stranger").status_code == 403
    assert office.send("POST", f"{path}/cancel", "dev").status_code == 200
    wanted: dict[str, Any] = {
        "flag": "f",
        "flag_revision": 1,
        "at": office.clock.now() + 60,
        "changes": {"owner": "x"},
    }
    there = "/v1/schedules?environment=production"
    assert office.send("POST", there, "dev", **wanted).status_code == 403
    assert office.send("POST", there, **{**wanted, "reason": ""}).status_code == 400
    made = office.send("POST", there, **wanted)
    assert made.status_code == 201
    elsewhere = office.send("GET", f"/v1/schedules/{made.get_json()['schedule']['id']}")
    assert elsewhere.status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({"after": -5}, 400, id="past"),
        pytest.param({"after": 400 * 86_400}, 400, id="too far"),
        pytest.param({"changes": {}}, 400, id="no changes"),
        pytest.param({"changes": None}, 400, id="no changes at all"),
        pytest.param({"action": "kill"}, 400, id="a kill with changes"),
        pytest.param({"action": "delete"}, 400, id="no such action"),
        pytest.param({"changes": {"colour": "red"}}, 400, id="no such field"),
        pytest.param({"changes": {"definition": {"state": "ON"}}}, 400, id="a wrong definition"),
        pytest.param({"flag": "nobody"}, 404, id="no such flag"),
        pytest.param({"flag": "a/b"}, 400, id="no key"),
        pytest.param({"flag_revision": 2}, 409, id="another revision"),
    ],
)
def test_refused(office: Office, body: dict[str, Any], status: int) -> None:
    assert office.schedule(**body).status_code == status
    assert office.listed() == []


def test_rescheduling_refused(office: Office) -> None:
    path = f"/v1/schedules/{office.schedule().get_json()['schedule']['id']}"
    assert office.send("PATCH", path, revision=1).status_code == 400
    assert office.send("PATCH", path, revision=1, changes={"owner": "y"}).status_code == 400
    late = office.send("PATCH", path, revision=2, at=office.clock.now() + 9)
    assert (late.status_code, late.get_json()["code"]) == (409, "GENERATION_CONFLICT")
    for unknown in ("s-000000000000", "nobody"):
        assert office.send("GET", f"/v1/schedules/{unknown}").status_code == 404
    archived = office.send("POST", "/v1/flags/f/archive", revision=1)
    assert archived.status_code == 409
    assert archived.get_json()["used_by"] == [f"schedule {path.rpartition('/')[2]}"]
