"""The changes to API keys, as decisions for `commit_change`. Nothing here ever holds a secret half
after it was handed out: what is stored and published is its hash.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from functions.changes import Decision, Entry, View
from functions.documents import Document, Write
from functions.errors import FailedPrecondition, NotFound
from functions.flags.keys import ID, ApiKey, Kind
from functions.published import KEYS, timestamp

KEYS_COLLECTION = "keys"
MAXIMUM_KEYS = 100
LONGEST_OVERLAP_SECONDS = 30 * 24 * 3600

Decide = Callable[[View], Decision]


def create_key(key: ApiKey, label: str) -> Decide:
    """Stores and publishes a new key. Raises FailedPrecondition (too many keys)."""

    def decide(view: View) -> Decision:
        published = view.part(KEYS)
        return Decision(
            writes=[_create(view, key, label)],
            parts={KEYS: _added(published, key, view.now)},
            entries=[Entry("key.create", f"keys/{key.id}", after=_shown(key, label))],
            result=key,
        )

    return decide


def rotate_key(old_id: str, key: ApiKey, overlap: float) -> Decide:
    """Puts a new key beside an old one, which goes on working for `overlap` seconds.

    The new key is of the old one's kind and takes its label. Its result is that key. Raises
    NotFound or FailedPrecondition (revoked or expired already).
    """

    def decide(view: View) -> Decision:
        document = _read(view, old_id)
        published = view.part(KEYS)
        record = published.get(old_id)
        if record is None or not _valid(record, view.now):
            raise FailedPrecondition(
                f"The key {old_id} was revoked or has expired.", remedy="Create a new key."
            )
        new = replace(key, kind=Kind(record["kind"]))
        ends = view.now + overlap
        # A second rotation during the overlap never lengthens the first one's.
        ends = min(ends, record["expires_at"]) if record["expires_at"] else ends
        label = document.data["label"]
        parts = _added({**published, old_id: {**record, "expires_at": ends}}, new, view.now)
        return Decision(
            writes=[
                Write.update(document, {**document.data, "expires_at": timestamp(ends)}),
                _create(view, new, label),
            ],
            parts={KEYS: parts},
            entries=[
                Entry("key.rotate", f"keys/{old_id}", after={"by": new.id, "expires_at": ends}),
                Entry("key.create", f"keys/{new.id}", after=_shown(new, label)),
            ],
            result=new,
        )

    return decide


def revoke_key(key_id: str) -> Decide:
    """The key stops working on every instance within the snapshot's time to live.

    Raises NotFound. Revoking twice changes nothing.
    """

    def decide(view: View) -> Decision:
        document = _read(view, key_id)
        published = view.part(KEYS)
        if published.pop(key_id, None) is None:
            return Decision(result=key_id)
        return Decision(
            writes=[Write.update(document, {**document.data, "revoked_at": timestamp(view.now)})],
            parts={KEYS: published},
            entries=[Entry("key.revoke", f"keys/{key_id}")],
            result=key_id,
        )

    return decide


def _read(view: View, key_id: str) -> Document:
    known = re.fullmatch(ID, key_id)
    document = view.get(view.scope.doc(KEYS_COLLECTION, key_id)) if known else None
    if document is None:
        raise NotFound(f"There is no API key {key_id!r} in this environment.")
    return document


def _create(view: View, key: ApiKey, label: str) -> Write:
    data = {
        **key.record(),
        "label": label,
        "created_at": timestamp(view.now),
        "revoked_at": None,
    }
    return Write.create(view.scope.doc(KEYS_COLLECTION, key.id), data)


def _added(published: Mapping[str, Any], key: ApiKey, now: float) -> dict[str, Any]:
    """The published keys with one more, without those that have expired."""
    valid = {name: record for name, record in published.items() if _valid(record, now)}
    if len(valid) >= MAXIMUM_KEYS:
        raise FailedPrecondition(
            f"An environment has at most {MAXIMUM_KEYS} API keys.", remedy="Revoke old ones."
        )
    return {**valid, key.id: key.record()}


def _valid(record: Mapping[str, Any], now: float) -> bool:
    return record["expires_at"] is None or record["expires_at"] > now


def _shown(key: ApiKey, label: str) -> dict[str, Any]:
    return {"kind": str(key.kind), "label": label}
