"""Applications, environments and members, on the Firestore emulator."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from functions import audit
from functions.changes import Change, Outcome, commit_change
from functions.clock import SystemClock
from functions.documents import Scope, Store
from functions.errors import InvalidArgument, NotFound, PermissionDenied
from functions.flags.snapshot import SnapshotCache
from functions.identity import Actor, Permission, administrator_path, membership_path
from functions.registry import environments, members

SCOPE = Scope("main", "staging")
PRODUCTION = Scope("main", "production")
OPERATOR = Actor.operator("init")


def run(
    store: Store,
    decide: Any,
    actor: Actor = OPERATOR,
    scope: Scope = SCOPE,
    reason: str = "a test",
) -> Outcome:
    change = Change(scope, actor, Permission.MANAGE_MEMBERS, reason)
    return commit_change(store, SystemClock(), change, decide)


def member(store: Store, uid: str) -> tuple[str, list[str]] | None:
    found = store.get(membership_path("main", uid))
    return (found.data["role"], found.data["environments"]) if found else None


def test_an_environment_is_founded_with_its_application(store: Store) -> None:
    assert run(store, environments.found("Shop")).result is True
    application = store.get("applications/main")
    assert application is not None
    assert (application.data["name"], application.data["schema"]) == ("Shop", 1)
    founded = store.get(SCOPE.path)
    assert founded is not None
    key = base64.b64decode(founded.data["hash_key"])
    assert len(key) == 32
    assert SnapshotCache(store, SystemClock()).get(SCOPE).hash_key == key


def test_an_environment_is_founded_once(store: Store) -> None:
    run(store, environments.found("Shop"))
    before = store.get(SCOPE.path)
    again = run(store, environments.found("Another name"))
    assert (again.result, again.generation) == (False, 1)
    assert store.get(SCOPE.path) == before


def test_a_second_environment_has_a_key_of_its_own(store: Store) -> None:
    run(store, environments.found("Shop"))
    assert run(store, environments.found("Other"), scope=PRODUCTION).result is True
    application, first, second = (
        store.get(path) for path in ("applications/main", SCOPE.path, PRODUCTION.path)
    )
    assert application is not None
    assert first is not None
    assert second is not None
    assert application.data["name"] == "Shop"
    assert first.data["hash_key"] != second.data["hash_key"]


def test_a_key_stands_in_no_audit_entry(store: Store) -> None:
    run(store, environments.found("Shop"))
    founded = store.get(SCOPE.path)
    assert founded is not None
    assert founded.data["hash_key"] not in str(audit.latest(store, SCOPE, 10))


def test_the_first_administrator_may_everything(store: Store) -> None:
    boss = Actor.person("boss")
    with pytest.raises(PermissionDenied):
        run(store, members.grant("anna", "reader", ["staging"]), boss)
    assert run(store, members.appoint_administrator("boss")).result is True
    assert run(store, members.appoint_administrator("boss")).result is False
    assert store.get(administrator_path("boss")) is not None
    run(store, members.grant("anna", "team_manager", ["staging", "production"]), boss)
    assert member(store, "anna") == ("team_manager", ["production", "staging"])


def test_a_grant_replaces_what_was(store: Store) -> None:
    run(store, members.grant("anna", "reader", ["staging", "staging", "demo"]))
    run(store, members.grant("anna", "developer", ["testing"]))
    assert member(store, "anna") == ("developer", ["testing"])
    newest, oldest = audit.latest(store, SCOPE, 10)
    assert oldest["before"] is None
    assert newest["before"] == {"role": "reader", "environments": ["demo", "staging"]}
    assert newest["after"] == {"role": "developer", "environments": ["testing"]}


def test_who_is_revoked_may_nothing_any_more(store: Store) -> None:
    anna = Actor.person("anna")
    run(store, members.grant("anna", "team_manager", ["staging"]))
    run(store, members.grant("bob", "reader", ["staging"]), anna)
    run(store, members.revoke("anna"))
    assert member(store, "anna") is None
    with pytest.raises(PermissionDenied):
        run(store, members.revoke("bob"), anna)
    with pytest.raises(NotFound):
        run(store, members.revoke("anna"))


@pytest.fixture
def staff(store: Store) -> Store:
    """A manager of staging, one of production, and a developer of both."""
    run(store, members.grant("anna", "team_manager", ["staging"]))
    run(store, members.grant("maya", "team_manager", ["production"]))
    run(store, members.grant("dora", "developer", ["staging", "production"]))
    return store


@pytest.mark.parametrize(
    "decide",
    [
        pytest.param(members.grant("anna", "team_manager", ["staging", "production"]), id="self"),
        pytest.param(members.grant("anna", "team_manager", ["production"]), id="self, elsewhere"),
        pytest.param(members.grant("friend", "reader", ["production"]), id="a friend"),
        pytest.param(members.grant("maya", "reader", ["staging"]), id="takes another's away"),
        pytest.param(members.grant("dora", "developer", ["staging"]), id="takes part away"),
        pytest.param(members.revoke("maya"), id="revokes another's"),
        pytest.param(members.revoke("dora"), id="revokes what reaches further"),
    ],
)
def test_nobody_manages_more_than_was_given(staff: Store, decide: Any) -> None:
    before = {uid: member(staff, uid) for uid in ("anna", "maya", "dora", "friend")}
    with pytest.raises(PermissionDenied, match="environment production"):
        run(staff, decide, Actor.person("anna"))
    assert {uid: member(staff, uid) for uid in before} == before


def test_a_manager_manages_what_was_given(staff: Store) -> None:
    anna = Actor.person("anna")
    run(staff, members.grant("zoe", "team_manager", ["staging"]), anna)
    run(staff, members.revoke("zoe"), anna)
    with pytest.raises(PermissionDenied):
        run(staff, members.grant("zoe", "reader", ["staging"]), Actor.person("dora"))


def test_production_wants_a_reason_from_wherever_it_is_granted(store: Store) -> None:
    with pytest.raises(InvalidArgument, match="reason"):
        run(store, members.grant("anna", "reader", ["production"]), reason="")
    run(store, members.grant("anna", "reader", ["production"]))
    with pytest.raises(InvalidArgument, match="reason"):
        run(store, members.revoke("anna"), reason="")
