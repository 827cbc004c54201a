"""An application to begin with: its environment, an administrator, a version and a few flags."""

from __future__ import annotations

from functions.changes import Change, commit_change
from functions.clock import SystemClock
from functions.documents import Scope, Store
from functions.identity import Actor, Permission
from functions.registry import environments, members
from local import aimock
from local.client import Admin, Person

SCOPE = Scope("main", "production")
OPERATOR = Actor.operator("local")
FIRST_VERSION = "1.2.0"
REASON = "A local Palier to look at"


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


def create_version(admin: Admin, version: str, model: str) -> None:
    """A version of the story function; the first one is released to everybody."""
    admin.post(
        "/v1/versions",
        {
            "version": version,
            "prompt": "tale-1",
            "model": model,
            "parameters": {"max_output_tokens": 2000},
            "handler": "one-call-1",
            "reason": f"{version}: {model}",
        },
    )
