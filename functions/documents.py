"""Firestore with a deadline on every call and optimistic commits. The only file that reads or
writes it.

A read takes no lock. A commit is one WriteBatch: all of it or nothing, refused when a document it
was based on has changed since (a transaction that reads would hold its locks for a minute after
its process was killed).
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from google.api_core import exceptions as google_errors
from google.api_core.retry import Retry, if_exception_type
from google.cloud import firestore

from functions.errors import StoreUnavailable

SCHEMA = 1
READ_SECONDS = 3.0
COMMIT_SECONDS = 5.0
COUNTED_AT_ONCE = 1_000
"""Documents that Firestore counts for the price of one read."""

REFUSED = (
    google_errors.FailedPrecondition,
    google_errors.AlreadyExists,
    google_errors.Aborted,
    google_errors.NotFound,
)
UNREACHABLE = (
    google_errors.ServiceUnavailable,
    google_errors.DeadlineExceeded,
    google_errors.RetryError,
    google_errors.InternalServerError,
    google_errors.ResourceExhausted,
    google_errors.Cancelled,
    google_errors.Unknown,
)

NEVER = Retry(predicate=if_exception_type())
"""Streams are told so that nothing is to be tried again: without a Retry, the client stumbles over
its absence when an answer breaks off."""

NEVER_SENT = "failed to connect"
"""gRPC's words for a call that no server got. After other failures a commit may have been made."""


PLAIN = re.compile(rb"[^A-Za-z0-9.+-]")
"""What a part of a document's id is written without."""

LONGEST_PART = 300
"""Bytes of a part: the id of four of them stays under the 1,500 that Firestore takes."""


class Refused(Exception):
    """A commit was based on something that has changed since. Read again and decide anew."""


@dataclass(frozen=True)
class Scope:
    """One environment of one application: where nearly everything lives."""

    application: str
    environment: str

    @property
    def path(self) -> str:
        return f"applications/{self.application}/environments/{self.environment}"

    def doc(self, collection: str, name: str) -> str:
        return f"{self.path}/{collection}/{name}"

    def collection(self, name: str) -> str:
        return f"{self.path}/{name}"


def document_id(*parts: object) -> str:
    """The id of a document that is told by its parts, joined by `_`: other parts, another id.

    What a name may hold and an id may not, or what joins, is percent-encoded. A long part keeps its
    beginning, and `~` with its hash for the rest.
    """
    return "_".join(_part(str(part)) for part in parts)


def _part(text: str) -> str:
    raw = text.encode("utf-8", "surrogatepass")
    written = PLAIN.sub(lambda found: b"%%%02X" % found[0][0], raw).decode()
    if len(written) <= LONGEST_PART:
        return written
    return f"{written[: LONGEST_PART - 65]}~{hashlib.sha256(raw).hexdigest()}"


@dataclass(frozen=True)
class Document:
    """A document as it was read. `version` is its update time: the precondition of a write."""

    path: str
    data: dict[str, Any]
    version: Any

    @property
    def id(self) -> str:
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class Write:
    """One write of a commit. Use the constructors below."""

    kind: str
    path: str
    data: Mapping[str, Any]
    version: Any = None

    @staticmethod
    def create(path: str, data: Mapping[str, Any]) -> Write:
        """Refused when the document exists."""
        return Write("create", path, {"schema": SCHEMA, **data})

    @staticmethod
    def set(path: str, data: Mapping[str, Any]) -> Write:
        """Unconditional: only for documents with one writer, or whose content is their name."""
        return Write("set", path, {"schema": SCHEMA, **data})

    @staticmethod
    def update(document: Document, data: Mapping[str, Any]) -> Write:
        """Replaces the fields given (their whole values); refused when it changed since read."""
        return Write("update", document.path, {"schema": SCHEMA, **data}, document.version)

    @staticmethod
    def add(path: str, amounts: Mapping[str, int]) -> Write:
        """Adds to fields of a document, whoever else does; refused when it doesn't exist."""
        return Write("add", path, amounts)

    @staticmethod
    def delete(document: Document | str) -> Write:
        """Refused when a document handed in as read has changed since."""
        if isinstance(document, str):
            return Write("delete", document, {})
        return Write("delete", document.path, {}, document.version)


class Reads(Protocol):
    """A Store, or the View of a change."""

    def get(self, path: str) -> Document | None: ...

    def get_many(self, paths: Sequence[str]) -> dict[str, Document | None]: ...

    def query(
        self,
        collection: str,
        where: Sequence[tuple[str, str, Any]] = (),
        *,
        order_by: str | None = None,
        descending: bool = False,
        limit: int | None = None,
        after: Sequence[Any] = (),
    ) -> list[Document]: ...

    def paths(
        self, collection: str, where: Sequence[tuple[str, str, Any]], limit: int
    ) -> list[str]: ...


class Store:
    """Reads and commits with deadlines. Counts its operations, so that costs are counted."""

    def __init__(self, client: firestore.Client) -> None:
        self._client = client
        self.operations: Counter[str] = Counter()

    def get(self, path: str, *, timeout: float = READ_SECONDS) -> Document | None:
        """The document, or None. Raises StoreUnavailable."""
        self.operations["reads"] += 1
        with _reachable():
            snapshot = self._client.document(path).get(retry=None, timeout=timeout)
        return _document(snapshot)

    def get_many(
        self, paths: Sequence[str], *, timeout: float = READ_SECONDS
    ) -> dict[str, Document | None]:
        """Several documents in one round trip, by path; None for those that don't exist."""
        if not paths:
            return {}
        self.operations["reads"] += len(paths)
        references = [self._client.document(path) for path in paths]
        with _reachable():
            snapshots = list(self._client.get_all(references, retry=None, timeout=timeout))
        return {snapshot.reference.path: _document(snapshot) for snapshot in snapshots}

    def query(
        self,
        collection: str,
        where: Sequence[tuple[str, str, Any]] = (),
        *,
        order_by: str | None = None,
        descending: bool = False,
        limit: int | None = None,
        after: Sequence[Any] = (),
        fields: Sequence[str] = (),
        timeout: float = READ_SECONDS,
    ) -> list[Document]:
        """The documents of a collection that match every (field, operator, value); of each only
        some fields, or all.

        `after` says where to go on: the last document's value of `order_by`, and its id. Without
        `order_by` they come by their ids, and `after` is an id alone.
        """
        query = self._query(collection, where)
        direction = firestore.Query.DESCENDING if descending else firestore.Query.ASCENDING
        if order_by:
            query = query.order_by(order_by, direction=direction)
        if after:
            query = query.order_by("__name__", direction=direction).start_after(list(after))
        if limit:
            query = query.limit(limit)
        if fields:
            query = query.select(fields)
        with _reachable():
            snapshots = list(query.stream(retry=NEVER, timeout=timeout))
        self.operations["reads"] += max(1, len(snapshots))
        return [document for document in map(_document, snapshots) if document]

    def pages(
        self, collection: str, size: int, *, timeout: float = READ_SECONDS
    ) -> Iterator[list[Document]]:
        """All documents of a collection by their names; each page has a deadline of its own."""
        query: Any = self._client.collection(collection).order_by("__name__").limit(size)
        last: Any = None
        while True:
            page = query.start_after(last) if last else query
            with _reachable():
                snapshots = list(page.stream(retry=NEVER, timeout=timeout))
            self.operations["reads"] += max(1, len(snapshots))
            yield [document for document in map(_document, snapshots) if document]
            if len(snapshots) < size:
                return
            last = snapshots[-1]

    def paths(
        self,
        collection: str,
        where: Sequence[tuple[str, str, Any]],
        limit: int,
        *,
        timeout: float = READ_SECONDS,
    ) -> list[str]:
        """Where those are that `query` would find, without what is in them.

        The field `__name__` is a document's id.
        """
        query = self._query(collection, where).select(["__name__"]).limit(limit)
        with _reachable():
            snapshots = list(query.stream(retry=NEVER, timeout=timeout))
        self.operations["reads"] += max(1, len(snapshots))
        return [snapshot.reference.path for snapshot in snapshots]

    def count(
        self,
        collection: str,
        where: Sequence[tuple[str, str, Any]] = (),
        *,
        timeout: float = READ_SECONDS,
    ) -> int:
        """How many documents `query` would find, for a thousandth of its cost."""
        query = self._query(collection, where).count()
        with _reachable():
            [[found]] = query.get(retry=NEVER, timeout=timeout)
        self.operations["reads"] += max(1, -(-int(found.value) // COUNTED_AT_ONCE))
        return int(found.value)

    def commit(self, writes: Sequence[Write], *, timeout: float = COMMIT_SECONDS) -> list[Any]:
        """All writes or none: the versions that the documents have now, in order.

        Raises Refused when a precondition fails, or StoreUnavailable.
        """
        batch = self._client.batch()
        for write in writes:
            self._add(batch, write)
        self.operations["commits"] += 1
        self.operations["writes"] += len(writes)
        try:
            results = batch.commit(retry=None, timeout=timeout)
        except REFUSED as error:
            raise Refused(str(error)) from error
        except UNREACHABLE as error:
            if NEVER_SENT in str(error):
                raise StoreUnavailable(
                    "The store can't be reached: nothing was written."
                ) from error
            raise StoreUnavailable(
                "The store did not confirm the write in time: it may have been made or not.",
                remedy="Read what you wanted to change before you try again.",
            ) from error
        return [result.update_time for result in results]

    def _query(self, collection: str, where: Sequence[tuple[str, str, Any]]) -> Any:
        query: Any = self._client.collection(collection)
        for field, operator, value in where:
            if field == "__name__":
                value = self._client.document(f"{collection}/{value}")
            query = query.where(filter=firestore.FieldFilter(field, operator, value))
        return query

    def _add(self, batch: Any, write: Write) -> None:
        reference = self._client.document(write.path)
        option = (
            self._client.write_option(last_update_time=write.version) if write.version else None
        )
        if write.kind == "create":
            batch.create(reference, dict(write.data))
        elif write.kind == "set":
            batch.set(reference, dict(write.data))
        elif write.kind == "delete":
            batch.delete(reference, option=option)
        elif write.kind == "add":
            batch.update(
                reference,
                {field: firestore.Increment(amount) for field, amount in write.data.items()},
            )
        else:
            batch.update(reference, dict(write.data), option=option)


def _document(snapshot: Any) -> Document | None:
    if not snapshot.exists:
        return None
    return Document(snapshot.reference.path, snapshot.to_dict(), snapshot.update_time)


@contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except UNREACHABLE as error:
        raise StoreUnavailable("The store can't be reached, or did not answer in time.") from error
