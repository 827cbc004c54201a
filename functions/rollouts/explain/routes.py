"""A rollout in sentences, over the admin API.

GET /v1/rollouts/{id}/explain    why it waits, what it would need, when the next check is
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask

from functions import web
from functions.administration import Administration, Answer
from functions.alerts.incidents.catalog import PEOPLE
from functions.alerts.incidents.people import names
from functions.alerts.message import ENGLISH, FRENCH
from functions.definitions import Definitions
from functions.description import Parameter, described
from functions.documents import Scope, Store
from functions.errors import InvalidArgument
from functions.rollouts import store as rollouts
from functions.rollouts.explain.explanation import explain
from functions.rollouts.explain.known import Known
from functions.rollouts.present import present
from functions.rollouts.state import Phase
from functions.rollouts.survey import budgets
from functions.rollouts.tongue import Tongue

LANGUAGES = (ENGLISH, FRENCH)
LANGUAGE = Parameter(
    "language", "English or French.", {"enum": list(LANGUAGES), "default": ENGLISH}
)


class RolloutExplained(Answer):
    """Sentences for people, in the order in which they are read. They may become better: don't take
    them apart in code."""

    language: str
    stands: list[str]
    waits: list[str]
    needs: list[str]
    next_check: list[str]
    takes_back: list[str]
    happened: list[str]


def blueprint(administration: Callable[[], Administration]) -> flask.Blueprint:
    """`administration` is asked on the first request."""
    routes = flask.Blueprint("rollouts explained", __name__)

    @routes.get("/v1/rollouts/<identifier>/explain")
    @described(
        "One in sentences: why it waits, and what it would need",
        answers={200: RolloutExplained},
        query=[LANGUAGE],
        path={"identifier": f"^{rollouts.IDENTIFIER.pattern}$"},
    )
    def answer(identifier: str) -> Any:
        admin = administration()
        scope = admin.read()
        language = flask.request.args.get("language", ENGLISH)
        if language not in LANGUAGES:
            raise InvalidArgument(f"`language` is one of {', '.join(LANGUAGES)}.")
        known = _known(admin.store, scope, identifier, admin.clock.now())
        people = Definitions(admin.store, PEOPLE.collection).of(scope)[PEOPLE.collection]
        return web.answer(explain(known, Tongue(language, names(people))).to_view())

    return routes


def _known(store: Store, scope: Scope, identifier: str, now: float) -> Known:
    """Raises NotFound, StoreUnavailable."""
    rollout = rollouts.find(store, scope, identifier).rollout
    queued = rollout.state.phase is Phase.QUEUED
    ahead = (
        rollouts.running_ids(store, scope, [each.flag for each in rollout.moves]) if queued else []
    )
    found = present(store, scope, rollout, now)
    return Known(
        rollout,
        found.look,
        rollouts.events(store, scope, identifier),
        now,
        tuple(ahead),
        found.traffic,
        budgets(store, scope, [rollout]).get(rollout.service),
    )
