"""A store that says when each of its operations is done, for tests that end in between."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from functions.documents import Document, Store, Write


class CountedStore(Store):
    """The real store; `done` is called right after each operation."""

    @abstractmethod
    def done(self) -> None: ...

    def get(self, path: str, **options: Any) -> Document | None:
        found = super().get(path, **options)
        self.done()
        return found

    def get_many(self, paths: Sequence[str], **options: Any) -> dict[str, Document | None]:
        found = super().get_many(paths, **options)
        self.done()
        return found

    def query(self, *arguments: Any, **options: Any) -> list[Document]:
        found = super().query(*arguments, **options)
        self.done()
        return found

    def commit(self, writes: Sequence[Write], **options: Any) -> list[Any]:
        versions = super().commit(writes, **options)
        self.done()
        return versions
