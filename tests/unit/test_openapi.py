"""The descriptions of both HTTP functions: whole, sound, and made of what the routes say."""

from __future__ import annotations

import contextlib
import itertools
import json
from pkgutil import resolve_name
from typing import Annotated, Any

import flask
import pytest
import schemathesis
from pydantic import BaseModel, ConfigDict, Field
from schemathesis.core.result import Ok

from functions import admin, api, openapi, web
from functions.description import Route, Surface, described, limit
from functions.errors import (
    ALL,
    AlreadyExists,
    Internal,
    InvalidArgument,
    OpenAIError,
    StoreUnavailable,
)
from functions.flags.clients import hot, ofrep
from tests.described import departures

SURFACE = Surface("Things", "For tests.", "1.0", "/api", {}, errors=(StoreUnavailable,))


class Inner(BaseModel):
    size: Annotated[int, Field(ge=1)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=5)]
    inner: Inner


def operation(route: str, method: str, told: Any) -> dict[str, Any]:
    described = openapi.describe(SURFACE, [Route(route, method, "things.do", told)])
    [path] = described["paths"].values()
    [found] = path.values()
    return dict(found)


def test_an_operation() -> None:
    told = described("Do it", body=Body, answers={201: Inner}, errors=(AlreadyExists,))
    found = operation("/v1/things/<int:number>", "POST", told)
    assert found["operationId"] == "things_do"
    assert found["parameters"] == [
        {
            "name": "number",
            "in": "path",
            "required": True,
            "schema": {"type": "integer", "minimum": 0},
        }
    ]
    body = found["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/Body"}
    assert list(found["responses"]) == ["201", "400", "409", "413", "503"]


def test_models_are_named_once() -> None:
    told = described("Do it", body=Body, answers={200: Inner, 201: Inner})
    schemas = openapi.describe(SURFACE, [Route("/v1/x", "POST", "x", told)])["components"][
        "schemas"
    ]
    assert set(schemas) == {"Body", "Inner", "Problem"}
    assert schemas["Body"]["additionalProperties"] is False
    assert schemas["Body"]["properties"]["inner"] == {"$ref": "#/components/schemas/Inner"}


def test_a_shape_may_be_named() -> None:
    told = described("Do it", answers={200: "functions.registry.answers:HealthAnswer"})
    [answer] = operation("/", "GET", told)["responses"]["200"]["content"].values()
    assert answer["schema"] == {"$ref": "#/components/schemas/HealthAnswer"}


def test_a_pattern_of_a_path() -> None:
    told = described("Do it", answers={}, path={"key": "^a$"}, query=[limit(1, 2)])
    key, size = operation("/<key>", "GET", told)["parameters"]
    assert key["schema"] == {"type": "string", "pattern": "^a$"}
    assert (size["name"], size["in"], size["required"]) == ("limit", "query", False)


def test_what_is_public_wants_nothing() -> None:
    found = operation("/", "GET", described("Do it", answers={}, public=True))
    assert (found["security"], found["responses"]) == ([], {})


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.code)
def test_every_status_of_an_error_is_described(kind: type[Any]) -> None:
    told = described("Do it", answers={}, errors=(kind,))
    described_ = openapi.describe(SURFACE, [Route("/", "GET", "x", told)])
    for status in kind.statuses():
        reference = described_["paths"]["/"]["get"]["responses"][str(status)]["$ref"]
        name = reference.removeprefix("#/components/responses/")
        schema = described_["components"]["responses"][name]["content"]["application/problem+json"]
        own = schema["schema"]["allOf"][1]["properties"]
        assert own["status"] == {"const": status}
        assert kind.code in own["code"]["enum"]


def test_every_status_of_openai_s_errors_is_known() -> None:
    assert OpenAIError.statuses() == {400, 429, 500, 502, 503}


# both functions


IMPLIED = {"HEAD", "OPTIONS"}
BOTH = {
    "api": lambda: (api.SURFACE, api.slower_routes()),
    "admin": lambda: (admin.SURFACE, admin.application()),
}


@pytest.fixture(scope="module", params=BOTH)
def surface(request: pytest.FixtureRequest) -> tuple[Surface, flask.Flask]:
    return BOTH[request.param]()


@pytest.fixture(scope="module")
def description(surface: tuple[Surface, flask.Flask]) -> dict[str, Any]:
    return openapi.describe(surface[0], web.routes_of(surface[1]))


def test_every_route_is_described(surface: tuple[Surface, flask.Flask]) -> None:
    routes = web.routes_of(surface[1])
    assert [f"{it.method} {it.rule}" for it in routes if not it.description] == []


def test_the_hot_routes_are_described() -> None:
    paths = openapi.describe(api.SURFACE, [])["paths"]
    assert set(paths) == {ofrep.BASE, f"{ofrep.BASE}/{{key}}", *hot.DOCUMENTS}
    for path, route in hot.DOCUMENTS.items():
        assert {method.upper() for method in paths[path]} == set(route.methods) - IMPLIED


def test_it_is_valid(description: dict[str, Any]) -> None:
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(description)))
    schema.validate()
    assert all(isinstance(each, Ok) for each in schema.get_all_operations())


NASTY: list[Any] = [
    *(None, True, 0, -1, 10**400, 1.5, float("nan"), "", "x" * 5_000, "\ud800", "\x00"),
    *([], [None], [[]], {}, {"": None}, {"a": {"a": []}}),
]


def test_no_value_of_any_field_crashes_a_body(surface: tuple[Surface, flask.Flask]) -> None:
    told = [route.description for route in web.routes_of(surface[1])]
    shapes = [each.body for each in told if each and each.body]
    for shape in shapes:
        model: Any = resolve_name(shape) if isinstance(shape, str) else shape
        for name, value in itertools.product(model.model_fields, NASTY):
            with contextlib.suppress(InvalidArgument):
                web.validated(model, {name: value})


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references(each) for each in value.values()))
    if isinstance(value, list):
        return set().union(*(references(each) for each in value))
    return set()


def test_every_reference_leads_somewhere(description: dict[str, Any]) -> None:
    for reference in references(description):
        found: Any = description
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


def test_operations_have_names_of_their_own(description: dict[str, Any]) -> None:
    names = [
        each["operationId"] for path in description["paths"].values() for each in path.values()
    ]
    assert len(names) == len(set(names))


def test_a_crash_is_never_described(description: dict[str, Any]) -> None:
    for name in description["components"]["responses"]:
        assert Internal.code not in name.split("-")


def test_it_is_served(surface: tuple[Surface, flask.Flask]) -> None:
    """Without the check of who asks, which is the functions' own."""
    told, _ = surface
    bare = web.make_app("bare", told.prefix, [])
    web.serve_description(bare, told)
    answer = bare.test_client().get(f"{told.prefix}/openapi.json")
    assert answer.get_json()["info"]["title"] == told.title
    assert answer.headers["X-Request-Id"] == ""


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"size": 1}, []),
        ({"size": 0}, ["200: 0 is less than the minimum of 1 at ['size']"]),
        ({}, ['200: "size" is a required property at []']),
        (({"size": 1}, 201), ["201 is not described"]),
        ((json.dumps({"size": 1}), 200, {"Content-Type": "text/html"}), ["200 of the type text"]),
    ],
)
def test_a_departure_from_the_description_shows(answer: Any, told: list[str]) -> None:
    """What the tests on the emulator hold every answer against."""
    routes = [Route("/", "GET", "x", described("Look", answers={200: Inner}))]
    app = web.make_app("surface-tests", "/api", [])
    with app.test_request_context():
        found = list(departures(openapi.describe(SURFACE, routes), app.make_response(answer)))
    assert len(found) == len(told)
    assert all(each.startswith(start) for each, start in zip(found, told, strict=True))
