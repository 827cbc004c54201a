"""Whom and where a request to `admin` names."""

from __future__ import annotations

from typing import Any, cast

import flask
import pytest
from pydantic import ValidationError

from functions.administration import Administration, ChangeBody
from functions.changes import MAXIMUM_REASON
from functions.clock import ManualClock
from functions.documents import Scope, Store
from functions.errors import InvalidArgument, Unauthenticated
from functions.identity import Actor

APP = flask.Flask(__name__)
NO_STORE = cast(Store, None)  # nothing here reads


def administration(asked: list[str | None] | None = None) -> Administration:
    def person(authorization: str | None) -> Actor:
        if asked is not None:
            asked.append(authorization)
        if not authorization:
            raise Unauthenticated("Nobody.")
        return Actor.person(authorization)

    return Administration(NO_STORE, ManualClock(), Scope("main", "production"), person)


@pytest.mark.parametrize(
    ("query", "scope"),
    [
        ("", Scope("main", "production")),
        ("environment=staging", Scope("main", "staging")),
        ("application=shop", Scope("shop", "production")),
        ("application=shop&environment=eu-1", Scope("shop", "eu-1")),
    ],
)
def test_the_scope_is_named_by_the_query(query: str, scope: Scope) -> None:
    with APP.test_request_context(f"/?{query}"):
        assert administration().scope() == scope


@pytest.mark.parametrize("parameter", ["application", "environment"])
@pytest.mark.parametrize(
    "value", ["", "Main", "a/b", "..", "1a", "a b", "x" * 40, "é", "a\n", "a%00", "__x__"]
)
def test_scopes_that_are_no_names(parameter: str, value: str) -> None:
    with (
        APP.test_request_context("/", query_string={parameter: value}),
        pytest.raises(InvalidArgument, match=parameter),
    ):
        administration().scope()


def test_a_token_is_read_once_a_request() -> None:
    asked: list[str | None] = []
    admin = administration(asked)
    for name in ("anna", "bob"):
        with APP.test_request_context("/", headers={"Authorization": name}):
            assert admin.actor() == admin.actor() == Actor.person(name)
    assert asked == ["anna", "bob"]


def test_nobody_is_refused_before_anything_is_read() -> None:
    with APP.test_request_context("/"), pytest.raises(Unauthenticated):
        administration().read()


@pytest.mark.parametrize(
    "body",
    [
        {"reason": "x" * (MAXIMUM_REASON + 1)},
        {"reason": None},
        {"reason": 3},
        {"expected_generation": -1},
        {"expected_generation": "3"},
        {"expected_generation": True},
        {"expected_generation": 1.0},
        {"actor": "somebody else"},
        {"reason": "\ud800"},
    ],
    ids=str,
)
def test_what_a_change_may_not_carry(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ChangeBody.model_validate(body)


def test_a_change_needs_nothing() -> None:
    assert ChangeBody.model_validate({}) == ChangeBody(reason="", expected_generation=None)
