"""Batches of one event whose value is their number."""

from __future__ import annotations

from functions.documents import Scope, Store
from functions.metrics import store as metric_store
from functions.metrics import tally
from functions.metrics.apps import batches
from functions.metrics.apps.batches import Batch
from functions.metrics.apps.counting import Place
from functions.metrics.measures import Measure
from functions.metrics.observation import Note
from functions.metrics.tally import merge_all
from functions.metrics.windows import slot_start

SCOPE = Scope("main", "production")


def numbered(number: int, at: float) -> Batch:
    place = Place(slot_start(at), "app", "all", 3)
    one = tally.of_note(Note("app", "all", 3, at, {"opened": float(number)}))
    path = batches.marker_path(SCOPE, "key 1", f"batch-{number}")
    return Batch(SCOPE, path, "digest", 1, 0, {place: one})


def counted(store: Store, now: float) -> Measure:
    """What all slots hold."""
    slots = metric_store.load_flushed(store, SCOPE, now, 3600)
    return merge_all(slot.tally for slot in slots).measure("opened")
