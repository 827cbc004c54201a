"""Lessons learned of a rollout, as people write them down once it has ended.

ENV/lessons/{rollout}   the text, who wrote it and when

The text is people's own: it is shown with the rollout, and kept out of the audit trail, of logs and
of messages.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from typing import Any

from functions.changes import Decision, Entry, View
from functions.documents import Reads, Scope, Write
from functions.errors import FailedPrecondition
from functions.rollouts import store
from functions.rollouts.after.completion import Lessons
from functions.rollouts.state import ENDED

COLLECTION = "lessons"
LONGEST = 10_000


def path(scope: Scope, identifier: str) -> str:
    return scope.doc(COLLECTION, identifier)


def write_lessons(identifier: str, text: str) -> Callable[[View], Decision]:
    """Writes them down, or anew. Its result is the Lessons.

    Raises NotFound, or FailedPrecondition: the rollout hasn't ended.
    """

    def deciding(view: View) -> Decision:
        rollout = store.find(view, view.scope, identifier).rollout
        if rollout.state.phase not in ENDED:
            raise FailedPrecondition(
                f"The rollout {identifier} has not ended: it is "
                f"{rollout.state.phase.value.replace('_', ' ')}.",
                remedy="Write down what it taught once it has succeeded or was taken back.",
            )
        lessons = Lessons(text, str(view.actor), view.now)
        entry = Entry("rollout.lessons", f"rollouts/{identifier}", after={"characters": len(text)})
        write = Write.set(path(view.scope, identifier), asdict(lessons))
        return Decision(writes=[write], entries=[entry], result=lessons)

    return deciding


def find(reads: Reads, scope: Scope, identifier: str) -> Lessons | None:
    document = reads.get(path(scope, identifier))
    return _lessons(document.data) if document else None


def written(reads: Reads, scope: Scope, identifiers: Collection[str]) -> set[str]:
    """Of which of these rollouts there are lessons."""
    paths = {path(scope, each): each for each in identifiers}
    found = reads.get_many(sorted(paths))
    return {paths[where] for where, document in found.items() if document}


def _lessons(data: Mapping[str, Any]) -> Lessons:
    return Lessons(data["text"], data["by"], data["at"])
