"""What people ask of a rollout, over the admin API.

POST /v1/rollouts/{id}/approve              lets a stage begin that waits for a person
POST /v1/rollouts/{id}/start                the controller begins within its next minute
POST /v1/rollouts/{id}/increase             more users by hand, now
POST /v1/rollouts/{id}/pause                keeps the split, no longer advances, stays guarded
POST /v1/rollouts/{id}/resume
POST /v1/rollouts/{id}/promote              one step on by hand
POST /v1/rollouts/{id}/complete             success now, from the last stage or the watch
POST /v1/rollouts/{id}/abort                back to 100 % control, nothing against the candidate
POST /v1/rollouts/{id}/rollback             back to 100 % control, also from success; quarantined
POST /v1/rollouts/{id}/reset                back to 100 % control and to where it was created
POST /v1/rollouts/{id}/override-quarantine  its candidate may be released again
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import flask

from functions import web
from functions.administration import Administration, ChangeBody
from functions.changes import Outcome
from functions.description import Description, described
from functions.errors import FailedPrecondition
from functions.identity import Permission
from functions.metrics.store import load_recent
from functions.metrics.windows import Window
from functions.rollouts import commands, shown, store
from functions.rollouts.after import removal
from functions.rollouts.after.completion_answers import RolloutCompleted
from functions.rollouts.answers import RolloutChanged
from functions.rollouts.bodies import (
    ApproveBody,
    CommandBody,
    CompleteBody,
    IncreaseBody,
    StartBody,
)
from functions.rollouts.commands import Asked, Completed, Deciding, Releasable

ID = {"identifier": f"^{store.IDENTIFIER.pattern}$"}

Ask = Callable[[], Administration]


def add_commands(routes: flask.Blueprint, administration: Ask, releasable: Releasable) -> None:
    """Adds what lets a rollout go on, and what ends it."""
    _add_course(routes, administration, releasable)
    _add_ends(routes, administration, releasable)


def asked(admin: Administration, body: ChangeBody) -> Asked:
    stage = body.expected_stage if isinstance(body, CommandBody) else None
    return Asked(str(admin.actor()), body.reason, stage)


def told(outcome: Outcome) -> dict[str, Any]:
    return {"generation": outcome.generation, "rollout": shown.summary(outcome.result)}


def _add_course(routes: flask.Blueprint, administration: Ask, releasable: Releasable) -> None:
    @routes.post("/v1/rollouts/<identifier>/approve")
    @_commanding("Let a stage begin that waits for a person", ApproveBody)
    def approve(identifier: str) -> Any:
        admin, body = administration(), web.parse(ApproveBody)
        return _made(admin, body, commands.approve(identifier, asked(admin, body), body.stage))

    @routes.post("/v1/rollouts/<identifier>/start")
    @_commanding("The controller begins within its next minute", StartBody)
    def start(identifier: str) -> Any:
        admin, body = administration(), web.parse(StartBody)
        deciding = commands.start(
            identifier,
            asked(admin, body),
            override_quarantine=body.override_quarantine,
            releasable=releasable,
        )
        return _made(admin, body, deciding)

    @routes.post("/v1/rollouts/<identifier>/increase")
    @_commanding("More users by hand, now", IncreaseBody)
    def increase(identifier: str) -> Any:
        admin, body = administration(), web.parse(IncreaseBody)
        deciding = commands.increase(
            identifier, asked(admin, body), body.percentage, _windows(admin)
        )
        return _made(admin, body, deciding)

    @routes.post("/v1/rollouts/<identifier>/pause")
    @_commanding("Keep the split, advance no longer, stay guarded")
    def pause(identifier: str) -> Any:
        admin, body = administration(), web.parse(CommandBody)
        return _made(admin, body, commands.pause(identifier, asked(admin, body)))

    @routes.post("/v1/rollouts/<identifier>/resume")
    @_commanding("Go on where it stopped")
    def resume(identifier: str) -> Any:
        admin, body = administration(), web.parse(CommandBody)
        return _made(admin, body, commands.resume(identifier, asked(admin, body)))

    @routes.post("/v1/rollouts/<identifier>/promote")
    @_commanding("One step on by hand")
    def promote(identifier: str) -> Any:
        admin, body = administration(), web.parse(CommandBody)
        deciding = commands.promote(identifier, asked(admin, body), _windows(admin))
        return _made(admin, body, deciding)

    @routes.post("/v1/rollouts/<identifier>/complete")
    @_commanding("Success now, from the last stage or the watch", CompleteBody, RolloutCompleted)
    def complete(identifier: str) -> Any:
        admin, body = administration(), web.parse(CompleteBody)
        deciding = commands.complete(
            identifier,
            asked(admin, body),
            _windows(admin),
            remove_flags=body.remove_flags,
            force=body.force,
        )
        return web.answer(_completed(admin.commit(Permission.ROLL_OUT, body, deciding)))


def _add_ends(routes: flask.Blueprint, administration: Ask, releasable: Releasable) -> None:
    @routes.post("/v1/rollouts/<identifier>/abort")
    @_commanding("Back to 100 % control, nothing said against the candidate")
    def abort(identifier: str) -> Any:
        admin, body = administration(), web.parse(CommandBody)
        return _ended(admin, body, commands.abort(identifier, asked(admin, body), releasable))

    @routes.post("/v1/rollouts/<identifier>/rollback")
    @_commanding("Back to 100 % control; the candidate is quarantined")
    def rollback(identifier: str) -> Any:
        admin, body = administration(), web.parse(CommandBody)
        return _ended(admin, body, commands.rollback(identifier, asked(admin, body), releasable))

    @routes.post("/v1/rollouts/<identifier>/reset")
    @_commanding("Back to 100 % control and to where it was created")
    def reset(identifier: str) -> Any:
        admin, body = administration(), web.parse(CommandBody)
        return _ended(admin, body, commands.reset(identifier, asked(admin, body), releasable))

    @routes.post("/v1/rollouts/<identifier>/override-quarantine")
    @_commanding("Its candidate may be released again", ChangeBody)
    def override_quarantine(identifier: str) -> Any:
        admin, body = administration(), web.parse(ChangeBody)
        return _made(admin, body, commands.override_quarantine(identifier))


def _windows(admin: Administration) -> list[Window]:
    return load_recent(admin.store, admin.read(), admin.clock.now())


def _made(admin: Administration, body: ChangeBody, deciding: Deciding) -> Any:
    return web.answer(told(admin.commit(Permission.ROLL_OUT, body, deciding)))


def _ended(admin: Administration, body: ChangeBody, deciding: Deciding) -> Any:
    """What takes users back is never refused for being late: whatever was changed meanwhile."""
    unconditional = body.model_copy(update={"expected_generation": None})
    return web.answer(told(admin.commit(Permission.ROLL_BACK, unconditional, deciding)))


def _completed(outcome: Outcome) -> dict[str, Any]:
    completed: Completed = outcome.result
    made, found = completed.removal, told(replace(outcome, result=completed.rollout))
    flags = removal.shown(made.basis, made.removed) if made else []
    return {**found, "flags": flags, "warning": made.warning if made else ""}


def _commanding(
    summary: str,
    body: type[ChangeBody] = CommandBody,
    answer: type[RolloutChanged] = RolloutChanged,
) -> Description:
    return described(
        summary,
        body=body,
        answers={200: answer},
        path=ID,
        errors=(FailedPrecondition,),
    )
