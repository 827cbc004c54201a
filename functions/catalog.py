"""Small definitions of one kind (rules, silences, channels, …): each is a document of its own, all
are published together as one part.

    ENV/{collection}/{id}      what is stored; `sync` makes the part anew from these
    the part {collection}      {id: definition}, for whoever works by them

The decisions here are for `commit_change`. What a definition means is its own room's business: it
comes in checked, as a JSON value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.changes import Decision, Entry, View, published_part
from functions.documents import Reads, Scope, Write
from functions.errors import FailedPrecondition, InvalidArgument, NotFound

ID = re.compile(r"[a-z][a-z0-9_-]{0,62}")
BY_ID = {"identifier": f"^{ID.pattern}$"}
"""The parameter of a path that names one, as routes describe it."""

Decide = Callable[[View], Decision]
Definition = Mapping[str, Any]


def as_it_is(definition: Definition) -> Any:
    return definition


@dataclass(frozen=True)
class Catalog:
    """
    collection   of the documents, and the name of the part
    noun         what one of them is called
    most         how many there may be in an environment
    audited      what of a definition stands in the audit trail: never a person's contact
    """

    collection: str
    noun: str
    most: int
    audited: Callable[[Definition], Any] = as_it_is


def put(catalog: Catalog, name: str, definition: Definition) -> Decide:
    """Stores and publishes a definition, in place of one of that id. Its result is `definition`.

    Putting what is there already changes nothing. Raises InvalidArgument (the id),
    FailedPrecondition (too many).
    """
    check_id(catalog, name)

    def decide(view: View) -> Decision:
        known = view.part(catalog.collection)
        before = known.get(name)
        if before == dict(definition):
            return Decision(result=definition)
        if before is None and len(known) >= catalog.most:
            raise FailedPrecondition(
                f"There are {len(known)} {catalog.noun}s already; at most {catalog.most} fit.",
                remedy=f"Remove a {catalog.noun} that is no longer needed.",
            )
        path = view.scope.doc(catalog.collection, name)
        return Decision(
            writes=[Write.set(path, {"definition": dict(definition)})],
            parts={catalog.collection: {**known, name: dict(definition)}},
            entries=[
                Entry(
                    f"{catalog.noun}.put",
                    f"{catalog.collection}/{name}",
                    before=catalog.audited(before) if before is not None else None,
                    after=catalog.audited(definition),
                )
            ],
            result=definition,
        )

    return decide


def remove(catalog: Catalog, name: str) -> Decide:
    """Its result is the definition that was removed. Raises NotFound."""

    def decide(view: View) -> Decision:
        known = view.part(catalog.collection)
        if name not in known:
            raise missing(catalog, name)
        left = {key: each for key, each in known.items() if key != name}
        return Decision(
            writes=[Write.delete(view.scope.doc(catalog.collection, name))],
            parts={catalog.collection: left},
            entries=[
                Entry(
                    f"{catalog.noun}.remove",
                    f"{catalog.collection}/{name}",
                    before=catalog.audited(known[name]),
                )
            ],
            result=known[name],
        )

    return decide


def published(reads: Reads, scope: Scope, catalog: Catalog) -> dict[str, Definition]:
    """The definitions by id. Raises FailedPrecondition (damaged), StoreUnavailable."""
    return published_part(reads, scope, catalog.collection)


def one(reads: Reads, scope: Scope, catalog: Catalog, name: str) -> Definition:
    """Raises NotFound, FailedPrecondition (damaged), StoreUnavailable."""
    found = published(reads, scope, catalog).get(name)
    if found is None:
        raise missing(catalog, name)
    return found


def rebuild(catalog: Catalog) -> Callable[[View], Any]:
    """Makes the part anew from what is stored, for a repair."""

    def made(view: View) -> Any:
        documents = view.query(view.scope.collection(catalog.collection))
        return {document.id: document.data["definition"] for document in documents}

    return made


def check_id(catalog: Catalog, name: str) -> None:
    """Raises InvalidArgument."""
    if not ID.fullmatch(name):
        raise InvalidArgument(
            f"A {catalog.noun} is named with lower-case letters, digits, hyphens and underscores, "
            "at most 63, starting with a letter."
        )


def unreadable(catalog: Catalog, name: str) -> FailedPrecondition:
    """A definition is there, and damaged or of a later bundle."""
    return FailedPrecondition(
        f"The {catalog.noun} {name!r} can't be read by this version of Palier, and has no effect.",
        remedy="Define it anew, remove it, or deploy the version that wrote it.",
    )


def missing(catalog: Catalog, name: str) -> NotFound:
    return NotFound(f"There is no {catalog.noun} {name!r} in this environment.")
