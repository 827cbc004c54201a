"""Who may do what: every role, permission and kind of environment."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import identity
from functions.documents import Document, Scope
from functions.errors import PermissionDenied
from functions.identity import (
    BEYOND_DEVELOPERS,
    ENVIRONMENTS,
    PRODUCTION,
    USER_ID,
    Actor,
    Membership,
    Permission,
)

ANNA = Actor.person("anna")
EVERYTHING = frozenset(Permission)
READING = frozenset({Permission.READ})
WORKING = EVERYTHING - {
    Permission.MANAGE_KEYS,
    Permission.MANAGE_MEMBERS,
    Permission.MANAGE_USER_DATA,
}
NOTHING: frozenset[Permission] = frozenset()

# role → what it may in production, elsewhere, and in an environment that was not granted
TABLE = {
    "msp_admin": (EVERYTHING, EVERYTHING, EVERYTHING),
    "team_manager": (EVERYTHING, EVERYTHING, NOTHING),
    "developer": (READING, WORKING, NOTHING),
    "reader": (READING, READING, NOTHING),
    "none": (NOTHING, NOTHING, NOTHING),
    "owner": (NOTHING, NOTHING, NOTHING),  # no role of ours
}
PLACES = {"production": 0, "staging": 1, "demo": 2}
GRANTED = ["production", "staging"]


def documents(role: str, granted: list[str]) -> dict[str, Document | None]:
    found: dict[str, Document | None] = dict.fromkeys(
        identity.deciding_paths(ANNA, Scope("main", PRODUCTION))
    )
    if role == "msp_admin":
        path = identity.administrator_path("anna")
        found[path] = Document(path, {"schema": 1}, None)
    elif role != "none":
        path = identity.membership_path("main", "anna")
        found[path] = Document(path, {"role": role, "environments": granted}, None)
    return found


def allowed(
    actor: Actor,
    environment: str,
    permission: Permission,
    found: Mapping[str, Document | None],
) -> bool:
    try:
        identity.require(actor, Scope("main", environment), permission, found)
    except PermissionDenied:
        return False
    return True


@pytest.mark.parametrize(
    ("role", "environment", "permission"),
    [
        pytest.param(role, environment, permission, id=f"{role} {permission} in {environment}")
        for role in TABLE
        for environment in PLACES
        for permission in Permission
    ],
)
def test_the_table_of_roles(role: str, environment: str, permission: Permission) -> None:
    expected = permission in TABLE[role][PLACES[environment]]
    assert allowed(ANNA, environment, permission, documents(role, GRANTED)) is expected


def test_a_refusal_names_what_is_missing() -> None:
    with pytest.raises(PermissionDenied, match="edit flags in the environment production of the"):
        identity.require(ANNA, Scope("main", PRODUCTION), Permission.EDIT_FLAGS, {})


def test_every_role_is_in_the_table_and_in_the_docstring() -> None:
    assert set(identity.ROLES) == set(TABLE) - {"none", "owner"}
    assert all(f"    {role}" in (identity.__doc__ or "") for role in identity.ROLES)


@given(
    st.sets(st.sampled_from(ENVIRONMENTS)),
    st.sampled_from(sorted(EVERYTHING - READING)),
)
def test_a_developer_never_changes_production(granted: set[str], permission: Permission) -> None:
    assert not Membership("developer", frozenset(granted)).allows(permission, PRODUCTION)


@given(st.text(max_size=12), st.sets(st.sampled_from(ENVIRONMENTS)), st.sampled_from(ENVIRONMENTS))
def test_nobody_may_anything_where_it_was_not_granted(
    role: str, granted: set[str], environment: str
) -> None:
    member = Membership(role, frozenset(granted - {environment}))
    assert not any(member.allows(permission, environment) for permission in Permission)


@given(st.sampled_from(ENVIRONMENTS), st.sampled_from(sorted(BEYOND_DEVELOPERS)))
def test_keys_members_and_user_data_are_beyond_developers_everywhere(
    environment: str, permission: Permission
) -> None:
    assert not Membership("developer", frozenset(ENVIRONMENTS)).allows(permission, environment)


@pytest.mark.parametrize("actor", [Actor.machine("tick"), Actor.operator("init")])
def test_the_bundle_and_its_operators_may_without_a_document(actor: Actor) -> None:
    assert identity.deciding_paths(actor, Scope("main", PRODUCTION)) == []
    assert allowed(actor, PRODUCTION, Permission.ROLL_BACK, {})


@pytest.mark.parametrize("kind", ["key", "robot", "", "Person", "msp_admin"])
def test_no_other_kind_of_actor_may_anything(kind: str) -> None:
    found = documents("msp_admin", GRANTED)
    assert not allowed(Actor(kind, "anna"), "staging", Permission.READ, found)


def test_a_membership_of_another_person_or_application_is_no_help() -> None:
    other = identity.membership_path("other", "anna")
    theirs = identity.membership_path("main", "bob")
    data = {"role": "team_manager", "environments": GRANTED}
    found = {other: Document(other, data, None), theirs: Document(theirs, data, None)}
    assert not allowed(ANNA, "staging", Permission.READ, found)


def test_what_reaches_several_environments_needs_the_right_in_each() -> None:
    found = documents("team_manager", ["staging", "demo"])
    permission = Permission.MANAGE_MEMBERS
    identity.require_everywhere(ANNA, "main", ["staging", "demo"], permission, found)
    with pytest.raises(PermissionDenied, match="environment production"):
        identity.require_everywhere(ANNA, "main", ["staging", PRODUCTION], permission, found)


@pytest.mark.parametrize("uid", ["a", "Xy9" * 9, "x" * 128, "a.b@c", "._.", "a__"])
def test_user_ids(uid: str) -> None:
    assert USER_ID.fullmatch(uid)


@pytest.mark.parametrize("uid", ["", "x" * 129, "a/b", ".", "..", "__x__", "a b", "a\n", "____"])
def test_no_user_ids(uid: str) -> None:
    assert not USER_ID.fullmatch(uid)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"role": "team_manager"},
        {"environments": ["staging"]},
        {"role": "x", "environments": None},
    ],
    ids=["empty", "no environments", "no role", "environments that are none"],
)
def test_a_membership_that_can_not_be_read_gives_no_right(data: dict[str, object]) -> None:
    path = identity.membership_path("main", ANNA.id)
    with pytest.raises(PermissionDenied):
        identity.require(
            ANNA, Scope("main", "staging"), Permission.READ, {path: Document(path, data, None)}
        )
