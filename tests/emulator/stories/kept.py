"""Stories as they are kept, without anybody having written them."""

from __future__ import annotations

from dataclasses import dataclass, field

from functions.documents import Scope, Store, Write
from functions.metrics.observation import Note
from functions.stories.claim import COLLECTION, Claim, State, story_id
from functions.stories.story import Draft, Provenance, Story, Usage

NOW = 1_800_000_000.0
SCOPE = Scope("main", "testing")


@dataclass
class Votes:
    """A recorder that keeps what it is told."""

    notes: list[Note] = field(default_factory=list)

    def note(self, scope: Scope, note: Note) -> None:
        assert scope == SCOPE
        self.notes.append(note)


def keep(
    store: Store,
    key: str,
    owner: str = "u1",
    *,
    state: State = "finished",
    at: float = NOW,
    arm: str = "1.2.0",
    fallback: bool = False,
    scope: Scope = SCOPE,
) -> str:
    """The id of a story in that state, asked for at `at` and titled by its key."""
    claim = Claim(story_id(owner, key), owner, "a" * 64, arm, 7, at)
    draft = Draft(title=key, paragraphs=("Once upon a time.",))
    provenance = Provenance(
        version=arm.partition("+")[0],
        content_hash="b" * 64,
        model="gpt-test",
        usage=Usage(input_tokens=10, output_tokens=20),
        attempts=1,
        fallback=fallback,
    )
    data = {
        "running": claim.running(),
        "finished": claim.finished(
            Story.of(draft, "en", provenance).model_dump(mode="json"), attempts=1
        ),
        "failed": claim.failed({"code": "TIMEOUT", "reason": None}, attempts=2),
    }[state]
    store.commit([Write.create(scope.doc(COLLECTION, claim.story_id), data)])
    return claim.story_id


def left(store: Store, scope: Scope = SCOPE) -> set[str]:
    """The ids of all stories that are kept."""
    return {document.id for document in store.query(scope.collection(COLLECTION))}
