"""The flags of an environment as flagd reads them, for flagd itself and for its in-process
providers: a decision, values in, an answer out.

Source: open-feature/flagd-schemas, json/flags.yaml, and flagd's HTTP sync. References are put in
structurally and `$evaluators` left out: some of flagd's implementations paste them into rules as
text, and trip over what is not plain ASCII. Rules are written out as flagd's schema wants them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from functions.errors import PalierError, PayloadTooLarge, PermissionDenied
from functions.flags.clients.answer import Answer, tag_of, tagged, to_json
from functions.flags.content import Snapshot
from functions.flags.keys import Kind
from functions.flags.logic.notation import formal
from functions.flags.logic.references import ReferenceLoop, Resolver

PATH = "/v1/flags/flagd.json"
NULLABLE = ("defaultVariant",)
"""What the schema lets be null."""

MAXIMUM_BYTES = 30_000_000
"""Cloud Run answers with at most 32 MiB. A large segment that many flags refer to gets there."""


class Synced(NamedTuple):
    """What a snapshot answers with, made once: the document and its ETag, or why there is none."""

    body: bytes = b""
    tag: str = ""
    refusal: PalierError | None = None


def sync(snapshot: Snapshot, kind: Kind, if_none_match: str | None) -> Answer:
    """The document, or 304. Raises PermissionDenied to publishable keys, PayloadTooLarge."""
    if kind is not Kind.SECRET:
        raise PermissionDenied(
            "A publishable API key never gets the rules of flags.",
            remedy="Use a secret key (sk.…), on a server.",
        )
    synced: Synced | None = snapshot.memo.get(Synced)
    if synced is None:
        synced = snapshot.memo[Synced] = _synced(snapshot.flags)
    if synced.refusal:
        raise synced.refusal
    return tagged(synced.body, synced.tag, if_none_match)


def _synced(document: Mapping[str, Any]) -> Synced:
    evaluators = document.get("$evaluators", {})
    resolver = Resolver({name: _formal(rule) for name, rule in evaluators.items()})
    flags: list[bytes] = []
    size = 0
    for key, flag in document.get("flags", {}).items():
        flags.append(to_json(key) + b":" + to_json(_resolved(flag, resolver)))
        size += len(flags[-1])
        if size > MAXIMUM_BYTES:
            return Synced(refusal=_too_large())
    metadata = document.get("metadata")
    tail = b',"metadata":' + to_json(metadata) + b"}" if metadata else b"}"
    body = b'{"flags":{' + b",".join(flags) + b"}" + tail
    return Synced(body, tag_of(body))


def _resolved(flag: Any, resolver: Resolver) -> Any:
    """The flag as flagd's schema has it. One whose rules can't be resolved keeps them as they are:
    flagd, too, answers errors for it."""
    if not isinstance(flag, dict):
        return flag
    given = {name: value for name, value in flag.items() if value is not None or name in NULLABLE}
    targeting = given.get("targeting")
    if not isinstance(targeting, dict):
        return given
    try:
        return {**given, "targeting": resolver.unfold(_formal(targeting)).rule}
    except ReferenceLoop:
        return given


def _formal(rule: Any) -> Any:
    try:
        return formal(rule)
    except RecursionError:  # deeper than what anything here compiles
        return rule


def _too_large() -> PalierError:
    return PayloadTooLarge(
        f"With every reference put in, the flags take more than {MAXIMUM_BYTES:,} bytes.",
        remedy="Make the segments smaller that many flags refer to, or evaluate over OFREP.",
    )
