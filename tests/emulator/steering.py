"""Requests that schemathesis makes up, led to what exists: else hardly one would do anything.

Only those that are as described are touched, and one in four of them is left as it was made.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping
from typing import Any

from schemathesis.generation import GenerationMode
from werkzeug.test import Client

from functions.documents import Scope, Store, Write
from functions.identity import administrator_path

SCOPE = Scope("main", "production")
BEFORE = Scope("main", "staging")
LEFT_AS_IT_WAS = 4
RULES = {"if": [{"in": [{"var": "plan"}, ["pro", "team"]]}, "on"]}
DEFINITIONS: list[dict[str, Any]] = [
    {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "off"},
    {
        "state": "ENABLED",
        "variants": {"on": "a", "off": "b"},
        "defaultVariant": "on",
        "targeting": RULES,
        "metadata": {"team": "reading", "size": 1.5},
    },
    {"state": "DISABLED", "variants": {"on": {"a": [1]}, "off": {}}},
]
FLAGS = [f"flag-{number}" for number in range(40)]
SEGMENTS = [f"segment-{number}" for number in range(20)]
VERSION = {
    "version": "1.0.0",
    "prompt": "tale-1",
    "model": "m",
    "parameters": {"max_output_tokens": 2000},
}


def later() -> float:
    """A time that a change may be scheduled for."""
    return time.time() + 3600


class Town:
    """Flags, segments, keys and schedules in production, some flags in staging too."""

    def __init__(self, store: Store, admin: Client, token: str) -> None:
        self._store, self._admin, self._token = store, admin, token
        founded = [Write.create(scope.path, {}) for scope in (SCOPE, BEFORE)]
        store.commit([*founded, Write.create(administrator_path("boss"), {})])
        for key in SEGMENTS:
            self.make("/v1/segments", key=key, included=["user-1"])
        for number, key in enumerate(FLAGS):
            definition = DEFINITIONS[number % len(DEFINITIONS)]
            self.make("/v1/flags", key=key, definition=definition, client=number % 2 == 0)
        for key in FLAGS[:10]:
            where = f"?environment={BEFORE.environment}"
            self.make(f"/v1/flags{where}", key=key, definition=DEFINITIONS[0])
        self.make("/v1/versions", **VERSION)
        self.secret = self.make("/v1/keys", kind="secret", label="the test's own")["key"]
        ids = [self.make("/v1/keys", kind="secret", label="x")["id"] for _ in range(10)]
        planned = [
            self.make("/v1/schedules", flag=key, flag_revision=1, at=later(), action="kill")
            for key in FLAGS[:10]
        ]
        self._names = {
            "flags": FLAGS,
            "segments": SEGMENTS,
            "keys": ids,
            "schedules": [each["schedule"]["id"] for each in planned],
        }
        self._turns = itertools.count()

    def make(self, path: str, **body: Any) -> dict[str, Any]:
        headers = {"Authorization": self._token}
        made = self._admin.post(path, json={"reason": "a test", **body}, headers=headers)
        assert made.status_code == 201, made.data
        return dict(made.get_json())

    def steering(self) -> Callable[[Any, Any], Any]:
        """A hook of schemathesis."""

        def map_case(_context: Any, case: Any) -> Any:
            self._steer(case, next(self._turns))
            return case

        return map_case

    def _steer(self, case: Any, turn: int) -> None:
        if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
            return
        for name in ("application", "environment"):
            case.query.pop(name, None)
        if turn % LEFT_AS_IT_WAS == 0:
            return
        room = next((step for step in case.path.split("/") if step in self._names), "flags")
        names = self._names[room]
        name = names[turn % len(names)]
        for variable in case.path_parameters or {}:
            case.path_parameters[variable] = name
        if isinstance(case.body, dict):
            case.body = self._body(case.body, room, name, turn)

    def _body(self, body: Mapping[str, Any], room: str, name: str, turn: int) -> dict[str, Any]:
        gone = ("expected_generation", "targets", "prerequisites", "off_variant", "rule", "confirm")
        kept = {field: value for field, value in body.items() if field not in gone}
        flag = FLAGS[turn % len(FLAGS)]
        fitting = {
            "reason": "a test",
            "revision": self._revision(room, name) if "revision" in kept else 1,
            "to": 1,
            "definition": DEFINITIONS[turn % len(DEFINITIONS)],
            "keys": FLAGS[:3],
            "from": BEFORE.environment,
            "segments": [],
            "document": {"flags": {f"imported-{turn % 7}": DEFINITIONS[0]}},
            "flag": flag,
            "flag_revision": self._revision("flags", flag) if "flag_revision" in kept else 1,
            "at": later(),
            "action": "kill",
            "changes": None,
        }
        if room == "segments":
            fitting["included"] = ["user-1"]
        if room != "schedules":
            fitting["flags"] = FLAGS[:2]
        return {field: fitting.get(field, value) for field, value in kept.items()} | {
            "reason": "a test"
        }

    def _revision(self, room: str, name: str) -> int:
        document = self._store.get(SCOPE.doc(room, name))
        return int(document.data.get("revision", 1)) if document else 1
