"""What serves a service, as people define it.

ENV/serving/{service}   published as the part `serving`
"""

from __future__ import annotations

from dataclasses import replace

from functions import catalog
from functions.catalog import Catalog, Decide
from functions.changes import Decision, View
from functions.rollouts.traffic.serving import COLLECTION, Serving, serving_from

SERVING = Catalog(COLLECTION, "serving", 50)


def put(serving: Serving) -> Decide:
    """Stores and publishes a valid definition. Rollbacks from now on move traffic; of a Cloud Run
    service that was known already, those since then do. Its result is the Serving."""

    def decide(view: View) -> Decision:
        before = view.part(COLLECTION).get(serving.service)
        known = serving_from(serving.service, before) if before else None
        same = known is not None and known.cloud_run == serving.cloud_run
        since = known.since if known and same else view.now
        dated = replace(serving, since=since)
        decision = catalog.put(SERVING, serving.service, dated.to_document())(view)
        return replace(decision, result=dated)

    return decide
