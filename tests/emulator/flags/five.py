"""The five environments, founded, behind the routes of `admin` that have to do with flags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.test import Client, TestResponse

from functions import web
from functions.administration import Administration
from functions.changes import Change, commit_change
from functions.clock import ManualClock
from functions.documents import Document, Scope, Store, Write
from functions.flags.manage import (
    exchange_routes,
    flag_routes,
    key_routes,
    repair_routes,
    schedule_routes,
    segment_routes,
    transfer_routes,
)
from functions.flags.manage.users import no_uses
from functions.flags.snapshot import Snapshot, SnapshotCache
from functions.identity import (
    ENVIRONMENTS,
    Actor,
    Permission,
    administrator_path,
    membership_path,
)
from functions.published import SERVICES
from functions.registry.environments import found
from functions.stories.publish import create_version, releasable, services
from functions.stories.versions import NewVersion, Parameters

APPLICATION = "main"
PEOPLE: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "lead": ("team_manager", ENVIRONMENTS),
    "dev": ("developer", ENVIRONMENTS),
    "stager": ("team_manager", ("staging",)),
    "tester": ("team_manager", ("testing",)),
    "guest": ("reader", ENVIRONMENTS),
}
"""Roles and environments; `boss` is an administrator."""


def scope(environment: str) -> Scope:
    return Scope(APPLICATION, environment)


@dataclass
class Five:
    """`send` asks `admin`; `documents` is all that is stored of an environment."""

    admin: Client
    store: Store
    clock: ManualClock

    def send(
        self, method: str, path: str, environment: str, who: str = "boss", **body: Any
    ) -> TestResponse:
        mark = "&" if "?" in path else "?"
        return self.admin.open(
            f"{path}{mark}environment={environment}",
            method=method,
            json=None if method == "GET" else {"reason": "a test", **body},
            headers={"Authorization": who},
        )

    def post(self, path: str, environment: str, who: str = "boss", **body: Any) -> dict[str, Any]:
        """Of what must succeed."""
        answer = self.send("POST", path, environment, who, **body)
        assert answer.status_code in (200, 201), answer.text
        return dict(answer.get_json())

    def flag(self, environment: str, key: str) -> dict[str, Any]:
        answer = self.send("GET", f"/v1/flags/{key}", environment)
        return dict(answer.get_json()["flag"])

    def snapshot(self, environment: str) -> Snapshot:
        return SnapshotCache(self.store, self.clock).get(scope(environment))

    def create_version(self, environment: str, version: str) -> None:
        limits = Parameters(max_output_tokens=100)
        new = NewVersion(version=version, prompt="tale-1", model="m", parameters=limits)
        operator = Actor.operator("tests")
        change = Change(scope(environment), operator, Permission.EDIT_VERSIONS, "a version")
        commit_change(self.store, self.clock, change, create_version(new))

    def generations(self) -> dict[str, int]:
        return {name: self.snapshot(name).generation for name in ENVIRONMENTS}

    def documents(self, environment: str) -> dict[str, Document]:
        """Flags, segments, keys, what is published, and each flag's history."""
        path = scope(environment)
        found = [
            document
            for name in ("flags", "segments", "keys", "published", "parts")
            for document in self.store.query(path.collection(name))
        ]
        for document in list(found):
            if "/flags/" in document.path or "/segments/" in document.path:
                found += self.store.query(f"{document.path}/revisions")
        return {document.path: document for document in found}


def founded(store: Store) -> Five:
    store.get("emulator/warm", timeout=30)  # its first answer may take long on a busy machine
    for name in ENVIRONMENTS:
        change = Change(scope(name), Actor.operator("tests"), Permission.MANAGE_MEMBERS, "begin")
        commit_change(store, ManualClock(), change, found(APPLICATION))
    store.commit(
        [
            Write.create(administrator_path("boss"), {}),
            *(
                Write.create(
                    membership_path(APPLICATION, who),
                    {"role": role, "environments": list(environments)},
                )
                for who, (role, environments) in PEOPLE.items()
            ),
        ]
    )
    clock = ManualClock()

    def person(authorization: str | None) -> Actor:
        return Actor.person(str(authorization))

    administration = Administration(store, clock, scope("production"), person)

    def ask() -> Administration:
        return administration

    rooms = [
        flag_routes.blueprint(ask, no_uses, releasable),
        segment_routes.blueprint(ask),
        key_routes.blueprint(ask),
        schedule_routes.blueprint(ask, releasable),
        transfer_routes.blueprint(ask, releasable),
        exchange_routes.blueprint(ask, releasable),
        repair_routes.blueprint(ask, {SERVICES: services}),
    ]
    return Five(Client(web.make_app("five-tests", "/admin", rooms)), store, clock)
