"""Holds every answer that a test gets against what the function says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import flask
import jsonschema_rs
import pytest

from functions import admin, api, openapi, web

RESPONSES = "#/components/responses/"
Description = dict[str, Any]

_known: dict[tuple[str, str, str], Description] = {}
"""By prefix, rule and method: making one takes longer than most tests."""


@contextmanager
def answers_as_described(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """All that apps answer that are made in here. Those that don't fit are told at the end, since
    Flask would make a 500 of an exception."""
    problems: list[str] = []
    make = web.make_app

    def make_watched(name: str, prefix: str, blueprints: Any) -> flask.Flask:
        app = make(name, prefix, blueprints)

        @app.after_request
        def look(response: flask.Response) -> flask.Response:
            rule, method = flask.request.url_rule, flask.request.method
            if rule is not None and method not in ("OPTIONS", "HEAD"):
                told = _description(app, prefix, rule.rule, method)
                problems.extend(f"{method} {rule.rule}: {it}" for it in departures(told, response))
            return response

        return app

    monkeypatch.setattr(web, "make_app", make_watched)
    yield
    assert not problems, problems


def _description(app: flask.Flask, prefix: str, rule: str, method: str) -> Description:
    key = (prefix, rule, method)
    if key not in _known:
        surface = api.SURFACE if prefix == api.PREFIX else admin.SURFACE
        routes = [it for it in web.routes_of(app) if (it.rule, it.method) == (rule, method)]
        _known[key] = openapi.describe(replace(surface, ahead=""), routes)
    return _known[key]


def departures(told: Description, response: flask.Response) -> Iterator[str]:
    """In what an answer differs from the one operation that is described."""
    operations = [operation for path in told["paths"].values() for operation in path.values()]
    if not operations:
        return
    status = str(response.status_code)
    answer = operations[0]["responses"].get(status)
    if answer is None:
        yield f"{status} is not described: {response.get_data(as_text=True)[:300]}"
        return
    if "$ref" in answer:
        answer = told["components"]["responses"][answer["$ref"].removeprefix(RESPONSES)]
    if response.mimetype not in answer["content"]:
        yield f"{status} of the type {response.mimetype}"
        return
    if response.mimetype == openapi.EVENTS:
        return  # it is being written: only its client reads it
    schema = answer["content"][response.mimetype]["schema"]
    validator = jsonschema_rs.validator_for({**schema, "components": told["components"]})
    for error in validator.iter_errors(response.get_json()):
        yield f"{status}: {error.message} at {error.instance_path}"
