"""The manifest for typed clients."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from functions.flags.content import Snapshot
from tests.unit.flags.clients.world import Api, flag

PATH = "/v1/flags/manifest"
FLAGS: dict[str, Any] = {
    "boolean": flag({"on": True, "off": False}, "off"),
    "string": flag({"a": "A", "b": ""}, "a"),
    "integer": flag({"a": 1, "b": 20}, "b"),
    "float": flag({"a": 1, "b": 2.5}, "a"),
    "whole-float": flag({"a": 1.0}, "a"),
    "object": flag({"a": {"x": [1]}}, "a"),
    "code-boolean": flag({"on": True}, None),
    "code-string": flag({"a": "A"}, None),
    "code-integer": flag({"a": 1}, None),
    "code-float": flag({"a": 1.5}, None),
    "code-object": flag({"a": {"x": 1}}, None),
    "off": {**flag({"a": "A"}, "a"), "state": "DISABLED"},
    "rules": flag({"on": True, "off": False}, "on", targeting={"if": [True, "off"]}),
    "server-only": flag({"a": "secret"}, "a"),
    "broken": {"state": "ENABLED"},
    "mixed": flag({"a": 1, "b": "B"}, "a"),
    "odd-default": flag({"a": 1}, ["a"]),  # type: ignore[arg-type]
}
EXPECTED = {
    "boolean": ("boolean", False),
    "string": ("string", "A"),
    "integer": ("integer", 20),
    "float": ("float", 1.0),
    "whole-float": ("float", 1.0),
    "object": ("object", {"x": [1]}),
    "code-boolean": ("boolean", False),
    "code-string": ("string", ""),
    "code-integer": ("integer", 0),
    "code-float": ("float", 0.0),
    "code-object": ("object", {}),
    "off": ("string", "A"),
    "rules": ("boolean", True),
    "server-only": ("string", "secret"),
    "odd-default": ("integer", 0),
}


@pytest.fixture
def api(make_snapshot: Callable[..., Snapshot]) -> Api:
    return Api(make_snapshot, FLAGS)


def test_types_and_defaults(api: Api) -> None:
    response = api.get(PATH)
    assert (response.status_code, response.content_type) == (200, "application/json")
    flags = json.loads(response.data)["flags"]
    assert {key: (each["flagType"], each["defaultValue"]) for key, each in flags.items()} == (
        EXPECTED
    )
    assert b'"float","defaultValue":1.0' in response.data


def test_publishable_keys_see_flags_for_clients(api: Api) -> None:
    flags = json.loads(api.get(PATH, api.publishable).data)["flags"]
    assert set(flags) == set(EXPECTED) - {"server-only"}
    assert b"targeting" not in api.get(PATH, api.publishable).data


def test_descriptions(make_snapshot: Callable[..., Snapshot]) -> None:
    told = {"descriptions": {"f": "What it is for."}}
    api = Api(make_snapshot, {"f": FLAGS["boolean"], "g": FLAGS["string"]}, document=told)
    flags = json.loads(api.get(PATH).data)["flags"]
    assert flags["f"]["description"] == "What it is for."
    assert "description" not in flags["g"]


def test_it_is_sent_once_to_each_kind_of_key(api: Api) -> None:
    tags = [api.get(PATH, key).headers["ETag"] for key in (api.secret, api.publishable)]
    assert tags[0] != tags[1]
    assert api.get(PATH, If_None_Match=tags[0]).status_code == 304
    assert api.get(PATH, If_None_Match=tags[1]).status_code == 200
    assert api.get(PATH, method="HEAD").headers["ETag"] == tags[0]


def test_who_has_no_key(api: Api) -> None:
    response = api.client.get(PATH)
    assert (response.status_code, response.get_json()["code"]) == (401, "UNAUTHENTICATED")
