"""OFREP over HTTP: every shape of answer, without a server and without Firestore."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from functions.errors import PermissionDenied, StoreUnavailable
from functions.flags.clients.answer import matches
from functions.flags.clients.ofrep import BASE, refusal
from functions.flags.content import Snapshot
from functions.flags.keys import Kind, new_key
from tests.unit.flags.clients.world import SCOPE, Api, flag

BY_PLAN = {"if": [{"==": [{"var": "plan"}, "pro"]}, "on"]}


FLAGS: dict[str, Any] = {
    "by-plan": flag({"on": True, "off": False}, "off", targeting=BY_PLAN),
    "static": flag({"a": "A"}, "a", metadata={"team": "x"}),
    "number": flag({"small": 2, "big": 2.5}, "small"),
    "whole": flag({"small": 2, "big": 3}, "small"),
    "object": flag({"x": {"a": [1]}}, "x"),
    "code": flag({"a": "A"}, None),
    "off": {**flag({"a": "A"}, "a"), "state": "DISABLED"},
    "broken": flag({"a": "A"}, "a", targeting={"nonsense": []}),
    "failing": flag({"a": "A"}, "a", targeting={"/": [1, 0]}),
    "server-only": flag({"a": "secret"}, "a"),
    "é/x": flag({"a": "A"}, "a"),
}


@pytest.fixture
def api(make_snapshot: Callable[..., Snapshot]) -> Api:
    return Api(make_snapshot, FLAGS)


CONTEXT = {"context": {"targetingKey": "u", "plan": "pro"}}
SINGLE: list[tuple[str, Any, int, dict[str, Any]]] = [
    ("by-plan", CONTEXT, 200, {"reason": "TARGETING_MATCH", "variant": "on", "value": True}),
    ("by-plan", {}, 200, {"reason": "DEFAULT", "variant": "off", "value": False}),
    (
        "static",
        CONTEXT,
        200,
        {"reason": "STATIC", "variant": "a", "value": "A", "metadata": {"team": "x"}},
    ),
    ("object", None, 200, {"reason": "STATIC", "variant": "x", "value": {"a": [1]}}),
    ("code", CONTEXT, 200, {"reason": "DEFAULT"}),
    ("off", CONTEXT, 200, {"reason": "DISABLED"}),
    ("nobody", CONTEXT, 404, {"errorCode": "FLAG_NOT_FOUND"}),
    ("broken", CONTEXT, 400, {"errorCode": "PARSE_ERROR"}),
    ("failing", CONTEXT, 400, {"errorCode": "GENERAL"}),
    ("static", b"{", 400, {"errorCode": "PARSE_ERROR"}),
    ("static", b"[]", 400, {"errorCode": "PARSE_ERROR"}),
    ("static", b"\xff", 400, {"errorCode": "PARSE_ERROR"}),
    ("static", b"[" * 10_000, 400, {"errorCode": "INVALID_CONTEXT"}),
    ("static", {"context": [1]}, 400, {"errorCode": "INVALID_CONTEXT"}),
    ("static", {"context": {"targetingKey": 7}}, 400, {"errorCode": "INVALID_CONTEXT"}),
]


@pytest.mark.parametrize(
    ("key", "body", "status", "expected"), SINGLE, ids=[f"{c[0]}-{n}" for n, c in enumerate(SINGLE)]
)
def test_single(api: Api, key: str, body: Any, status: int, expected: dict[str, Any]) -> None:
    response = api.post(f"/{key}", body)
    assert response.status_code == status
    assert response.content_type == "application/json"
    answer = json.loads(response.data)
    if status != 200:
        assert answer.pop("errorDetails")
    assert answer == {"key": key, **expected}


def test_a_float_is_sent_as_a_float(api: Api) -> None:
    assert b'"value":2.0' in api.post("/number").data
    assert b'"value":2}' in api.post("/whole").data


def test_keys_in_paths_are_decoded(api: Api) -> None:
    assert json.loads(api.post("/%C3%A9%2Fx").data)["key"] == "é/x"
    assert api.post("/%ff").status_code == 404


def test_bulk(api: Api) -> None:
    response = api.post("", CONTEXT)
    flags = {each["key"]: each for each in json.loads(response.data)["flags"]}
    assert response.status_code == 200
    assert set(flags) == set(FLAGS)
    assert flags["by-plan"]["value"] is True
    assert flags["broken"]["errorCode"] == "PARSE_ERROR"
    assert flags["failing"]["errorDetails"]
    for key, found in flags.items():
        assert json.loads(api.post(f"/{key.replace('/', '%2F')}", CONTEXT).data) == found


def test_bulk_carries_the_metadata_of_the_set(make_snapshot: Callable[..., Snapshot]) -> None:
    api = Api(make_snapshot, FLAGS)
    api.held.snapshot = make_snapshot(
        {"static": FLAGS["static"]}, keys=dict(api.held.snapshot.keys), metadata={"set": 1}
    )
    body = json.loads(api.post("", CONTEXT).data)
    assert body["metadata"] == {"set": 1}
    assert body["flags"][0]["metadata"] == {"set": 1, "team": "x"}


def test_an_etag_is_of_what_the_caller_gets(api: Api) -> None:
    first = api.post("", CONTEXT)
    tag = first.headers["ETag"]
    same = api.post("", CONTEXT, If_None_Match=f'"other", W/{tag}')
    assert (same.status_code, same.data, same.headers["ETag"]) == (304, b"", tag)
    changed = api.post("", {"context": {"targetingKey": "u", "plan": "free"}}, If_None_Match=tag)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag


@pytest.mark.parametrize(
    ("given", "expected"),
    [('"a"', True), ('W/"a"', True), ('"b", "a"', True), ("*", True), ('"b"', False), ("a", False)],
)
def test_if_none_match(given: str, expected: bool) -> None:
    assert matches(given, '"a"') is expected


def test_metadata_of_an_event_changes_nothing(api: Api) -> None:
    asked = "?flagConfigEtag=550e8400&flagConfigLastModified=2026-02-20T21:28:18Z"
    first, told = api.post("", CONTEXT), api.post(asked, CONTEXT)
    assert (told.status_code, told.data) == (200, first.data)
    tag = first.headers["ETag"]
    assert api.post(asked, CONTEXT, If_None_Match=tag).status_code == 304


def test_a_slash_at_the_end_is_bulk(api: Api) -> None:
    assert api.post("/", CONTEXT).data == api.post("", CONTEXT).data


def test_what_is_counted(api: Api) -> None:
    api.post("/by-plan", CONTEXT)
    api.post("/nobody", CONTEXT)
    api.post("/server-only", CONTEXT, api.publishable)
    assert api.usage.counts.take() == {"by-plan": {"on": 1}}
    tag = api.post("", CONTEXT).headers["ETag"]
    assert api.post("", CONTEXT, If_None_Match=tag).status_code == 304
    counts = api.usage.counts.take()
    assert set(counts) == set(FLAGS)
    assert counts["by-plan"] == {"on": 2}
    assert counts["off"] == counts["code"] == {"": 2}
    assert counts["broken"] == {"!PARSE_ERROR": 2}
    assert counts["failing"] == {"!GENERAL": 2}
    api.post("", CONTEXT, api.publishable)
    assert "server-only" not in api.usage.counts.take()
    api.post("/static", b"{")
    assert api.usage.counts.take() == {}
    api.get("/v1/flags/flagd.json")
    assert api.usage.counts.take() == {"$flagd": {"": 1}}, "who fetches, not what is fetched"


def test_every_refusal_has_ofrep_s_shape() -> None:
    for key, named in (("f", {"key"}), (None, set())):
        answer = refusal(PermissionDenied("Not for you."), key)
        body = json.loads(answer.body)
        assert answer.status == 403
        assert set(body) == {"errorCode", "errorDetails"} | named
        assert body["errorDetails"].startswith("Not for you. ")


def test_a_publishable_key_sees_client_flags_only(api: Api) -> None:
    bulk = json.loads(api.post("", CONTEXT, api.publishable).data)["flags"]
    assert {each["key"] for each in bulk} == set(FLAGS) - {"server-only"}
    assert api.post("/server-only", CONTEXT, api.publishable).status_code == 404
    hidden = json.loads(api.post("/server-only", CONTEXT, api.publishable).data)
    unknown = json.loads(api.post("/nobody", CONTEXT, api.publishable).data)
    assert hidden["errorDetails"].replace("server-only", "nobody") == unknown["errorDetails"]
    assert api.post("/server-only", CONTEXT, api.secret).status_code == 200


def test_without_a_valid_key(api: Api) -> None:
    response = api.post("/static", CONTEXT, new_key(Kind.SECRET, SCOPE))
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert json.loads(response.data)["errorDetails"]
    assert api.client.post(BASE, data=b"{}").status_code == 401


def test_either_header_carries_the_key(api: Api) -> None:
    response = api.client.post(BASE, data=b"{}", headers={"X-API-Key": api.publishable.text()})
    assert response.status_code == 200


CORS = "Access-Control-Allow-Origin"


def test_browsers_may_call_and_read_the_etag(api: Api) -> None:
    preflight = api.client.options(BASE, headers={"Origin": "https://app.example"})
    assert preflight.status_code == 204
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    for name in ("Authorization", "X-API-Key", "If-None-Match", "Content-Type"):
        assert name in preflight.headers["Access-Control-Allow-Headers"]
    tag = api.post("", CONTEXT).headers["ETag"]
    answers = [
        api.post("", CONTEXT),
        api.post("", CONTEXT, If_None_Match=tag),
        api.post("", b"{"),
        api.post("/nobody"),
        api.client.post(BASE),
        api.client.get(BASE),
    ]
    assert [each.status_code for each in answers] == [200, 304, 400, 404, 401, 405]
    for response in [preflight, *answers]:
        assert response.headers[CORS] == "*"
        assert "ETag" in response.headers["Access-Control-Expose-Headers"]
        assert len(response.headers["X-Request-Id"]) == 32


def test_only_the_origins_allowed(make_snapshot: Callable[..., Snapshot]) -> None:
    api = Api(make_snapshot, FLAGS, ("https://app.example",))
    allowed = api.post("", CONTEXT, Origin="https://app.example")
    assert allowed.headers[CORS] == "https://app.example"
    assert allowed.headers["Vary"] == "Origin"
    other = api.post("", CONTEXT, Origin="https://evil.example")
    assert CORS not in other.headers
    assert other.headers["Vary"] == "Origin"


def test_a_request_id_is_kept_or_made(api: Api) -> None:
    assert api.post("", X_Request_Id="abcd-1234").headers["X-Request-Id"] == "abcd-1234"
    assert len(api.post("", X_Request_Id="<script>").headers["X-Request-Id"]) == 32


def test_a_large_body_is_refused_unread(api: Api) -> None:
    class Untouched:
        def read(self, *_: Any) -> bytes:
            raise AssertionError("the body was read")

    response = api.client.post(
        BASE,
        environ_overrides={"CONTENT_LENGTH": "1000000", "wsgi.input": Untouched()},
        headers={"X-API-Key": api.secret.text()},
    )
    assert response.status_code == 413
    assert json.loads(response.data)["errorCode"] == "INVALID_CONTEXT"


def test_a_large_body_in_chunks_is_refused(api: Api) -> None:
    response = api.post("", b"x" * 70_000, Transfer_Encoding="chunked")
    assert response.status_code == 413


def test_a_deep_context_is_refused(api: Api) -> None:
    deep: Any = 1
    for _ in range(9):
        deep = {"x": [deep]}
    response = api.post("/static", {"context": {"deep": deep}})
    assert (response.status_code, json.loads(response.data)["errorCode"]) == (
        400,
        "INVALID_CONTEXT",
    )


def test_without_firestore_and_without_a_snapshot(api: Api) -> None:
    api.held.fails = StoreUnavailable("down")
    response = api.post("/static", CONTEXT)
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "1"
    assert json.loads(response.data)["errorDetails"]


def test_a_crash_is_a_clear_500(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    api.held.fails = RuntimeError("canary@personal.example")
    response = api.post("/static", CONTEXT)
    assert response.status_code == 500
    answer = json.loads(response.data)
    assert (answer["key"], answer["errorCode"]) == ("static", "GENERAL")
    assert answer["errorDetails"].startswith("An unexpected error.")
    logged = capsys.readouterr().err
    assert "request crashed" in logged
    assert "canary" not in logged


@pytest.mark.parametrize("path", ["/", "/v1/health", "/ofrep/v1/evaluate/flagsies", "/ofrep/v1"])
def test_everything_else_is_handed_on(api: Api, path: str) -> None:
    assert api.client.get(path).status_code == 418


def test_hosting_may_put_a_prefix_before(api: Api) -> None:
    response = api.client.post(
        f"/api{BASE}/static", data=b"{}", headers={"X-API-Key": api.secret.text()}
    )
    assert response.status_code == 200
