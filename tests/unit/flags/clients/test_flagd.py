"""The document for flagd: what it holds, who gets it, and when it is not sent again."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from functions.flags.clients import flagd
from functions.flags.compile import compile_flags
from functions.flags.content import Snapshot
from tests.unit.flags.clients.world import Api, flag

PATH = "/v1/flags/flagd.json"
BETA = {"in": [{"var": "email"}, ["é@example.com", "a\nb\\c"]]}
EVALUATORS = {
    "beta": BETA,
    "early": {"or": [{"$ref": "beta"}, {"==": [{"var": "plan"}, "pro"]}]},
    "loop": {"!": [{"$ref": "loop"}]},
}
FLAGS: dict[str, Any] = {
    "early": flag({"on": True, "off": False}, "off", targeting={"if": [{"$ref": "early"}, "on"]}),
    "plain": flag({"a": 1, "b": 2.5}, None, metadata={"team": "x"}),
    "data": flag({"a": {"$ref": "beta"}}, "a"),
    "broken": flag({"a": "A"}, "a", targeting={"if": [{"$ref": "loop"}, "a"]}),
    "server-only": flag({"a": "secret"}, "a"),
}


@pytest.fixture
def api(make_snapshot: Callable[..., Snapshot]) -> Api:
    document = {"$evaluators": EVALUATORS, "metadata": {"set": 1}}
    return Api(make_snapshot, FLAGS, document=document)


def test_references_are_put_in(api: Api) -> None:
    response = api.get(PATH)
    assert (response.status_code, response.content_type) == (200, "application/json")
    assert response.headers["Cache-Control"] == "private, no-cache"
    document = json.loads(response.data)
    assert set(document) == {"flags", "metadata"}
    assert document["metadata"] == {"set": 1}
    early = {"or": [BETA, {"==": [{"var": "plan"}, "pro"]}]}
    assert document["flags"]["early"]["targeting"] == {"if": [early, "on"]}
    for key in ("plain", "data", "broken", "server-only"):
        assert document["flags"][key] == FLAGS[key], key


def test_it_means_the_same(api: Api) -> None:
    here, there = api.held.snapshot.evaluator, compile_flags(json.loads(api.get(PATH).data))
    for context in ({}, {"email": "a\nb\\c"}, {"plan": "pro"}):
        for key in FLAGS:
            one, other = here.evaluate(key, context), there.evaluate(key, context)
            assert (one.value, one.variant, one.error_code) == (
                other.value,
                other.variant,
                other.error_code,
            ), key


def test_it_is_sent_once(api: Api) -> None:
    first = api.get(PATH)
    again = api.get(PATH, If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert "ETag" in again.headers["Access-Control-Expose-Headers"]
    assert api.get(PATH, If_None_Match='"other"').data == first.data
    assert not first.headers["ETag"].startswith("W/")


def test_it_is_made_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    first = api.get(PATH).data
    monkeypatch.setattr(flagd, "_synced", lambda _: pytest.fail("made again"))
    assert api.get(PATH).data == first


def test_head(api: Api) -> None:
    got, head = api.get(PATH), api.get(PATH, method="HEAD")
    assert (head.status_code, head.data) == (200, b"")
    for name in ("ETag", "Content-Length", "Content-Type", "Cache-Control"):
        assert head.headers[name] == got.headers[name]


def test_publishable_keys_never_get_rules(api: Api) -> None:
    response = api.get(PATH, api.publishable, Accept_Language="fr")
    assert (response.status_code, response.content_type) == (403, "application/problem+json")
    problem = json.loads(response.data)
    assert (problem["code"], problem["status"]) == ("PERMISSION_DENIED", 403)
    assert "secret key" in problem["remedy"]
    assert problem["request_id"] == response.headers["X-Request-Id"]
    assert "flags" not in problem


def test_other_ways_to_be_refused(api: Api) -> None:
    nobody = api.client.get(PATH)
    assert (nobody.status_code, nobody.get_json()["code"]) == (401, "UNAUTHENTICATED")
    assert nobody.headers["WWW-Authenticate"] == "Bearer"
    posted = api.get(PATH, method="POST")
    assert (posted.status_code, posted.get_json()["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert posted.headers["Allow"] == "GET, HEAD, OPTIONS"
    api.held.fails = RuntimeError("canary")
    crashed = api.get(PATH)
    assert (crashed.status_code, crashed.get_json()["code"]) == (500, "INTERNAL")
    assert b"canary" not in crashed.data


def test_browsers_may_ask(api: Api) -> None:
    preflight = api.client.options(PATH, headers={"Origin": "https://app.example"})
    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    assert api.get(f"/api{PATH}").status_code == 200
    assert api.get(f"{PATH}/x").status_code == 418


def test_a_document_too_large_is_a_clear_refusal(
    make_snapshot: Callable[..., Snapshot], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flagd, "MAXIMUM_BYTES", 2_000)
    large = {"in": [{"var": "targetingKey"}, ["u" * 50] * 10]}
    many = {f"f{n}": flag({"a": 1}, "a", targeting={"if": [{"$ref": "x"}, "a"]}) for n in range(9)}
    api = Api(make_snapshot, many, document={"$evaluators": {"x": large}})
    for _ in range(2):
        refused = api.get(PATH)
        assert (refused.status_code, refused.get_json()["code"]) == (413, "PAYLOAD_TOO_LARGE")
        assert "segments" in refused.get_json()["remedy"]


def test_an_environment_without_flags(make_snapshot: Callable[..., Snapshot]) -> None:
    assert json.loads(Api(make_snapshot, {}).get(PATH).data) == {"flags": {}}
