"""The OpenAPI 3.1 description of an HTTP function, made of what its routes say of themselves. Pure.

Source: the OpenAPI Specification 3.1.1 (spec.openapis.org). pydantic, which makes the schemas, is
imported when a description is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from functions.description import TEXT, Description, Parameter, Route, Schema, Surface
from functions.errors import ALL, InvalidArgument, PalierError, PayloadTooLarge

if TYPE_CHECKING:
    from functions.description import Shape

VERSION = "3.1.1"
JSON = "application/json"
PROBLEM_JSON = "application/problem+json"
EVENTS = "text/event-stream"
COMPONENTS = "#/components"
VARIABLE = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")
CONVERTERS: Mapping[str, Schema] = {"int": {"type": "integer", "minimum": 0}}
READING = ("GET", "HEAD")
REQUEST_ID = "X-Request-Id"
CHALLENGE = "WWW-Authenticate"
ByStatus = Mapping[int, list[type[PalierError]]]


def describe(surface: Surface, routes: Iterable[Route]) -> dict[str, Any]:
    """The whole description as JSON. A route without one is left out: a test finds it."""
    known = [(route, route.description) for route in routes if route.description]
    shapes, schemas = _schemas({shape for _, told in known for shape in told.shapes})
    ahead, more = resolve_name(surface.ahead)() if surface.ahead else ({}, {})
    paths: dict[str, Any] = {}
    refusals: dict[str, Any] = {}
    for route, told in known:
        errors = by_status(_errors(surface, route.method, told))
        refusals |= {
            _name(status, kinds): refusal(status, kinds) for status, kinds in errors.items()
        }
        operations = paths.setdefault(VARIABLE.sub(r"{\2}", route.rule), {})
        operations[route.method.lower()] = _operation(surface, route, told, shapes, errors)
    return {
        "openapi": VERSION,
        "info": {
            "title": surface.title,
            "summary": surface.summary,
            "version": surface.version,
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": surface.prefix}],
        "security": [{name: []} for name in surface.security],
        "paths": dict(sorted({**paths, **ahead}.items())),
        "components": {
            "securitySchemes": dict(surface.schemes),
            "schemas": dict(sorted({**schemas, **more, "Problem": PROBLEM}.items())),
            "responses": dict(sorted(refusals.items())),
            "headers": HEADERS,
        },
    }


def by_status(kinds: Iterable[type[PalierError]]) -> dict[int, list[type[PalierError]]]:
    found: dict[int, list[type[PalierError]]] = {}
    for kind in kinds:
        for status in kind.statuses():
            found.setdefault(status, []).append(kind)
    return found


def _operation(
    surface: Surface,
    route: Route,
    told: Description,
    shapes: Mapping[Any, Schema],
    errors: ByStatus,
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.endpoint.replace(".", "_"),
        "tags": [route.endpoint.partition(".")[0]],
        "summary": told.summary,
    }
    if told.detail:
        operation["description"] = told.detail
    if told.public or told.security:
        operation["security"] = [{name: []} for name in told.security]
    parameters = _parameters(surface, route, told)
    if parameters:
        operation["parameters"] = parameters
    if told.body:
        content = {JSON: {"schema": _schema(told.body, shapes)}}
        operation["requestBody"] = {"required": True, "content": content}
    responses = {
        **{status: _answer(status, _schema(it, shapes)) for status, it in told.answers.items()},
        **{status: _component("responses", _name(status, of)) for status, of in errors.items()},
    }
    if told.events:
        schema = {"type": "string", "description": told.events}
        responses[200]["content"][EVENTS] = {"schema": schema}
    operation["responses"] = {str(status): responses[status] for status in sorted(responses)}
    return operation


def _parameters(surface: Surface, route: Route, told: Description) -> list[dict[str, Any]]:
    shared = () if told.public or not told.scoped else surface.query
    given = [_parameter(each) for each in (*shared, *told.query)]
    return [*_path_parameters(route.rule, told.path), *given]


def _errors(surface: Surface, method: str, told: Description) -> list[type[PalierError]]:
    kinds = {*told.errors}
    if not told.public:
        kinds.update(surface.errors)
        kinds.update(surface.scoped if told.scoped else ())
    if method not in READING:
        kinds.update((*surface.changing, InvalidArgument, PayloadTooLarge))
    return [kind for kind in ALL if kind in kinds]


def _schema(shape: Shape, shapes: Mapping[Any, Schema]) -> Schema:
    return shape if isinstance(shape, Mapping) else shapes[shape]


def _answer(status: int, schema: Schema) -> dict[str, Any]:
    return {
        "description": HTTPStatus(status).phrase,
        "headers": _headers(REQUEST_ID),
        "content": {JSON: {"schema": schema}},
    }


def refusal(status: int, kinds: list[type[PalierError]]) -> dict[str, Any]:
    """What is answered for these errors, which share a status."""
    codes = [kind.code for kind in kinds]
    own = {"properties": {"status": {"const": status}, "code": {"enum": codes}}}
    schema = {"allOf": [_component("schemas", "Problem"), own]}
    return {
        "description": " ".join(f"{kind.code}: {kind.default_remedy}" for kind in kinds),
        "headers": _headers(REQUEST_ID, *((CHALLENGE,) if status == 401 else ())),
        "content": {PROBLEM_JSON: {"schema": schema}},
    }


def _name(status: int, kinds: list[type[PalierError]]) -> str:
    return "-".join([str(status), *(kind.code for kind in kinds)])


def _component(kind: str, name: str) -> dict[str, Any]:
    return {"$ref": f"{COMPONENTS}/{kind}/{name}"}


def _headers(*names: str) -> dict[str, Any]:
    return {name: _component("headers", name) for name in names}


def _path_parameters(rule: str, given: Mapping[str, str | Schema]) -> list[dict[str, Any]]:
    found = []
    for converter, name in VARIABLE.findall(rule):
        schema = given.get(name) or CONVERTERS.get(converter, TEXT)
        if isinstance(schema, str):
            schema = {"type": "string", "pattern": schema}
        found.append({"name": name, "in": "path", "required": True, "schema": dict(schema)})
    return found


def _parameter(each: Parameter) -> dict[str, Any]:
    return {
        "name": each.name,
        "in": each.place,
        "required": each.required,
        "description": each.summary,
        "schema": dict(each.schema),
    }


def _schemas(shapes: Iterable[Any]) -> tuple[dict[Any, Schema], dict[str, Any]]:
    """Each shape's own schema, and the schemas that all of them refer to by name."""
    from pydantic.json_schema import models_json_schema  # not needed by the hot routes

    models = {each: resolve_name(each) if isinstance(each, str) else each for each in shapes}
    ordered = sorted({(model, "validation") for model in models.values()}, key=str)
    found, shared = models_json_schema(ordered, ref_template=f"{COMPONENTS}/schemas/{{model}}")  # type: ignore[arg-type]
    schemas: dict[Any, Schema] = {
        each: found[model, "validation"] for each, model in models.items()
    }
    return schemas, shared.get("$defs", {})


PROBLEM: Schema = {
    "type": "object",
    "description": "An error, as RFC 9457 has it. `code` is stable; `message` is for end users.",
    "required": ["type", "title", "status", "code", "detail", "remedy", "message", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": TEXT,
        "status": {"type": "integer"},
        "code": {"enum": [kind.code for kind in ALL]},
        "detail": TEXT,
        "remedy": TEXT,
        "message": TEXT,
        "request_id": TEXT,
        "problems": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "expected"],
                "properties": {"field": TEXT, "expected": TEXT},
            },
        },
    },
}
HEADERS: Schema = {
    REQUEST_ID: {
        "description": "The caller's own, or a new one.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{8,64}$"},
    },
    CHALLENGE: {"required": True, "schema": {"type": "string"}},
}
