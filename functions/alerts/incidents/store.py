"""Incidents in Firestore.

ENV/incidents/{id}           an incident, whole: machines and people write it, each on the condition
                             that it is as they read it
ENV/following/incidents      rises whenever an incident is opened, so that two at once open one only
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from functions import log
from functions.alerts.incidents.incident import Incident, Status
from functions.documents import Document, Reads, Scope, Store, Write
from functions.errors import FailedPrecondition, NotFound
from functions.metrics.store import delete_expired
from functions.published import timestamp

COLLECTION = "incidents"
IDENTIFIER = re.compile(r"i-[0-9a-f]{12}")
KEPT_SECONDS = 730 * 86_400
FOLLOWED_LIMIT = 2_000
LISTED = 100


@dataclass(frozen=True, slots=True)
class Stored:
    """An incident with the document that it was read from."""

    document: Document
    incident: Incident


@dataclass(frozen=True, slots=True)
class Fence:
    """The document that everybody who opens an incident writes, as it was read."""

    document: Document | None


def path(scope: Scope, identifier: str) -> str:
    return scope.doc(COLLECTION, identifier)


def find(reads: Reads, scope: Scope, identifier: str) -> Stored:
    """Raises NotFound, FailedPrecondition (it can't be read)."""
    document = reads.get(path(scope, identifier)) if IDENTIFIER.fullmatch(identifier) else None
    if document is None:
        raise NotFound(f"There is no incident {identifier[:64]!r} in this environment.")
    for found in _readable([document]):
        return found
    raise FailedPrecondition(
        f"The incident {identifier} can't be read: another version of Palier may have written it.",
        remedy="Deploy the latest bundle, or wait: what fires on has an incident of its own.",
    )


def followed(reads: Reads, scope: Scope) -> list[Stored]:
    """The incidents that the controller looks at."""
    where = [("followed", "==", True)]
    return _readable(reads.query(scope.collection(COLLECTION), where, limit=FOLLOWED_LIMIT))


def listed(reads: Reads, scope: Scope, status: str, limit: int) -> list[Incident]:
    """The latest first; `status` "" for all."""
    where = [("status", "==", status)] if status else []
    found = reads.query(
        scope.collection(COLLECTION), where, order_by="opened_at", descending=True, limit=limit
    )
    return [each.incident for each in _readable(found)]


def unresolved(store: Store, scope: Scope) -> int:
    """How many are not resolved, without those of tests. Raises StoreUnavailable."""
    statuses = [status.value for status in Status if status is not Status.RESOLVED]
    where = [("status", "in", statuses), ("test", "==", False)]
    return store.count(scope.collection(COLLECTION), where)


def of_version(reads: Reads, scope: Scope, version: str) -> list[Incident]:
    """Those of one version, of whatever service."""
    where = [("version", "==", version)]
    found = reads.query(scope.collection(COLLECTION), where, limit=LISTED)
    return [each.incident for each in _readable(found)]


def fence(reads: Reads, scope: Scope) -> Fence:
    return Fence(reads.get(_fence_path(scope)))


def fence_write(scope: Scope, read: Fence) -> Write:
    """Refused when somebody opened an incident since."""
    if read.document is None:
        return Write.create(_fence_path(scope), {"number": 1})
    return Write.update(read.document, {"number": read.document.data["number"] + 1})


def fence_after(scope: Scope, read: Fence, version: Any) -> Fence:
    """The fence after `fence_write` was committed."""
    number = read.document.data["number"] + 1 if read.document else 1
    return Fence(Document(_fence_path(scope), {"number": number}, version))


def created(scope: Scope, incident: Incident) -> Write:
    return Write.create(path(scope, incident.id), _data(incident))


def updated(document: Document, incident: Incident) -> Write:
    return Write.update(document, _data(incident))


def cleanup(store: Store, scope: Scope, now: float) -> int:
    """Deletes incidents of long ago; how many. For `daily`."""
    return delete_expired(store, scope, now, (COLLECTION,))


def _fence_path(scope: Scope) -> str:
    return scope.doc("following", "incidents")


def _readable(documents: Iterable[Document]) -> list[Stored]:
    """One that can't be read keeps nobody from hearing of the others."""
    found = []
    for document in documents:
        try:
            incident = Incident.from_data(json.loads(document.data["incident"]))
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            log.exception("incident_unreadable", error, document=document.path)
            continue
        found.append(Stored(document, incident))
    return found


def _data(incident: Incident) -> dict[str, Any]:
    """What is queried stands beside the whole, which is one text and costs no index entries."""
    data: dict[str, Any] = {
        "incident": json.dumps(incident.to_data()),
        "service": incident.subject.service,
        "version": incident.subject.version,
        "severity": incident.severity,
        "status": incident.status.value,
        "test": incident.subject.test,
        "opened_at": timestamp(incident.opened_at),
        "followed": incident.followed,
        "expires_at": timestamp(incident.opened_at + KEPT_SECONDS),
    }
    return data
