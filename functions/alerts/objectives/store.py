"""Objectives, scores and budgets in Firestore.

ENV/objectives/{id}     what a service is to achieve; published as the part `objectives`
ENV/scores/{service}    how a service's performance is scored; published as the part `scores`
ENV/budgets/{service}   what was counted for its objectives; measured, so not a change
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from functions.alerts.objectives import ledger as ledgers
from functions.alerts.objectives.ledger import Ledger
from functions.alerts.objectives.objective import Objective
from functions.catalog import Catalog
from functions.documents import Document, Reads, Scope, Write, document_id
from functions.published import timestamp

OBJECTIVES = Catalog("objectives", "objective", 200)
SCORES = Catalog("scores", "score", 500)
BUDGETS = "budgets"
KEPT_SECONDS = 40 * 86_400
"""After the last minute that was counted: longer than the longest window."""


@dataclass(frozen=True)
class Kept:
    """The ledgers of a service by what they count. `document` is None before the first write."""

    service: str
    document: Document | None
    ledgers: Mapping[str, Ledger]


def kept(reads: Reads, scope: Scope, services: Iterable[str]) -> dict[str, Kept]:
    """What was counted for these services. Raises StoreUnavailable."""
    paths = {service: path(scope, service) for service in services}
    documents = reads.get_many(sorted(paths.values()))
    return {service: _kept(service, documents.get(where)) for service, where in paths.items()}


def write(scope: Scope, before: Kept, after: Mapping[str, Ledger]) -> Write:
    """Refused when somebody else has written it since it was read."""
    data = budget_data(before.service, after)
    if before.document is None:
        return Write.create(path(scope, before.service), data)
    return Write.update(before.document, data)


def budget_data(service: str, after: Mapping[str, Ledger]) -> dict[str, object]:
    through = max(each.through for each in after.values())
    texts = {indicator: ledgers.to_text(each) for indicator, each in sorted(after.items())}
    return {
        "service": service,
        "ledgers": json.dumps(texts),
        "through": timestamp(through),
        "expires_at": timestamp(through + KEPT_SECONDS),
    }


def path(scope: Scope, service: str) -> str:
    return scope.doc(BUDGETS, document_id(service))


def of_objectives(
    objectives: Sequence[Objective], by_service: Mapping[str, Kept]
) -> dict[str, Ledger]:
    """The ledgers by the objectives' ids, of those that have one."""
    found = {}
    for each in objectives:
        of = by_service.get(each.service)
        if of and each.indicator in of.ledgers:
            found[each.id] = of.ledgers[each.indicator]
    return found


def _kept(service: str, document: Document | None) -> Kept:
    texts = json.loads(document.data["ledgers"]) if document else {}
    read = {indicator: ledgers.from_text(text) for indicator, text in texts.items()}
    return Kept(service, document, read)
