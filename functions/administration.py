"""The person behind a request to `admin`, the scope it names, and the change it asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import flask
from pydantic import BaseModel, ConfigDict, Field

from functions import identity, web
from functions.changes import MAXIMUM_REASON, Change, Decision, Outcome, View, commit_change
from functions.clock import Clock
from functions.documents import Document, Scope, Store
from functions.errors import InvalidArgument, NotFound
from functions.identity import Actor, Permission
from functions.settings import IDENTIFIER


class ChangeBody(BaseModel):
    """What every change carries beside its own fields."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: str = Field(default="", max_length=MAXIMUM_REASON)
    expected_generation: int | None = Field(default=None, ge=0)


class Answer(BaseModel):
    """An answer as it is described: the fields that are named, and no other."""

    model_config = ConfigDict(extra="forbid")


class ChangeAnswer(Answer):
    """What a change answers: the generation that it made, and its own."""

    generation: int


class Removed(ChangeAnswer):
    """What the removal of a definition answers: its id."""

    removed: str


@dataclass(frozen=True)
class Administration:
    """Turns the current request into who, where and what. `person` verifies its ID token."""

    store: Store
    clock: Clock
    default_scope: Scope
    person: Callable[[str | None], Actor]

    def actor(self) -> Actor:
        """Read once a request. Raises Unauthenticated."""
        if "actor" not in flask.g:
            flask.g.actor = self.person(flask.request.headers.get("Authorization"))
        actor: Actor = flask.g.actor
        return actor

    def scope(self) -> Scope:
        """From `?application=…&environment=…`; the bundle's own where not named."""
        return Scope(
            _named("application", self.default_scope.application),
            _named("environment", self.default_scope.environment),
        )

    def read(self) -> Scope:
        """The scope, once the person is known to be allowed to read it. Raises NotFound."""
        actor, scope = self.actor(), self.scope()
        paths = identity.deciding_paths(actor, scope)
        documents = self.store.get_many([*paths, scope.path])
        identity.require(actor, scope, Permission.READ, documents)
        _require_founded(scope, documents[scope.path])
        return scope

    def commit(
        self, permission: Permission, body: ChangeBody, decide: Callable[[View], Decision]
    ) -> Outcome:
        """Takes the change of the current request through. Raises NotFound."""
        scope = self.scope()

        def in_founded(view: View) -> Decision:
            _require_founded(scope, view.get(scope.path))
            return decide(view)

        change = Change(scope, self.actor(), permission, body.reason, body.expected_generation)
        return commit_change(self.store, self.clock, change, in_founded)


def removed(
    administration: Administration,
    identifier: str,
    decide: Callable[[View], Decision],
    permission: Permission = Permission.EDIT_ALERTS,
) -> flask.Response:
    """Takes the removal of a definition, which the current request asks for, through."""
    body = web.parse(ChangeBody)
    outcome = administration.commit(permission, body, decide)
    answer: flask.Response = web.answer({"generation": outcome.generation, "removed": identifier})
    return answer


def _require_founded(scope: Scope, environment: Document | None) -> None:
    """A mistyped name must not bring an environment into being that nobody looks after."""
    if environment is None:
        raise NotFound(
            f"There is no environment {scope.environment} of the application {scope.application}.",
            remedy="Check the name; `palier init` makes an environment.",
        )


def _named(parameter: str, default: str) -> str:
    value = flask.request.args.get(parameter, default)
    if not IDENTIFIER.fullmatch(value):
        raise InvalidArgument(
            f"The {parameter} takes lower-case letters, digits and hyphens, at most 39."
        )
    return value
