"""The one way to change anything.

A change is decided on what was read and committed at once: the domain's writes, its audit entries
and the published snapshot, all or nothing. When somebody else was faster it is read and decided
anew, with a little jitter, for at most RETRY_SECONDS. Nothing is locked in between.

    permission → reason → decide(view) → one commit {writes, audit entries, parts, pointer}
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from functions import audit, identity, published
from functions.audit import Entry
from functions.clock import Clock
from functions.documents import Document, Reads, Refused, Scope, Store, Write
from functions.errors import (
    FailedPrecondition,
    GenerationConflict,
    InvalidArgument,
    StoreUnavailable,
)
from functions.identity import PRODUCTION, Actor, Permission
from functions.published import Pointer

RETRY_SECONDS = 5.0
FIRST_PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 0.4
MAXIMUM_REASON = 1_000
LOOKED_BACK = 100
"""Entries of the trail that are looked at for a generation."""

__all__ = ["Change", "Decision", "Entry", "Outcome", "View", "commit_change"]


@dataclass(frozen=True)
class Change:
    """Who wants to change something, where, why, and on the basis of which generation."""

    scope: Scope
    actor: Actor
    permission: Permission
    reason: str
    expected_generation: int | None = None


@dataclass(frozen=True)
class Decision:
    """What is to be written. With nothing in it, nothing is committed.

    For repairs: `renewed` parts get a name that they never had, for readers that hold something
    else by the name of that content; the generation becomes higher than `above`.
    """

    writes: Sequence[Write] = ()
    parts: Mapping[str, Any] = field(default_factory=dict)
    entries: Sequence[Entry] = ()
    result: Any = None
    renewed: bool = False
    above: int = 0

    @property
    def empty(self) -> bool:
        return not (self.writes or self.parts or self.entries)


@dataclass(frozen=True)
class Outcome:
    """The generation after the change, and what the decision gave back."""

    generation: int
    result: Any


class View:
    """What a decision may read: one consistent basis, fenced by the pointer's generation."""

    def __init__(self, store: Store, change: Change, now: float, basis: _Basis) -> None:
        self._store = store
        self._change = change
        self._basis = basis
        self._parts: dict[str, str] = {}
        self.scope = change.scope
        self.now = now
        self.actor = change.actor
        self.reason = change.reason
        self.generation = basis.pointer.generation
        self.next_generation = basis.pointer.generation + 1

    def get(self, path: str) -> Document | None:
        return self._store.get(path)

    def get_many(self, paths: Sequence[str]) -> dict[str, Document | None]:
        return self._store.get_many(paths)

    def query(
        self, collection: str, where: Sequence[tuple[str, str, Any]] = (), **options: Any
    ) -> list[Document]:
        return self._store.query(collection, where, **options)

    def paths(
        self, collection: str, where: Sequence[tuple[str, str, Any]], limit: int
    ) -> list[str]:
        return self._store.paths(collection, where, limit)

    def pages(self, collection: str, size: int) -> Iterator[list[Document]]:
        return self._store.pages(collection, size)

    def count(self, collection: str, where: Sequence[tuple[str, str, Any]] = ()) -> int:
        return self._store.count(collection, where)

    def require_in(self, environments: Iterable[str]) -> None:
        """For what reaches beyond the environment of the change: the same rules in each of these.

        Raises PermissionDenied, or InvalidArgument (no reason).
        """
        change, touched = self._change, frozenset(environments)
        _require_reason(touched, change.reason)
        identity.require_everywhere(
            change.actor,
            change.scope.application,
            touched,
            change.permission,
            self._basis.deciding,
        )

    def require_read(self, environment: str) -> None:
        """For what is taken from another environment. Raises PermissionDenied."""
        scope = Scope(self.scope.application, environment)
        identity.require(self._change.actor, scope, Permission.READ, self._basis.deciding)

    def part(self, name: str) -> Any:
        """A published part as JSON, yours to edit; {} when nothing was published yet.

        Raises FailedPrecondition when it is damaged: what is built on it would lose the rest.
        """
        if name not in self._basis.pointer.parts:
            return {}
        content = self.part_as_found(name)
        if content is None:
            raise _damaged(name)
        return content

    @property
    def part_names(self) -> frozenset[str]:
        return frozenset(self._basis.pointer.parts)

    def last_generation(self) -> int:
        """The highest that the trail tells of: the pointer's, unless that was lost."""
        told = audit.latest(self._store, self.scope, LOOKED_BACK)
        return max([self.generation, *(int(entry["generation"]) for entry in told)])

    def part_as_found(self, name: str) -> Any:
        """A published part as JSON, yours to edit; None when there is none that can be read."""
        try:
            return json.loads(self._part_text(name))
        except published.UNREADABLE:
            return None

    def _part_text(self, name: str) -> str:
        if name not in self._parts:
            digest = self._basis.pointer.parts.get(name)
            document = self._store.get(self.scope.doc("parts", digest)) if digest else None
            self._parts[name] = published.part_text(document.data) if document else ""
        return self._parts[name]


@dataclass(frozen=True)
class _Basis:
    pointer_document: Document | None
    pointer: Pointer
    head: Document | None
    deciding: Mapping[str, Document | None]


def commit_change(
    store: Store, clock: Clock, change: Change, decide: Callable[[View], Decision]
) -> Outcome:
    """Takes a change through. `decide` may be called again: no effects in it but reads.

    Raises PermissionDenied, InvalidArgument (no reason), GenerationConflict (the environment has
    moved on from `expected_generation`), StoreUnavailable, and whatever `decide` raises.
    """
    deadline = clock.monotonic() + RETRY_SECONDS
    pause = FIRST_PAUSE_SECONDS
    while True:
        basis = _read_basis(store, change)
        identity.require(change.actor, change.scope, change.permission, basis.deciding)
        _require_reason({change.scope.environment}, change.reason)
        _require_generation(change, basis.pointer)
        now = clock.now()
        decision = decide(View(store, change, now, basis))
        if decision.empty:
            return Outcome(basis.pointer.generation, decision.result)
        generation = max(basis.pointer.generation, decision.above) + 1
        try:
            store.commit(_writes(change, decision, basis, generation, now))
        except Refused as refusal:
            if clock.monotonic() + pause > deadline:
                raise StoreUnavailable(
                    "Others kept changing the same environment; this change was not made."
                ) from refusal
            clock.sleep(pause * (0.5 + random.random()))
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            continue
        return Outcome(generation, decision.result)


def published_part(reads: Reads, scope: Scope, name: str) -> dict[str, Any]:
    """A part as it is published; {} when nothing was. Raises FailedPrecondition (damaged)."""
    pointer = reads.get(pointer_path(scope))
    digest = pointer.data["parts"].get(name) if pointer else None
    if digest is None:
        return {}
    document = reads.get(scope.doc("parts", digest))
    try:
        content: dict[str, Any] = published.decode_part(document.data if document else {})
    except published.UNREADABLE as error:
        raise _damaged(name) from error
    return content


def _damaged(name: str) -> FailedPrecondition:
    return FailedPrecondition(
        f"What is published of the {name} of this environment is missing or can't be read.",
        remedy="Repair it with POST /api/admin/feature-flags/sync, then try again.",
    )


def pointer_path(scope: Scope) -> str:
    return scope.doc("published", "current")


def _read_basis(store: Store, change: Change) -> _Basis:
    scope = change.scope
    paths = [pointer_path(scope), audit.head_path(scope.application)]
    documents = store.get_many([*paths, *identity.deciding_paths(change.actor, scope)])
    pointer = documents[paths[0]]
    return _Basis(
        pointer,
        Pointer.from_document(pointer.data) if pointer else published.EMPTY,
        documents[paths[1]],
        documents,
    )


def _writes(
    change: Change, decision: Decision, basis: _Basis, generation: int, now: float
) -> list[Write]:
    salt = str(generation) if decision.renewed else ""
    encoded = {
        name: published.encode_part(name, content, now, salt)
        for name, content in decision.parts.items()
    }
    hashes = {name: digest for name, (digest, _) in encoded.items()}
    parts = [
        Write.set(change.scope.doc("parts", digest), data) for digest, data in encoded.values()
    ]
    pointer = Pointer(generation, {**basis.pointer.parts, **hashes}).to_document(now)
    context = audit.Context(change.scope.environment, change.actor, change.reason, generation, now)
    entries = audit.chain(change.scope.application, basis.head, decision.entries, context)
    return [*decision.writes, *parts, _pointer_write(change.scope, basis, pointer), *entries]


def _pointer_write(scope: Scope, basis: _Basis, data: Mapping[str, Any]) -> Write:
    if basis.pointer_document:
        return Write.update(basis.pointer_document, data)
    return Write.create(pointer_path(scope), data)


def _require_reason(environments: Collection[str], reason: str) -> None:
    if PRODUCTION in environments and not reason.strip():
        raise InvalidArgument(
            "A change in production needs a reason.", remedy="Say why in the field `reason`."
        )
    if len(reason) > MAXIMUM_REASON:
        raise InvalidArgument(f"A reason has at most {MAXIMUM_REASON} characters.")


def _require_generation(change: Change, pointer: Pointer) -> None:
    expected = change.expected_generation
    if expected is not None and expected != pointer.generation:
        raise GenerationConflict(
            f"The environment is at generation {pointer.generation}, not {expected}: "
            "somebody changed it in between.",
            extra={"expected_generation": expected, "generation": pointer.generation},
        )
