"""An application to begin with: its environment, people, a version and a flag to play with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from functions.changes import Change, commit_change
from functions.clock import SystemClock
from functions.documents import Scope, Store
from functions.identity import Actor, Permission
from functions.registry import environments, members
from functions.wiring import firestore_client
from local import aimock, client
from local.client import Admin, Person
from local.emulators import Suite

SCOPE = Scope("main", "production")
OPERATOR = Actor.operator("local")
FIRST_VERSION = "1.2.0"
REASON = "A local Palier to look at"


ADMINISTRATOR = "admin@example.com"
PASSWORD = "only-on-this-machine"


@dataclass(frozen=True)
class Seeded:
    """What there is to begin with. `publishable_key` evaluates flags."""

    store: Store
    admin: Admin
    people: Sequence[Person]
    publishable_key: str


def seed(suite: Suite, http: httpx.Client, users: int) -> Seeded:
    """Fills a running suite. The process must have the suite's environment."""
    store = Store(firestore_client(suite.project))
    administrator = client.sign_up(http, suite.auth_url, ADMINISTRATOR, PASSWORD)
    found(store, administrator)
    admin = Admin(http, suite.function_url("admin"), administrator)
    furnish(admin)
    people = [client.sign_up(http, suite.auth_url) for _ in range(users)]
    return Seeded(store, admin, people, _publishable_key(admin))


def found(store: Store, administrator: Person) -> None:
    """What an operator does once: `palier init`. May be repeated."""
    change = Change(SCOPE, OPERATOR, Permission.MANAGE_MEMBERS, REASON)
    clock = SystemClock()
    commit_change(store, clock, change, environments.found("Demo"))
    commit_change(store, clock, change, members.appoint_administrator(administrator.uid))


def furnish(admin: Admin) -> None:
    """The first version of the story function, and a flag to play with, over the admin API."""
    create_version(admin, FIRST_VERSION, aimock.HEALTHY_MODEL)
    admin.post(
        "/v1/flags",
        {
            "key": "large-type",
            "description": "Stories in large type: an example of a flag for client apps.",
            "client": True,
            "definition": {
                "state": "ENABLED",
                "variants": {"on": True, "off": False},
                "defaultVariant": "off",
                "targeting": {"if": [{"==": [{"var": "group"}, "beta"]}, "on"]},
            },
            "reason": REASON,
        },
    )


def _publishable_key(admin: Admin) -> str:
    body = {"kind": "publishable", "label": "local clients", "reason": REASON}
    return str(admin.post("/v1/keys", body)["key"])


def create_version(admin: Admin, version: str, model: str) -> None:
    """A version of the story function; the first one is released to everybody."""
    admin.post(
        "/v1/versions",
        {
            "version": version,
            "prompt": "tale-3",
            "model": model,
            "parameters": {"max_output_tokens": 2000},
            "handler": "one-call-2",
            "reason": f"{version}: {model}",
        },
    )
