"""`admin`, `api` and the callables as functions-framework serves them, on the emulator."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from google.cloud import firestore
from werkzeug.test import Client, TestResponse

from functions import audit
from functions.documents import Scope, Store, Write
from functions.flags.clients.hot import HotRoutes
from functions.identity import administrator_path, membership_path
from tests.emulator.instances import CLOCK, Serve, instances
from tests.emulator.proxy import proxy
from tests.tokens import id_token

SCOPE = Scope("main", "production")
OFREP = "/ofrep/v1/evaluate/flags"
DEFINITION = {
    "state": "ENABLED",
    "variants": {"on": True, "off": False},
    "defaultVariant": "on",
}


@pytest.fixture
def serve(firestore_client: firestore.Client, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """A function as a new instance serves it; each call is another instance."""
    with instances(str(firestore_client.project), monkeypatch) as start:
        yield start


@pytest.fixture
def staff(store: Store) -> Store:
    def joined(uid: str, role: str, environments: list[str]) -> Write:
        data = {"role": role, "environments": environments}
        return Write.create(membership_path("main", uid), data)

    store.commit(
        [
            Write.create(SCOPE.path, {}),
            Write.create(Scope("main", "staging").path, {}),
            Write.create(administrator_path("boss"), {}),
            joined("manager", "team_manager", ["staging"]),
            joined("dev", "developer", ["production", "staging"]),
            joined("guest", "reader", ["staging"]),
        ]
    )
    return store


class Admin:
    """A client of `admin`, by the names of those who are signed in."""

    def __init__(self, client: Client, project: str) -> None:
        self.client, self._project = client, project

    def send(self, who: str | None, method: str, path: str, **body: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {id_token(who, self._project)}"} if who else {}
        sent = {"reason": "a test", **body} if method not in ("GET", "HEAD", "OPTIONS") else None
        return self.client.open(path, method=method, json=sent, headers=headers)


@pytest.fixture
def admin(staff: Store, serve: Serve, firestore_client: firestore.Client) -> Admin:
    return Admin(serve("admin"), str(firestore_client.project))


def code(response: TestResponse) -> tuple[int, str]:
    body = json.loads(response.data)
    assert body["status"] == response.status_code
    assert body["request_id"] == response.headers["X-Request-Id"]
    return response.status_code, body["code"]


# admin


def routes() -> list[tuple[str, str]]:
    from functions.admin import application

    return sorted(
        (method, rule.rule.replace("<", "").replace(">", ""))
        for rule in application().url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    )


ROUTES = routes()


def test_the_routes_are_many() -> None:
    assert len(ROUTES) > 20


def test_nothing_answers_without_a_token(admin: Admin, store: Store) -> None:
    for method, path in [*ROUTES, ("GET", "/v1/nothing"), ("OPTIONS", "/v1/flags"), ("PUT", "/")]:
        response = admin.send(None, method, path)
        assert code(response) == (401, "UNAUTHENTICATED"), (method, path)
        assert response.headers["WWW-Authenticate"] == "Bearer"


def test_nothing_answers_a_token_of_another_project(admin: Admin) -> None:
    for method, path in ROUTES:
        token = id_token("boss", "another-project")
        response = admin.client.open(
            path, method=method, json={}, headers={"Authorization": f"Bearer {token}"}
        )
        assert code(response) == (401, "UNAUTHENTICATED"), (method, path)


BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/v1/flags"): {"key": "f", "definition": DEFINITION},
    ("PATCH", "/v1/flags/key"): {"revision": 1},
    ("POST", "/v1/flags/key/archive"): {"revision": 1},
    ("POST", "/v1/flags/key/restore"): {"revision": 1},
    ("POST", "/v1/flags/key/delete"): {"revision": 1},
    ("POST", "/v1/keys"): {"kind": "secret", "label": "x"},
    ("POST", "/v1/segments"): {"key": "s", "included": ["user-1"]},
    ("PATCH", "/v1/segments/key"): {"revision": 1},
    ("POST", "/v1/segments/key/restore"): {"revision": 1, "to": 1},
    ("POST", "/v1/segments/key/delete"): {"revision": 1},
    ("POST", "/v1/schedules"): {"flag": "f", "flag_revision": 1, "at": 1e10, "action": "kill"},
    ("PATCH", "/v1/schedules/identifier"): {"revision": 1, "at": 1e10},
    ("PUT", "/v1/channels/identifier"): {
        "kind": "slack",
        "secrets": {"url": "https://hooks.example.com/x"},
    },
    ("POST", "/v1/channels/identifier/test"): {},
    ("PUT", "/v1/routes/identifier"): {"channels": ["log"]},
    ("PUT", "/v1/rules/identifier"): {"severity": "P3", "metric": "cpu", "threshold": 0.9},
    ("PUT", "/v1/objectives/identifier"): {
        "service": "stories",
        "kind": "availability",
        "target": 0.999,
    },
    ("PUT", "/v1/scores/service"): {"target_ms": 500},
    ("PUT", "/v1/serving/service"): {"health_url": "https://health.example.com/{version}"},
    ("PUT", "/v1/silences/identifier"): {"until": 1e10, "rule": "p3-memory"},
    ("POST", "/v1/promote"): {"flags": ["f"]},
    ("POST", "/v1/copy"): {"from": "demo", "flags": ["f"]},
    ("POST", "/v1/import"): {"document": {"flags": {}}},
    ("POST", "/v1/stale-flags/clean-up"): {"keys": ["f"]},
    ("PUT", "/v1/metrics/name"): {"kind": "counter"},
    ("POST", "/v1/incidents/identifier/note"): {"text": "seen"},
    ("POST", "/chat-metrics"): {"action": "restart_collection"},
    ("POST", "/metrics"): {"action": "restart_collection"},
    ("POST", "/v1/alerts/tests"): {"rule": "p1-error-rate"},
    ("PUT", "/v1/people/identifier"): {"name": "Ada", "levels": ["L2"]},
    ("PUT", "/v1/members/uid"): {"role": "reader", "environments": ["staging"]},
    ("POST", "/v1/rollouts"): {"flag": "f", "candidate": "on", "plan": "canary"},
    ("POST", "/v1/rollout-plans/preview"): {"plan": "canary", "service": "stories"},
    ("POST", "/v1/rollout-backtests"): {
        "plan": "canary",
        "service": "stories",
        "control": "1.2.0",
        "candidate": "1.3.0",
        "since": 1_800_000_000,
        "until": 1_800_003_600,
    },
    ("POST", "/v1/rollouts/identifier/increase"): {"percentage": 20.0},
    ("PATCH", "/deployment"): {"deploymentId": "r-1", "action": "reset"},
    ("POST", "/v1/rollouts/identifier/remove-flags"): {"force": True},
    ("PUT", "/v1/rollouts/identifier/lessons"): {"text": "Read the endings."},
    ("POST", "/v1/versions"): {
        "version": "1.0.0",
        "prompt": "tale-1",
        "model": "m",
        "parameters": {"max_output_tokens": 2000},
        "handler": "one-call-1",
    },
}
READS_BY_POST = {
    ("POST", "/v1/flags/key/explain"),
    ("POST", "/v1/rollout-plans/preview"),
    ("POST", "/v1/rollout-backtests"),
}
"""For whoever may read: a context is too long for an address."""

OPEN_TO_THE_SIGNED_IN = {
    ("GET", "/v1/rollout-plans"),
    ("GET", "/v1/rule-templates"),
    ("GET", "/openapi.json"),
}


@pytest.mark.parametrize(
    ("who", "environment", "refused"),
    [
        pytest.param("stranger", "staging", ("GET", "POST", "PUT", "PATCH", "DELETE"), id="none"),
        pytest.param("guest", "production", ("GET", "POST", "PUT", "PATCH", "DELETE"), id="other"),
        pytest.param("guest", "staging", ("POST", "PUT", "PATCH", "DELETE"), id="reader"),
        pytest.param("dev", "production", ("POST", "PUT", "PATCH", "DELETE"), id="developer"),
    ],
)
def test_every_route_asks_who_may(
    admin: Admin,
    firestore_client: firestore.Client,
    who: str,
    environment: str,
    refused: tuple[str, ...],
) -> None:
    before = documents(firestore_client)
    for method, path in ROUTES:
        needed = "GET" if (method, path) in READS_BY_POST else method
        if needed not in refused or (method, path) in OPEN_TO_THE_SIGNED_IN:
            continue
        body = BODIES.get((method, path), {})
        response = admin.send(who, method, f"{path}?environment={environment}", **body)
        assert code(response) == (403, "PERMISSION_DENIED"), (method, path, response.data)
    assert documents(firestore_client) == before


def documents(client: firestore.Client) -> dict[str, Any]:
    groups = ("published", "parts", "flags", "keys", "audit", "chains", "members", "rollouts")
    return {
        snapshot.reference.path: snapshot.to_dict()
        for group in (*groups, "versions", "administrators")
        for snapshot in client.collection_group(group).stream()
    }


WRONG: list[Any] = [None, [], "text", 7, True, {"reason": 7}, {"reason": "x", "unknown": 1}, {}]


def test_wrong_bodies_are_refused_by_every_route(
    admin: Admin, firestore_client: firestore.Client
) -> None:
    headers = {"Authorization": f"Bearer {id_token('boss', str(firestore_client.project))}"}
    before = documents(firestore_client)
    for method, path in ROUTES:
        if method == "GET":
            continue
        for body in WRONG:
            if body == {} and (method, path) not in BODIES:
                continue
            response = admin.client.open(path, method=method, json=body, headers=headers)
            assert code(response) == (400, "INVALID_ARGUMENT"), (method, path, body)
    assert documents(firestore_client) == before


NASTY: dict[str, Any] = {
    "half a surrogate pair": {
        "key": "f",
        "definition": {**DEFINITION, "variants": {"a": "\ud800"}},
    },
    "half a pair as a key": {"key": "\ud800", "definition": DEFINITION},
    "half a pair in a text": {"key": "f", "definition": DEFINITION, "owner": "\ud800"},
    "a nul in a text": {"key": "f\x00", "definition": DEFINITION},
    "a path as a key": {"key": "a/b", "definition": DEFINITION},
    "upwards": {"key": "..", "definition": DEFINITION},
    "reserved": {"key": "__x__", "definition": DEFINITION},
    "a huge number": {
        "key": "f",
        "definition": {**DEFINITION, "variants": {"on": 10**400, "off": 1}},
    },
    "deep": {
        "key": "f",
        "definition": {**DEFINITION, "targeting": json.loads('{"!":[' * 400 + "1" + "]}" * 400)},
    },
    "a definition that is a list": {"key": "f", "definition": [DEFINITION]},
    "no variants": {"key": "f", "definition": {}},
}


@pytest.mark.parametrize("name", NASTY)
def test_nasty_flags_are_the_caller_s_fault(admin: Admin, name: str) -> None:
    assert code(admin.send("boss", "POST", "/v1/flags", **NASTY[name])) == (
        400,
        "INVALID_ARGUMENT",
    )


@pytest.mark.parametrize(
    "uid", [".", "..", "__x__", "x" * 129, "a%2Fb", "%00", "a b", "%F0%9F%98%80", "%ED%A0%80"]
)
def test_nasty_user_ids_never_crash(admin: Admin, uid: str) -> None:
    body = {"role": "reader", "environments": ["staging"]}
    for method, sent in (("PUT", body), ("DELETE", {})):
        assert admin.send("boss", method, f"/v1/members/{uid}", **sent).status_code < 500


@pytest.mark.parametrize("name", ["x" * 2000, "__x__", "%00", "a%2Fb", "%ED%A0%80", "..%2F.."])
def test_nasty_names_in_addresses_never_crash(admin: Admin, name: str) -> None:
    for method, path in ROUTES:
        variable = next((part for part in ("key_id", "identifier", "key") if part in path[4:]), "")
        if not variable or path.count("/") < 3:
            continue
        target = path.replace(f"/{variable}", f"/{name}")
        response = admin.send("boss", method, target, **BODIES.get((method, path), {}))
        assert response.status_code in (400, 404), (method, target, response.data)


def test_huge_and_broken_bodies(admin: Admin, firestore_client: firestore.Client) -> None:
    headers = {
        "Authorization": f"Bearer {id_token('boss', str(firestore_client.project))}",
        "Content-Type": "application/json",
    }
    for data, expected in (
        (b'{"key": "' + b"x" * 300_000 + b'"}', (413, "PAYLOAD_TOO_LARGE")),
        (b"[" * 200_000, (400, "INVALID_ARGUMENT")),
        (b"{", (400, "INVALID_ARGUMENT")),
    ):
        assert code(admin.client.post("/v1/flags", data=data, headers=headers)) == expected


@pytest.mark.parametrize(
    "path",
    ["/v1/flags/a%0Ab", "/v1/flags//archive", "//v1/flags", "/v1/flags/", "/%0A", "/robots.txt"],
)
def test_strange_addresses_are_refused_alike(admin: Admin, serve: Serve, path: str) -> None:
    """Also where functions-framework's own app would answer with HTML."""
    for response in (admin.send("boss", "GET", path), serve("api").get(path)):
        assert code(response) == (404, "NOT_FOUND"), response.data


def test_a_change_over_http_is_a_change(admin: Admin, store: Store) -> None:
    made = admin.send("boss", "POST", "/api/admin/v1/flags", key="f", definition=DEFINITION)
    assert (made.status_code, made.get_json()["generation"]) == (201, 1)
    [entry] = admin.send("dev", "GET", "/v1/audit").get_json()["entries"]
    assert (entry["actor"], entry["reason"], entry["environment"]) == (
        "person:boss",
        "a test",
        "production",
    )
    assert admin.send("dev", "GET", "/v1/audit/verification").get_json() == {
        "ok": True,
        "entries": 1,
        "problem": None,
    }
    without = admin.send("boss", "POST", "/v1/flags", key="g", definition=DEFINITION, reason=" ")
    assert code(without) == (400, "INVALID_ARGUMENT")
    assert "reason" in without.get_json()["detail"]


def test_a_replayed_change_is_made_once(admin: Admin, store: Store) -> None:
    body = {"key": "f", "definition": DEFINITION, "expected_generation": 0}
    assert admin.send("boss", "POST", "/v1/flags", **body).status_code == 201
    assert code(admin.send("boss", "POST", "/v1/flags", **body)) == (409, "GENERATION_CONFLICT")
    again = {"key": "f", "definition": DEFINITION}
    assert code(admin.send("boss", "POST", "/v1/flags", **again)) == (409, "ALREADY_EXISTS")
    edit = {"revision": 1, "description": "x"}
    assert admin.send("boss", "PATCH", "/v1/flags/f", **edit).status_code == 200
    assert code(admin.send("boss", "PATCH", "/v1/flags/f", **edit)) == (409, "GENERATION_CONFLICT")
    assert audit.verify(store, "main") == audit.Verification(2, None)


def test_an_environment_that_nobody_founded_is_not_made_by_a_typing_mistake(
    admin: Admin, store: Store
) -> None:
    written = admin.send(
        "boss", "POST", "/v1/flags?environment=prodution", key="f", definition=DEFINITION
    )
    assert code(written) == (404, "NOT_FOUND")
    assert code(admin.send("boss", "GET", "/v1/flags?environment=prodution")) == (404, "NOT_FOUND")
    assert store.query("applications/main/environments/prodution/flags") == []


def test_members_over_http(admin: Admin, store: Store) -> None:
    granted = admin.send(
        "manager",
        "PUT",
        "/v1/members/new?environment=staging",
        role="developer",
        environments=["staging"],
    )
    assert granted.get_json() == {"uid": "new", "role": "developer", "environments": ["staging"]}
    assert admin.send("new", "GET", "/v1/flags?environment=staging").status_code == 200
    raised = admin.send(
        "manager",
        "PUT",
        "/v1/members/manager?environment=staging",
        role="team_manager",
        environments=["staging", "production"],
    )
    assert code(raised) == (403, "PERMISSION_DENIED")
    for body in (
        {"role": "msp_admin", "environments": ["staging"]},
        {"role": "developer", "environments": []},
        {"role": "developer", "environments": ["No Name"]},
        {"role": "developer", "environments": "staging"},
    ):
        assert code(admin.send("boss", "PUT", "/v1/members/new", **body)) == (
            400,
            "INVALID_ARGUMENT",
        )
    assert admin.send("manager", "DELETE", "/v1/members/new?environment=staging").status_code == 200
    assert code(admin.send("new", "GET", "/v1/flags?environment=staging"))[0] == 403
    assert code(admin.send("boss", "DELETE", "/v1/members/new")) == (404, "NOT_FOUND")


def test_a_trail_is_shown_to_those_who_may_read_its_environment(admin: Admin) -> None:
    admin.send("boss", "POST", "/v1/flags", key="secret-plan", definition=DEFINITION)
    admin.send("boss", "POST", "/v1/flags?environment=staging", key="f", definition=DEFINITION)
    assert code(admin.send("guest", "GET", "/v1/audit"))[0] == 403
    shown = admin.send("guest", "GET", "/v1/audit?environment=staging")
    assert [entry["environment"] for entry in shown.get_json()["entries"]] == ["staging"]
    assert "secret-plan" not in shown.text


def test_admin_without_a_store(
    serve: Serve, firestore_client: firestore.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
    admin = Admin(serve("admin"), str(firestore_client.project))
    started = time.monotonic()
    assert code(admin.send("boss", "GET", "/v1/flags")) == (503, "STORE_UNAVAILABLE")
    created = admin.send("boss", "POST", "/v1/flags", key="f", definition=DEFINITION)
    assert code(created) == (503, "STORE_UNAVAILABLE")
    assert time.monotonic() - started < 4


# api


@pytest.fixture
def key(admin: Admin) -> str:
    """A secret API key; there is a flag `f`, for clients too."""
    made = admin.send("boss", "POST", "/v1/flags", key="f", definition=DEFINITION, client=True)
    assert made.status_code == 201
    issued = admin.send("boss", "POST", "/v1/keys", kind="secret", label="tests")
    return str(issued.get_json()["key"])


def evaluate(api: Client, key: str, path: str = "/f") -> TestResponse:
    return api.post(OFREP + path, json={"context": {}}, headers={"X-API-Key": key})


def test_api_serves_flags_and_its_health(serve: Serve, key: str) -> None:
    api = serve("api")
    for prefix in ("", "/api"):
        found = api.post(f"{prefix}{OFREP}/f", json={}, headers={"X-API-Key": key})
        assert (found.status_code, found.get_json()["value"]) == (200, True)
        health = api.get(f"{prefix}/v1/health")
        assert (health.status_code, health.get_json()["status"]) == (200, "ok")
    assert code(api.get("/v1/nothing")) == (404, "NOT_FOUND")
    assert code(api.delete("/v1/health")) == (405, "METHOD_NOT_ALLOWED")
    assert evaluate(api, "sk.main.production.000000000000." + "x" * 43).status_code == 401


def test_api_is_open_to_browsers_once(serve: Serve, key: str) -> None:
    """An origin named twice would be refused by every browser."""
    api = serve("api")
    headers = {"Origin": "https://app.example", "X-API-Key": key}
    for answer in (
        api.post(OFREP, json={}, headers=headers),
        api.get("/v1/health", headers=headers),
    ):
        assert answer.status_code == 200
        [origin] = answer.headers.getlist("Access-Control-Allow-Origin")
        assert origin in ("*", "https://app.example")


@pytest.mark.parametrize("path", [OFREP, "/v1/stories", "/v1/health"])
def test_browsers_may_ask_first(serve: Serve, path: str) -> None:
    """The preflight of a request with a token or a key."""
    asked = "authorization,content-type,idempotency-key"
    answer = serve("api").options(
        path,
        headers={
            "Origin": "https://app.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type"
            if path == OFREP
            else asked,
        },
    )
    assert answer.status_code in (200, 204)
    [origin] = answer.headers.getlist("Access-Control-Allow-Origin")
    assert origin in ("*", "https://app.example")
    allowed = answer.headers["Access-Control-Allow-Headers"].lower().replace(" ", "").split(",")
    assert {"authorization", "content-type"} <= set(allowed)
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]


def test_pages_of_other_sites_may_delete_a_story(serve: Serve) -> None:
    """A browser asks first, and takes a method that isn't named for a refusal."""
    answer = serve("api").options(
        "/v1/stories/" + "a" * 32,
        headers={
            "Origin": "https://app.example",
            "Access-Control-Request-Method": "DELETE",
            "Access-Control-Request-Headers": "authorization",
        },
    )
    assert "DELETE" in answer.headers["Access-Control-Allow-Methods"]


def test_flags_are_answered_ahead_of_functions_framework(serve: Serve) -> None:
    ahead = {
        name: isinstance(vars(serve(name).application).get("wsgi_app"), HotRoutes)
        for name in ("api", "admin")
    }
    assert ahead == {"api": True, "admin": False}


def test_admin_is_not_for_other_sites(admin: Admin) -> None:
    answer = admin.client.get("/v1/flags", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("path", ["/v1/stories", "/api/v1/stories", "/v1/stories/one"])
def test_stories_want_a_token(serve: Serve, path: str) -> None:
    assert code(serve("api").get(path)) == (401, "UNAUTHENTICATED")


def test_stories_without_a_version_are_a_clear_refusal(
    serve: Serve, firestore_client: firestore.Client
) -> None:
    api = serve("api")
    headers = {"Authorization": f"Bearer {id_token('u', str(firestore_client.project))}"}
    assert api.get("/v1/stories", headers=headers).get_json() == {"stories": [], "next": None}
    assert code(api.get("/v1/stories/none", headers=headers)) == (404, "NOT_FOUND")
    wish = {"theme": "the sea", "hero": "Mina"}
    made = api.post("/v1/stories", json=wish, headers=headers)
    assert code(made) == (409, "FAILED_PRECONDITION")
    assert code(api.post("/v1/stories", data="{", headers=headers)) == (400, "INVALID_ARGUMENT")


def test_flags_are_served_on_when_firestore_is_away(
    serve: Serve,
    key: str,
    firestore_emulator: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with proxy(firestore_emulator) as between:
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", between.address)
        warm = serve("api")
        assert evaluate(warm, key).get_json()["value"] is True
        assert warm.get("/v1/health").get_json()["status"] == "ok"
        between.cut()
        for _ in range(3):
            CLOCK.shift += 20
            started = time.monotonic()
            found = evaluate(warm, key)
            assert (found.status_code, found.get_json()["value"]) == (200, True)
            assert time.monotonic() - started < 2
        health = warm.get("/v1/health")
        assert (health.status_code, health.get_json()["status"]) == (200, "degraded")
        assert health.get_json()["snapshot_age_seconds"] >= 60
        between.down = False
        until = time.monotonic() + 30
        while warm.get("/v1/health").get_json()["status"] != "ok":
            assert time.monotonic() < until
            CLOCK.shift += 2


@pytest.mark.parametrize("silent", [False, True], ids=["refused", "silent"])
def test_a_cold_instance_without_a_store_says_so_within_2_s(
    serve: Serve, key: str, silent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        if not silent:
            server.close()
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{port}")
        cold = serve("api")
        cold.get("/v1/nothing")  # its routes are imported: a cold start is not what is measured
        started = time.monotonic()
        found = evaluate(cold, key)
        took = time.monotonic() - started
        assert (found.status_code, found.get_json()["errorCode"]) == (503, "GENERAL")
        assert "try again" in found.get_json()["errorDetails"].lower()
        assert took < 2
        started = time.monotonic()
        health = cold.get("/v1/health")
        assert time.monotonic() - started < 2
        assert (health.status_code, health.get_json()["status"]) == (503, "down")


# callables


def call(client: Client, data: Any, token: str | None = None) -> TestResponse:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return client.post("/", json={"data": data}, headers=headers)


def test_flags_over_the_callable(
    serve: Serve, key: str, firestore_client: firestore.Client
) -> None:
    client = serve("evaluate_flags")
    assert key
    token = id_token("u", str(firestore_client.project))
    for found in (call(client, {"flags": ["f", "g"]}), call(client, {"flags": ["f", "g"]}, token)):
        flags = found.get_json()["result"]["flags"]
        assert flags["f"]["value"] is True
        assert flags["g"]["errorCode"] == "FLAG_NOT_FOUND"


def test_errors_over_the_callables(serve: Serve, firestore_client: firestore.Client) -> None:
    refused = call(serve("evaluate_flags"), {"unknown": 1})
    assert refused.status_code == 400
    error = refused.get_json()["error"]
    assert (error["status"], error["details"]["code"]) == ("INVALID_ARGUMENT", "INVALID_ARGUMENT")
    nobody = call(serve("generate_story"), {"theme": "the sea"})
    assert nobody.status_code == 401
    assert nobody.get_json()["error"]["details"]["code"] == "UNAUTHENTICATED"
    forged = call(serve("generate_story"), {}, "no.token.at-all")
    assert (forged.status_code, forged.get_json()["error"]["status"]) == (401, "UNAUTHENTICATED")


def test_a_callable_without_a_store(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
    error = call(serve("evaluate_flags"), None)
    assert error.status_code == 503
    assert error.get_json()["error"]["details"]["code"] == "STORE_UNAVAILABLE"
