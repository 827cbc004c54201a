"""Import of a document of flags, as a decision for `commit_change`, and export of an
environment's flags."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from functions.changes import Decision, View, published_part
from functions.documents import Document, Scope, Store
from functions.errors import PayloadTooLarge
from functions.flags.export import MAXIMUM_BYTES, in_flagds_form, in_own_form
from functions.flags.manage.allowed import Allowed, anything
from functions.flags.manage.incoming import read
from functions.flags.manage.planning import plan_or_change
from functions.flags.manage.publish import FLAGS_COLLECTION, SEGMENTS_COLLECTION
from functions.flags.manage.stored import PAGE, stored_flag, stored_segment
from functions.published import FLAGS, canonical

Decide = Callable[[View], Decision]


def import_document(
    document: Mapping[str, Any], confirm: str | None, allowed: Allowed = anything
) -> Decide:
    """Its result is what `plan_or_change` says.

    Raises InvalidArgument (too much for one request), and what `plan_or_change` raises.
    """
    wanted, locate = read(document)

    def decide(view: View) -> Decision:
        return plan_or_change(view, wanted, locate, "import", confirm, allowed)

    return decide


def export_for_flagd(store: Store, scope: Scope) -> dict[str, Any]:
    """What is published, in flagd's form.

    Raises StoreUnavailable, PayloadTooLarge, or FailedPrecondition (it can't be read).
    """
    exported = in_flagds_form(published_part(store, scope, FLAGS).get("document", {}))
    _require_answerable(len(canonical(exported)))
    return exported


def export_for_palier(store: Store, scope: Scope) -> dict[str, Any]:
    """What is stored and not archived, in Palier's form.

    Raises StoreUnavailable, PayloadTooLarge, or FailedPrecondition (something can't be read).
    """
    flags = [stored_flag(each) for each in _all(store, scope, FLAGS_COLLECTION)]
    segments = [stored_segment(each) for each in _all(store, scope, SEGMENTS_COLLECTION)]
    return in_own_form([flag for flag in flags if not flag.archived], segments)


def _all(store: Store, scope: Scope, collection: str) -> Iterator[Document]:
    size = 0
    for page in store.pages(scope.collection(collection), PAGE):
        for document in page:
            size += sum(len(value) for value in document.data.values() if isinstance(value, str))
            _require_answerable(size)
            yield document


def _require_answerable(size: int) -> None:
    if size > MAXIMUM_BYTES:
        raise PayloadTooLarge(
            f"The flags take more than {MAXIMUM_BYTES:,} bytes, too many for one answer.",
            remedy="Page through GET /v1/flags and GET /v1/segments.",
        )
