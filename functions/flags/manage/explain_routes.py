"""Why a user gets what they get, over the admin API, for people who may read the environment.

POST /v1/flags/{key}/explain    what a flag gives over a context, and which rule decided

Nothing is written, and nothing of the context is logged.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask
from pydantic import BaseModel, ConfigDict, Field

from functions import web
from functions.administration import Administration, Answer
from functions.description import described
from functions.errors import FailedPrecondition, InvalidArgument
from functions.flags.clients.context import MAXIMUM_BODY_BYTES, BadContext, checked_context
from functions.flags.manage.explanation_store import read_for
from functions.flags.validation import KEY, check_key
from functions.flags.why.explanation import explain


class Question(BaseModel):
    """The context is that of an evaluation, within the same limits."""

    model_config = ConfigDict(extra="forbid", strict=True)

    context: dict[str, Any] = Field(default_factory=dict)


class EvaluationAnswer(Answer):
    """What an app gets. `errorCode` is there when it is an error."""

    value: Any
    variant: str | None
    reason: str
    error_code: str = Field(default="", alias="errorCode")


class DecidedBy(Answer):
    """The last of the steps. `path` leads to it in the flag."""

    kind: str
    path: str
    sentence: str


class StepAnswer(DecidedBy):
    """`holds` is null where there is nothing to hold. `steps` are those that it is made of."""

    holds: bool | None
    steps: list[StepAnswer]


class ExplanationAnswer(Answer):
    """`generation` is that of the environment; `revision` the flag's."""

    key: str
    revision: int
    generation: int
    evaluation: EvaluationAnswer
    decided_by: DecidedBy
    steps: list[StepAnswer]


def blueprint(administration: Callable[[], Administration]) -> flask.Blueprint:
    """`administration` is asked on the first request."""
    routes = flask.Blueprint("explanations", __name__)

    @routes.post("/v1/flags/<key>/explain")
    @described(
        "What a flag gives over a context, and why",
        body=Question,
        answers={200: ExplanationAnswer},
        path={"key": f"^{KEY.pattern}$"},
        errors=(FailedPrecondition,),
    )
    def answer(key: str) -> Any:
        admin = administration()
        scope = admin.read()
        check_key(key)
        context = _checked(web.parse(Question, MAXIMUM_BODY_BYTES).context)
        found = read_for(admin.store, scope, key)
        flag = found.flags.pop(key)
        explanation = explain(flag, found.flags, found.segments, context, admin.clock.now())
        about = {"key": key, "revision": flag.revision, "generation": found.generation}
        return web.answer({**about, **explanation.to_view()})

    return routes


def _checked(context: dict[str, Any]) -> dict[str, Any]:
    """Raises InvalidArgument."""
    try:
        return checked_context(context)
    except BadContext as error:
        raise InvalidArgument(error.detail) from error
