"""Who acts, and what they may do. Membership documents decide; claims in a token never do.

    role           may
    msp_admin      everything, everywhere
    team_manager   everything in the environments granted
    developer      read what is granted; change it where it is not production
    reader         read the environments granted

Nobody may do anything by default: a membership names its environments one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from functions.documents import Document, Scope
from functions.errors import InvalidArgument, PermissionDenied

PRODUCTION = "production"
ENVIRONMENTS = (PRODUCTION, "staging", "development", "testing", "demo")


class Permission(StrEnum):
    """What a change or a view needs."""

    READ = "read"
    EDIT_FLAGS = "edit flags"
    EDIT_VERSIONS = "edit versions"
    ROLL_OUT = "roll out"
    ROLL_BACK = "roll back"
    MANAGE_KEYS = "manage keys"
    MANAGE_MEMBERS = "manage members"
    MANAGE_USER_DATA = "manage user data"
    EDIT_ALERTS = "edit alerts"
    RESPOND = "respond to incidents"


ROLES = ("msp_admin", "team_manager", "developer", "reader")
USER_ID = re.compile(r"(?!\.{1,2}\Z|__.*__\Z)[^/\s]{1,128}")
"""What Firebase Auth gives out, and Firestore takes as the name of a document."""
BEYOND_DEVELOPERS = frozenset(
    {Permission.MANAGE_KEYS, Permission.MANAGE_MEMBERS, Permission.MANAGE_USER_DATA}
)


@dataclass(frozen=True)
class Actor:
    """Who acts: an opaque id, never a name or an e-mail address."""

    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @staticmethod
    def person(uid: str) -> Actor:
        return Actor("person", uid)

    @staticmethod
    def machine(name: str) -> Actor:
        """A scheduled function of the bundle."""
        return Actor("machine", name)

    @staticmethod
    def operator(name: str) -> Actor:
        """A command run with the project's own credentials."""
        return Actor("operator", name)


@dataclass(frozen=True)
class Membership:
    """A person's role in an application, in the environments named."""

    role: str
    environments: frozenset[str]

    @staticmethod
    def from_document(data: Mapping[str, Any]) -> Membership:
        return Membership(str(data["role"]), frozenset(data["environments"]))

    def allows(self, permission: Permission, environment: str) -> bool:
        if environment not in self.environments:
            return False
        if self.role == "team_manager":
            return True
        if self.role == "developer" and environment != PRODUCTION:
            return permission not in BEYOND_DEVELOPERS
        return self.role in ("developer", "reader") and permission is Permission.READ


NOBODY = Membership("", frozenset())


def user_id(text: str) -> str:
    """A user's id as somebody wrote it. Raises InvalidArgument."""
    if not USER_ID.fullmatch(text):
        raise InvalidArgument("The user id is not well-formed.")
    return text


def administrator_path(uid: str) -> str:
    return f"administrators/{uid}"


def membership_path(application: str, uid: str) -> str:
    return f"applications/{application}/members/{uid}"


def deciding_paths(actor: Actor, scope: Scope) -> list[str]:
    """The documents that decide what this actor may do here."""
    if actor.kind != "person":
        return []
    return [administrator_path(actor.id), membership_path(scope.application, actor.id)]


def require_everywhere(
    actor: Actor,
    application: str,
    environments: Iterable[str],
    permission: Permission,
    documents: Mapping[str, Document | None],
) -> None:
    """`require`, in each of several environments."""
    for environment in sorted(set(environments)):
        require(actor, Scope(application, environment), permission, documents)


def require(
    actor: Actor,
    scope: Scope,
    permission: Permission,
    documents: Mapping[str, Document | None],
) -> None:
    """Raises PermissionDenied unless the documents of `deciding_paths` allow it."""
    if actor.kind in ("machine", "operator"):
        return
    if actor.kind == "person":
        if documents.get(administrator_path(actor.id)):
            return
        member = documents.get(membership_path(scope.application, actor.id))
        if _membership(member).allows(permission, scope.environment):
            return
    raise PermissionDenied(
        f"You may not {permission} in the environment {scope.environment} "
        f"of the application {scope.application}."
    )


def _membership(document: Document | None) -> Membership:
    """A membership that can't be read gives no right."""
    try:
        return Membership.from_document(document.data) if document else NOBODY
    except (KeyError, TypeError):
        return NOBODY
