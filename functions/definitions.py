"""The published definitions of an environment, kept in the process: a look costs one small read,
and a part is read again only when it has changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions import log
from functions.changes import pointer_path
from functions.documents import Scope, Store
from functions.published import EMPTY, UNREADABLE, Pointer, decode_part


class Definitions:
    """One a process. Not for a request of an app: those read the snapshot."""

    def __init__(self, store: Store, *names: str) -> None:
        """`names` are the parts that are wanted."""
        self._store = store
        self._names = names
        self._held: dict[Scope, dict[str, tuple[str, Any]]] = {}
        self._unread: dict[Scope, frozenset[str]] = {}

    def of(self, scope: Scope) -> Mapping[str, Mapping[str, Any]]:
        """Each wanted part by name; an empty one where nothing was published, and the last good one
        where what is published can't be read. Raises StoreUnavailable.
        """
        document = self._store.get(pointer_path(scope))
        pointer = Pointer.from_document(document.data) if document else EMPTY
        held = self._held.get(scope, {})
        wanted = {name: pointer.parts[name] for name in self._names if name in pointer.parts}
        new = {
            name: digest for name, digest in wanted.items() if held.get(name, ("",))[0] != digest
        }
        fresh = {name: held[name] for name in wanted if name in held} | self._read(scope, new)
        self._held[scope] = fresh
        self._unread[scope] = frozenset(wanted.keys() - fresh.keys())
        return self.held(scope)

    def held(self, scope: Scope) -> Mapping[str, Mapping[str, Any]]:
        """Each wanted part as `of` found it last; empty ones before that. It reads nothing."""
        fresh = self._held.get(scope, {})
        return {name: fresh[name][1] if name in fresh else {} for name in self._names}

    def unknown(self, scope: Scope, name: str) -> bool:
        """Whether `held` has an empty part only because nobody could read it: nothing was loaded
        yet, or what is published is damaged."""
        return name in self._unread.get(scope, self._names)

    def _read(self, scope: Scope, digests: Mapping[str, str]) -> dict[str, tuple[str, Any]]:
        paths = {scope.doc("parts", digest): name for name, digest in digests.items()}
        found = self._store.get_many(list(paths)) if paths else {}
        read: dict[str, tuple[str, Any]] = {}
        for path, name in paths.items():
            document = found.get(path)
            try:
                read[name] = digests[name], decode_part(document.data if document else {})
            except UNREADABLE:
                log.error("definitions_unreadable", part=name, environment=scope.environment)
        return read
