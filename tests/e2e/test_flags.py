"""A flag on its whole way: changed over `admin`, seen by apps on every door."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.world import DEFINITION, FLAG, HIDDEN, World, until

PARIS = {"targetingKey": "user-1", "country": "FR"}
BERN = {"targetingKey": "user-1", "country": "CH"}
VISIBLE_SECONDS = 5.0


def test_one_flag_by_hosting_and_by_the_function(world: World) -> None:
    assert world.evaluate(FLAG, PARIS).json() == {
        "key": FLAG,
        "value": "festive",
        "variant": "festive",
        "reason": "TARGETING_MATCH",
    }
    path = f"/ofrep/v1/evaluate/flags/{FLAG}"
    for url in (f"{world.function('api')}{path}", f"{world.stack.hosting_url}{path}"):
        answer = world.ask("POST", url, world.keys["publishable"], json={"context": BERN})
        assert (answer.status_code, answer.json()["value"]) == (200, "plain"), url


def test_all_flags_and_nothing_new(world: World) -> None:
    answer = world.evaluate(None, PARIS)
    assert [(flag["key"], flag["value"]) for flag in answer.json()["flags"]] == [(FLAG, "festive")]
    again = world.ask(
        "POST",
        f"{world.api}/ofrep/v1/evaluate/flags",
        world.keys["publishable"],
        json={"context": PARIS},
        headers={"If-None-Match": answer.headers["ETag"]},
    )
    assert (again.status_code, again.content) == (304, b"")
    everything = world.evaluate(None, PARIS, world.keys["secret"]).json()["flags"]
    assert {flag["key"] for flag in everything} >= {FLAG, HIDDEN, "stories.version"}


def test_by_the_callable(world: World) -> None:
    answer = world.call("evaluate_flags", {"flags": [FLAG, HIDDEN], "context": PARIS})
    flags = answer.json()["result"]["flags"]
    assert flags[FLAG] == {"value": "festive", "variant": "festive", "reason": "TARGETING_MATCH"}
    assert flags[HIDDEN]["errorCode"] == "FLAG_NOT_FOUND", "not for clients"
    refused = world.call("evaluate_flags", {"nonsense": 1})
    assert refused.status_code == 400
    assert refused.json()["error"]["status"] == "INVALID_ARGUMENT"
    assert refused.json()["error"]["details"]["code"] == "INVALID_ARGUMENT"


def test_a_change_is_seen_by_running_instances(world: World) -> None:
    assert world.evaluate(FLAG, BERN).json()["value"] == "plain"
    changed = {"reason": "a feast", "revision": 1, "definition": {**DEFINITION}}
    changed["definition"] = {**DEFINITION, "defaultVariant": "festive", "targeting": {}}
    url = f"{world.api}/admin/v1/flags/{FLAG}"
    token = world.administrator.token
    assert world.ask("PATCH", url, token, json=changed).status_code == 200
    until(lambda: bool(world.evaluate(FLAG, BERN).json()["value"] == "festive"), VISIBLE_SECONDS)
    conflict = world.ask("PATCH", url, token, json=changed).json()
    assert conflict["code"] == "GENERATION_CONFLICT"
    assert (conflict["theirs"]["revision"], conflict["based_on"]) == (2, 1)
    back = {"reason": "over", "revision": 2, "definition": DEFINITION}
    assert world.ask("PATCH", url, token, json=back).status_code == 200

    def everywhere() -> bool:
        with ThreadPoolExecutor(3) as pool:
            found = list(pool.map(lambda _: world.evaluate(FLAG, BERN).json()["value"], range(6)))
        return set(found) == {"plain"}

    until(everywhere, VISIBLE_SECONDS)


def _with_other_secret(key: str) -> str:
    head, _, secret = key.rpartition(".")
    return f"{head}.{'A' * len(secret)}"


@pytest.mark.parametrize("kind", ["none", "nonsense", "wrong secret", "of no environment"])
def test_no_entry_without_a_key(world: World, kind: str) -> None:
    genuine = world.keys["publishable"]
    given = {
        "none": "",
        "nonsense": "nonsense",
        "wrong secret": _with_other_secret(genuine),
        "of no environment": genuine.replace(".production.", ".nowhere."),
    }[kind]
    answer = world.evaluate(FLAG, PARIS, given)
    assert answer.status_code == 401
    assert answer.json()["errorCode"] == "GENERAL"
    assert "value" not in answer.json()


def test_a_key_opens_its_own_environment_only(world: World) -> None:
    staging = world.keys["staging"]
    assert world.evaluate(None, PARIS, staging).json()["flags"] == []
    assert world.evaluate(FLAG, PARIS, staging).status_code == 404
    pretending = staging.replace(".staging.", ".production.")
    assert world.evaluate(FLAG, PARIS, pretending).status_code == 401


def test_a_revoked_key_ends(world: World) -> None:
    named = {"kind": "publishable", "label": "to be revoked", "reason": "a test"}
    made = world.admin.post("/v1/keys", named)
    until(lambda: world.evaluate(FLAG, PARIS, made["key"]).status_code == 200, VISIBLE_SECONDS)
    world.admin.post(f"/v1/keys/{made['id']}/revoke", {"reason": "a test"})
    until(lambda: world.evaluate(FLAG, PARIS, made["key"]).status_code == 401, VISIBLE_SECONDS)
