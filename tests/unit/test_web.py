"""What all HTTP routes share, on a small app of its own."""

from __future__ import annotations

import io
import json
from typing import Annotated, Any

import flask
import pytest
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.datastructures import Headers
from werkzeug.test import Client, TestResponse

from functions import web
from functions.errors import ALL, GenerationConflict, OpenAIError, PalierError, RateLimited

CANARY = "canary-7d1f"


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[str, Field(max_length=5)]
    count: Annotated[int, Field(ge=1)] = 1
    inner: dict[str, int] = Field(default_factory=dict)


def routes() -> flask.Blueprint:
    blueprint = flask.Blueprint("tests", __name__)

    @blueprint.post("/v1/things")
    def create() -> Any:
        return web.answer(web.parse(Body).model_dump(), 201, {"X-Made": "yes"})

    @blueprint.get("/v1/things")
    def index() -> Any:
        return web.answer({"limit": web.list_limit(20, 500)})

    @blueprint.get("/v1/errors/<int:number>")
    def fail(number: int) -> Any:
        kind = ALL[number]
        raise OpenAIError("what", reason="quota") if kind is OpenAIError else kind("what")

    @blueprint.get("/v1/extra")
    def extra() -> Any:
        raise GenerationConflict("moved on", extra={"generation": 7, "status": 1, "code": "MINE"})

    @blueprint.get("/v1/wait")
    def wait() -> Any:
        raise RateLimited("slow down", extra={"retry_after": 3})

    @blueprint.get("/v1/crash")
    def crash() -> Any:
        raise ValueError(CANARY)

    return blueprint


@pytest.fixture(scope="module")
def app() -> flask.Flask:
    return web.make_app("surface-tests", "/api", [routes()])


@pytest.fixture
def client(app: flask.Flask) -> Client:
    return Client(app)


def problem(response: TestResponse, status: int, code: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(response.data)
    assert (response.status_code, body["status"], body["code"]) == (status, status, code)
    assert response.mimetype == "application/problem+json"
    assert body["type"] == f"urn:palier:error:{code.lower().replace('_', '-')}"
    assert all(body[name] for name in ("title", "detail", "remedy", "message"))
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    return body


def post(client: Client, data: str | bytes, kind: str = "application/json") -> TestResponse:
    return client.post("/v1/things", data=data, content_type=kind)


def test_an_answer(client: Client) -> None:
    made = client.post("/v1/things", json={"name": "a"})
    assert (made.status_code, made.headers["X-Made"]) == (201, "yes")
    assert made.get_json() == {"name": "a", "count": 1, "inner": {}}
    assert made.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("number", range(len(ALL)), ids=[kind.code for kind in ALL])
def test_every_error_is_a_problem(client: Client, number: int) -> None:
    kind: type[PalierError] = ALL[number]
    status = 429 if kind is OpenAIError else kind.http_status
    response = client.get(f"/v1/errors/{number}")
    assert problem(response, status, kind.code)["detail"] == "what"
    assert ("WWW-Authenticate" in response.headers) is (status == 401)


def test_facts_of_an_error_stand_beside_the_standard_ones(client: Client) -> None:
    body = problem(client.get("/v1/extra"), 409, "GENERATION_CONFLICT")
    assert body["generation"] == 7


def test_a_limit_says_when_to_come_again(client: Client) -> None:
    assert client.get("/v1/wait").headers["Retry-After"] == "3"


def test_messages_in_the_reader_s_language(client: Client) -> None:
    french = client.get("/v1/wait", headers={"Accept-Language": "fr-CH,en"})
    assert json.loads(french.data)["message"].startswith("Trop de demandes")
    assert b"Trop" in french.data


def test_a_crash_says_nothing_of_itself(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    response = client.get("/v1/crash")
    problem(response, 500, "INTERNAL")
    captured = capsys.readouterr()
    assert CANARY not in response.text + captured.out + captured.err
    assert json.loads(captured.err)["exception"] == "ValueError"


def test_unknown_addresses_and_methods(client: Client) -> None:
    problem(client.get("/v1/nothing"), 404, "NOT_FOUND")
    refused = client.delete("/v1/things")
    problem(refused, 405, "METHOD_NOT_ALLOWED")
    assert set(refused.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/things", 200),
        ("/api/v1/things", 200),
        ("/api/api/v1/things", 404),
        ("/apiv1/things", 404),
        ("/api", 404),
        ("/other/v1/things", 404),
    ],
)
def test_the_prefix_of_hosting_is_taken_off_once(client: Client, path: str, status: int) -> None:
    assert client.get(path).status_code == status


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "nul",
        '{"name": "a"} {}',
        '{"name": NaN}',
        '{"count": -Infinity}',
        '{"count": 1e999}',
        "[" * 100_000 + "]" * 100_000,
        '{"count": ' + "9" * 5_000 + "}",
        b"\xff\xfe\xfd",
    ],
    ids=[
        "empty",
        "cut",
        "no word",
        "two",
        "NaN",
        "Infinity",
        "beyond",
        "deep",
        "digits",
        "no text",
    ],
)
def test_what_is_not_json(client: Client, text: str | bytes) -> None:
    problem(post(client, text), 400, "INVALID_ARGUMENT")


@pytest.mark.parametrize("kind", ["text/plain", "", "application/x-www-form-urlencoded"])
def test_another_content_type_is_refused(client: Client, kind: str) -> None:
    body = problem(post(client, '{"name": "a"}', kind), 400, "INVALID_ARGUMENT")
    assert "application/json" in body["remedy"]


def test_json_by_another_name(client: Client) -> None:
    assert post(client, '{"name": "a"}', "application/merge-patch+json").status_code == 201


@pytest.mark.parametrize("value", [None, [], "x", 3, True])
def test_json_that_is_no_object(client: Client, value: object) -> None:
    body = problem(post(client, json.dumps(value)), 400, "INVALID_ARGUMENT")
    assert body["problems"][0]["field"] == "(body)"


def test_bodies_have_a_limit(client: Client) -> None:
    body = problem(post(client, b" " * (web.MAXIMUM_BODY_BYTES + 1)), 413, "PAYLOAD_TOO_LARGE")
    assert "262,144" in body["detail"]
    padded = b'{"name": "a"}'.ljust(web.MAXIMUM_BODY_BYTES)
    assert post(client, padded).status_code == 201


def test_a_chunked_body_has_the_same_limit(client: Client) -> None:
    """Without a declared length, as gunicorn hands it over."""
    size = web.MAXIMUM_BODY_BYTES + 1
    response = client.post(
        "/v1/things",
        input_stream=io.BytesIO(b" " * size),
        content_type="application/json",
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )
    problem(response, 413, "PAYLOAD_TOO_LARGE")


def test_problems_name_fields_and_not_their_values(client: Client) -> None:
    sent = {"name": CANARY, "count": "1", "inner": {"a": CANARY}}
    response = post(client, json.dumps(sent))
    body = problem(response, 400, "INVALID_ARGUMENT")
    assert {item["field"] for item in body["problems"]} == {"name", "count", "inner.a"}
    assert CANARY not in response.text


def test_names_of_unknown_fields_are_cut_and_few(client: Client) -> None:
    sent = {"name": "a", **{f"{n}{'x' * 5_000}": n for n in range(40)}}
    response = post(client, json.dumps(sent))
    body = problem(response, 400, "INVALID_ARGUMENT")
    assert len(body["problems"]) == web.MAXIMUM_PROBLEMS
    assert all(len(item["field"]) <= web.LONGEST_FIELD for item in body["problems"])
    assert len(response.data) < 4_000


def test_very_many_problems_are_counted_only(client: Client) -> None:
    sent = {"name": "a", **{f"x{n}": n for n in range(web.MANY_PROBLEMS + 1)}}
    body = problem(post(client, json.dumps(sent)), 400, "INVALID_ARGUMENT")
    assert "1,001 places" in body["detail"]
    assert "problems" not in body


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "a", "name": "a"}',
        '{"name": "a", "inner": {"a": 1, "\\u0061": 2}}',
        '{"name": "a", "count": NaN}',
        '{"name": "a", "count": -Infinity}',
        '{"name": "a", "count": 1e999}',
        '{"name": "a", "inner": {"a": -1e999}}',
        '{"name": "a", "count": ' + "9" * 5_000 + "}",
        '{"name": "a", "inner": ' + '{"a":' * 10_000 + "1" + "}" * 10_000 + "}",
        '{"name": "a"} {}',
        '\ufeff{"name": "a"}',
    ],
    ids=[
        "twice",
        "twice inside",
        "nan",
        "infinity",
        "beyond",
        "below",
        "long",
        "deep",
        "two",
        "mark",
    ],
)
def test_json_that_readers_disagree_on(client: Client, text: str) -> None:
    problem(post(client, text), 400, "INVALID_ARGUMENT")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig", "latin-1"])
def test_json_is_utf_8(client: Client, encoding: str) -> None:
    problem(post(client, '{"name": "é"}'.encode(encoding)), 400, "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        *[("1", 1), ("500", 500), ("007", 7)],
        *[(text, None) for text in ("", "0", "501", "-1", "1.5", "١", "²")],
        *[("0000000015000", None), ("9" * 6_000, None)],
    ],
)
def test_limits_of_lists(client: Client, text: str, limit: int | None) -> None:
    response = client.get("/v1/things", query_string={"limit": text})
    if limit is None:
        problem(response, 400, "INVALID_ARGUMENT")
    else:
        assert response.get_json() == {"limit": limit}


def dispatched(app: flask.Flask, **headers: str) -> TestResponse:
    def function(environ: Any, start_response: Any) -> Any:
        request = flask.Request(environ)
        return web.dispatch(app.wsgi_app, request, "api", "p")(environ, start_response)

    return Client(function).get("/v1/crash", headers=headers)


def test_a_request_keeps_its_id(app: flask.Flask, capsys: pytest.CaptureFixture[str]) -> None:
    response = dispatched(app, **{"X-Request-Id": "given-id-1"})
    assert response.headers["X-Request-Id"] == "given-id-1"
    assert json.loads(response.data)["request_id"] == "given-id-1"
    line = json.loads(capsys.readouterr().err)
    assert (line["request_id"], line["function"]) == ("given-id-1", "api")


@pytest.mark.parametrize("given", ["", "short", "x" * 65, "with space", "é" * 10, "a;b=cdefgh"])
def test_an_id_that_is_not_well_formed_is_replaced(app: flask.Flask, given: str) -> None:
    response = dispatched(app, **{"X-Request-Id": given})
    made = response.headers["X-Request-Id"]
    assert web.REQUEST_ID.fullmatch(made)
    assert made != given


TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize(
    ("headers", "trace"),
    [
        ({"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}, TRACE),
        ({"X-Cloud-Trace-Context": f"{TRACE}/123;o=1"}, TRACE),
        ({"traceparent": "00-canary"}, None),
        ({"X-Cloud-Trace-Context": TRACE[:-1]}, None),
        ({}, None),
    ],
)
def test_traces(headers: dict[str, str], trace: str | None) -> None:
    fields = web.context(Headers(headers), "id", "api", "p")
    assert fields.get("logging.googleapis.com/trace") == (trace and f"projects/p/traces/{trace}")
    assert (fields["request_id"], fields["function"]) == ("id", "api")
