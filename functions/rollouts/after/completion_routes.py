"""What is left of a rollout once it has ended, over the admin API.

GET  /v1/rollouts/{id}/completion    what is left to do, and what was done
POST /v1/rollouts/{id}/remove-flags  archives its temporary flags, all of them or none
PUT  /v1/rollouts/{id}/lessons       what it taught, in people's own words
GET  /v1/rollouts/{id}/archive       what was measured of it
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import flask

from functions import web
from functions.administration import Administration
from functions.description import described
from functions.documents import Reads, Scope
from functions.errors import FailedPrecondition, NotFound
from functions.identity import Permission
from functions.rollouts import store
from functions.rollouts.after import archive_store, lessons
from functions.rollouts.after.archive import stretches
from functions.rollouts.after.completion import Known, archived, completion
from functions.rollouts.after.completion_answers import (
    ArchiveAnswer,
    CompletionAnswer,
    FlagsRemoved,
    LessonsBody,
    LessonsWritten,
    RemoveFlagsBody,
)
from functions.rollouts.after.removal import shown
from functions.rollouts.after.removal_store import basis, flag_documents, published_requires
from functions.rollouts.after.remove_flags import remove_flags
from functions.rollouts.after.store import found_of
from functions.rollouts.rollout import Rollout

ID = {"identifier": f"^{store.IDENTIFIER.pattern}$"}


def blueprint(administration: Callable[[], Administration]) -> flask.Blueprint:
    """`administration` is asked on the first request."""
    routes = flask.Blueprint("completion", __name__)

    @routes.get("/v1/rollouts/<identifier>/completion")
    @described(
        "What is left to do of one, and what was done", answers={200: CompletionAnswer}, path=ID
    )
    def completed(identifier: str) -> Any:
        admin = administration()
        scope = admin.read()
        rollout = store.find(admin.store, scope, identifier).rollout
        return web.answer(completion(_known(admin.store, scope, rollout, admin.clock.now())))

    @routes.post("/v1/rollouts/<identifier>/remove-flags")
    @described(
        "Archive the temporary flags of one that has succeeded",
        body=RemoveFlagsBody,
        answers={200: FlagsRemoved},
        path=ID,
        errors=(FailedPrecondition,),
    )
    def remove(identifier: str) -> Any:
        admin, body = administration(), web.parse(RemoveFlagsBody)
        outcome = admin.commit(
            Permission.EDIT_FLAGS, body, remove_flags(identifier, force=body.force)
        )
        removal = outcome.result
        flags = shown(removal.basis, removal.removed)
        told = {"generation": outcome.generation, "flags": flags, "warning": removal.warning}
        return web.answer(told)

    @routes.put("/v1/rollouts/<identifier>/lessons")
    @described(
        "Write down what one that has ended taught",
        body=LessonsBody,
        answers={200: LessonsWritten},
        path=ID,
        errors=(FailedPrecondition,),
    )
    def write(identifier: str) -> Any:
        admin, body = administration(), web.parse(LessonsBody)
        deciding = lessons.write_lessons(identifier, body.text)
        outcome = admin.commit(Permission.ROLL_OUT, body, deciding)
        told = {"generation": outcome.generation, "lessons": asdict(outcome.result)}
        return web.answer(told)

    @routes.get("/v1/rollouts/<identifier>/archive")
    @described("What was measured of one, by stage and hour", answers={200: ArchiveAnswer}, path=ID)
    def measured(identifier: str) -> Any:
        admin = administration()
        scope = admin.read()
        rollout = store.find(admin.store, scope, identifier).rollout
        found = archive_store.find(admin.store, scope, rollout.id)
        if found is None:
            raise NotFound(
                f"Nothing of the rollout {identifier} is archived yet.",
                remedy="It is archived once a day, at 03:30 UTC, once users have had it.",
            )
        events = store.events(admin.store, scope, rollout.id)
        return web.answer(archived(found, stretches(events)))

    return routes


def _known(reads: Reads, scope: Scope, rollout: Rollout, now: float) -> Known:
    documents = flag_documents(reads, scope, rollout)
    requires = published_requires(reads, scope)
    return Known(
        rollout,
        basis(reads, scope, rollout, documents, requires, now),
        found_of(reads, scope, rollout.id),
        archive_store.find(reads, scope, rollout.id),
        lessons.find(reads, scope, rollout.id),
    )
