"""One user's stories for those who answer for user data: handed over, erased, in the trail."""

from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from functions import audit, web
from functions.administration import Administration
from functions.changes import Change, commit_change
from functions.clock import ManualClock
from functions.documents import Scope, Store, Write
from functions.flags.snapshot import SnapshotCache
from functions.identity import Actor, Permission, administrator_path, membership_path
from functions.registry import environments
from functions.stories.limits import quota
from functions.stories.limits.quota import Used
from functions.stories.owners import library
from functions.stories.owners.user_routes import blueprint
from tests.emulator.stories.kept import NOW, SCOPE, keep, left

PRODUCTION = Scope("main", "production")
UID = "canary-uid-7f3a"
PATH = f"/v1/users/{UID}/stories"
BEYOND = ["stranger", "guest", "dev"]
"""Who may not: nobody, a reader, a developer."""


class Office:
    """A client of the admin API, by the names of those who are signed in."""

    def __init__(self, store: Store) -> None:
        self.store = store
        administration = Administration(
            store, ManualClock(NOW + 60), SCOPE, lambda name: Actor.person(str(name))
        )
        routes = blueprint(lambda: administration)
        self.client: Client = web.make_app("users-tests", "/admin", [routes]).test_client()

    def export(self, who: str = "manager", query: str = "", path: str = PATH) -> TestResponse:
        return self.client.get(f"{path}?{query}", headers={"Authorization": who})

    def erase(self, who: str = "manager", query: str = "", **body: Any) -> TestResponse:
        sent = {"reason": "asked for", **body}
        return self.client.delete(f"{PATH}?{query}", json=sent, headers={"Authorization": who})

    def trail(self, scope: Scope = SCOPE) -> list[tuple[str, str, Any, str]]:
        """What the trail says of user data, the newest first."""
        return [
            (entry["action"], entry["target"], entry["after"], entry["reason"])
            for entry in audit.latest(self.store, scope, 100)
            if entry["action"].startswith("user_data.")
        ]


@pytest.fixture
def office(store: Store) -> Office:
    for scope in (SCOPE, PRODUCTION):
        change = Change(scope, Actor.operator("tests"), Permission.MANAGE_MEMBERS, "a test")
        commit_change(store, ManualClock(NOW), change, environments.found("main"))
    everywhere = [SCOPE.environment, PRODUCTION.environment]
    roles = {"manager": "team_manager", "dev": "developer", "guest": "reader"}
    store.commit(
        [
            Write.create(administrator_path("boss"), {}),
            *(
                Write.create(
                    membership_path("main", name), {"role": role, "environments": everywhere}
                )
                for name, role in roles.items()
            ),
        ]
    )
    return Office(store)


def use_an_hour(store: Store, uid: str, hour: int) -> str:
    path = SCOPE.doc(quota.COLLECTION, quota.name(uid, hour))
    store.commit([Write.create(path, quota.document(Used(3, 9), hour))])
    return path


def code(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["code"]


def hashed(store: Store, uid: str, scope: Scope = SCOPE) -> str:
    """The user as metrics and logs name them."""
    return SnapshotCache(store, ManualClock(NOW)).get(scope).user_hash(uid)


@pytest.mark.parametrize("who", BEYOND)
def test_beyond_developers(store: Store, office: Office, who: str) -> None:
    story = keep(store, "key-1", UID)
    assert code(office.export(who)) == (403, "PERMISSION_DENIED")
    assert code(office.erase(who)) == (403, "PERMISSION_DENIED")
    assert left(store) == {story}
    assert office.trail() == []


def test_a_manager_of_another_environment_may_not(store: Store, office: Office) -> None:
    elsewhere = {"role": "team_manager", "environments": ["staging"]}
    store.commit([Write.create(membership_path("main", "other"), elsewhere)])
    assert code(office.export("other")) == (403, "PERMISSION_DENIED")
    assert code(office.erase("other")) == (403, "PERMISSION_DENIED")


def test_all_of_one_user_is_handed_over(store: Store, office: Office) -> None:
    ids = {keep(store, f"key-{n}", UID) for n in range(3)}
    ids.add(keep(store, "key-failed", UID, state="failed"))
    keep(store, "theirs", "u2")
    page = office.export(query="limit=3&reason=a+letter").get_json()
    found = page["stories"]
    assert len(found) == 3
    page = office.export("boss", query=f"limit=3&reason=a+letter&after={page['next']}").get_json()
    found += page["stories"]
    assert page["next"] is None
    assert {story["id"] for story in found} == ids
    target = f"users/{hashed(store, UID)}"
    assert office.trail() == [
        ("user_data.export", target, {"stories": 1}, "a letter"),
        ("user_data.export", target, {"stories": 3}, "a letter"),
    ]


def test_erased_with_what_was_used(store: Store, office: Office) -> None:
    for state in ("finished", "failed", "running"):
        keep(store, f"key-{state}", UID, state=state)
    kept = {keep(store, "theirs", "u2")}
    elsewhere = keep(store, "elsewhere", UID, scope=PRODUCTION)
    mine = [use_an_hour(store, UID, hour) for hour in (500_000, 500_001)]
    theirs = use_an_hour(store, "u2", 500_000)
    done = office.erase().get_json()
    assert (done["stories"], done["complete"]) == (3, True)
    assert left(store) == kept
    assert left(store, PRODUCTION) == {elsewhere}
    assert store.get_many(mine) == dict.fromkeys(mine)
    assert store.get(theirs) is not None
    told = {"stories": 3, "complete": True}
    target = f"users/{hashed(store, UID)}"
    assert office.trail() == [("user_data.erase", target, told, "asked for")]
    assert audit.verify(store, "main").ok


def test_again_there_is_nothing_to_erase(store: Store, office: Office) -> None:
    keep(store, "key-1", UID)
    first = office.erase().get_json()
    assert office.erase().get_json() == {**first, "stories": 0}
    assert len(office.trail()) == 1


def test_many_go_in_several_changes(
    store: Store, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "ERASED_AT_ONCE", 2)
    for n in range(5):
        keep(store, f"key-{n}", UID)
    told = [office.erase().get_json() for _ in range(3)]
    assert [(each["stories"], each["complete"]) for each in told] == [
        (2, False),
        (2, False),
        (1, True),
    ]
    assert [each["generation"] for each in told] == [2, 3, 4]
    assert left(store) == set()


def test_production_wants_a_reason(store: Store, office: Office) -> None:
    keep(store, "key-1", UID, scope=PRODUCTION)
    query = "environment=production"
    for answer in (
        office.export(query=query),
        office.export(query=f"{query}&reason=+"),
        office.erase(query=query, reason=""),
    ):
        assert code(answer) == (400, "INVALID_ARGUMENT")
        assert "reason" in answer.get_json()["detail"]
    assert len(left(store, PRODUCTION)) == 1
    assert office.trail(PRODUCTION) == []
    assert office.export(query=f"{query}&reason=a+letter").status_code == 200
    assert office.erase(query=query).get_json()["stories"] == 1
    target = f"users/{hashed(store, UID, PRODUCTION)}"
    assert [entry[1] for entry in office.trail(PRODUCTION)] == [target, target]
    assert target != f"users/{hashed(store, UID)}"


def test_the_trail_names_no_user_and_holds_no_story(store: Store, office: Office) -> None:
    keep(store, "canary-title-91c2", UID)
    exported = office.export().get_data(as_text=True)
    assert "canary-title-91c2" in exported
    assert UID not in exported
    assert UID not in office.erase().get_data(as_text=True)
    trail = json.dumps(audit.latest(store, SCOPE, 100))
    assert UID not in trail
    assert "canary" not in trail


@pytest.mark.parametrize("name", [".", "..", "__x__", "x" * 129, "a%2Fb", "a%20b", "%0A"])
def test_names_that_are_no_users(office: Office, name: str) -> None:
    path = f"/v1/users/{name}/stories"
    assert office.export(path=path).status_code in (400, 404)
    sent = {"reason": "x"}
    answer = office.client.delete(path, json=sent, headers={"Authorization": "manager"})
    assert answer.status_code in (400, 404)


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "after=x", f"reason={'x' * 1001}"])
def test_pages_that_are_none(office: Office, query: str) -> None:
    assert code(office.export(query=query)) == (400, "INVALID_ARGUMENT")
    assert office.trail() == []


def test_a_repeated_change_that_expects_what_was_is_refused(store: Store, office: Office) -> None:
    keep(store, "key-1", UID)
    assert office.erase(expected_generation=1).status_code == 200
    keep(store, "key-2", UID)
    again = office.erase(expected_generation=1)
    assert code(again) == (409, "GENERATION_CONFLICT")
    assert len(left(store)) == 1


def test_an_environment_that_nobody_founded(office: Office) -> None:
    answer = office.erase("boss", query="environment=nowhere")
    assert code(answer) == (404, "NOT_FOUND")
