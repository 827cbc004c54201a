"""The person behind a request to `admin`, the scope it names, and the change it asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import flask
from pydantic import BaseModel, ConfigDict, Field

from functions import identity
from functions.changes import MAXIMUM_REASON, Change, Decision, Outcome, View, commit_change
from functions.clock import Clock
from functions.documents import Scope, Store
from functions.errors import InvalidArgument
from functions.identity import Actor, Permission
from functions.settings import IDENTIFIER


class ChangeBody(BaseModel):
    """What every change carries beside its own fields."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: str = Field(default="", max_length=MAXIMUM_REASON)
    expected_generation: int | None = Field(default=None, ge=0)


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
        """The scope, once the person is known to be allowed to read it."""
        actor, scope = self.actor(), self.scope()
        deciding = self.store.get_many(identity.deciding_paths(actor, scope))
        identity.require(actor, scope, Permission.READ, deciding)
        return scope

    def commit(
        self, permission: Permission, body: ChangeBody, decide: Callable[[View], Decision]
    ) -> Outcome:
        """Takes the change of the current request through."""
        change = Change(
            self.scope(), self.actor(), permission, body.reason, body.expected_generation
        )
        return commit_change(self.store, self.clock, change, decide)


def _named(parameter: str, default: str) -> str:
    value = flask.request.args.get(parameter, default)
    if not IDENTIFIER.fullmatch(value):
        raise InvalidArgument(
            f"The {parameter} takes lower-case letters, digits and hyphens, at most 39."
        )
    return value
