"""Copying flags and segments from one environment into another, as a decision for `commit_change`
of the one that they come into."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from functions.changes import Decision, View
from functions.documents import Document, Scope
from functions.errors import InvalidArgument, NotFound
from functions.flags import transfer
from functions.flags.flag import Flag
from functions.flags.manage.allowed import Allowed, anything
from functions.flags.manage.planning import plan_or_change
from functions.flags.manage.publish import FLAGS_COLLECTION, SEGMENTS_COLLECTION
from functions.flags.manage.stored import stored_flag, stored_segment
from functions.flags.publication import FLAG, SEGMENT, Kind
from functions.flags.segment import Segment
from functions.flags.transfer import Problem, Wanted, in_lossless
from functions.flags.validation import check_key

Decide = Callable[[View], Decision]


@dataclass(frozen=True)
class Transfer:
    """What is to be copied, by key, and the environment that it comes from."""

    source: str
    flags: Sequence[str]
    segments: Sequence[str]


def copy(wanted: Transfer, confirm: str | None, allowed: Allowed = anything) -> Decide:
    """Its result is what `plan_or_change` says.

    Raises PermissionDenied (to read the source), NotFound (no such environment), InvalidArgument
    (into itself), and what `plan_or_change` raises.
    """
    for key in (*wanted.flags, *wanted.segments):
        check_key(key)

    def decide(view: View) -> Decision:
        source = Scope(view.scope.application, wanted.source)
        if source == view.scope:
            raise InvalidArgument("The environment to copy from is the one to copy into.")
        view.require_read(wanted.source)
        brought = _read(view, source, wanted)
        return plan_or_change(view, brought, in_lossless, "copy", confirm, allowed)

    return decide


def _read(view: View, source: Scope, asked: Transfer) -> Wanted:
    flags = {key: source.doc(FLAGS_COLLECTION, key) for key in asked.flags}
    segments = {key: source.doc(SEGMENTS_COLLECTION, key) for key in asked.segments}
    found = view.get_many([source.path, *flags.values(), *segments.values()])
    if found[source.path] is None:
        raise NotFound(
            f"There is no environment {source.environment} of the application "
            f"{source.application} to copy from."
        )
    brought = [stored_flag(document) for document in _present(found, flags)]
    shared = [stored_segment(document) for document in _present(found, segments)]
    return Wanted(
        flags={flag.key: flag.content() for flag in brought if not flag.archived},
        segments={segment.key: segment.content() for segment in shared},
        problems=[
            *_absent(found, flags, FLAG, source),
            *_absent(found, segments, SEGMENT, source),
            *(_archived(flag, source) for flag in brought if flag.archived),
        ],
        warnings={flag.key: _warnings(flag, source) for flag in brought},
        source=source.environment,
        basis=_basis(brought, shared),
    )


def _present(found: dict[str, Document | None], paths: dict[str, str]) -> list[Document]:
    return [document for path in paths.values() if (document := found[path])]


def _absent(
    found: dict[str, Document | None], paths: dict[str, str], kind: Kind, source: Scope
) -> list[Problem]:
    return [
        Problem(
            in_lossless(kind, key, "$"),
            f"There is no {kind} {key} in {source.environment}.",
            "Check the key, or leave it out.",
        )
        for key, path in paths.items()
        if found[path] is None
    ]


def _archived(flag: Flag, source: Scope) -> Problem:
    return Problem(
        in_lossless(FLAG, flag.key, "$"),
        f"The flag {flag.key} is archived in {source.environment}.",
        "Restore it there first, or leave it out.",
    )


def _warnings(flag: Flag, source: Scope) -> list[str]:
    """What of the source is not copied, and so may surprise."""
    warnings = []
    if flag.killed:
        warnings.append(f"It is killed in {source.environment}; that is not copied.")
    if flag.split:
        warnings.append(
            f"The rollout {flag.split.rollout} is running in {source.environment}; its split is "
            "not copied."
        )
    return warnings


def _basis(flags: Sequence[Flag], segments: Sequence[Segment]) -> Any:
    return {
        "flags": {flag.key: transfer.standing(flag) for flag in flags},
        "segments": {segment.key: transfer.standing(segment) for segment in segments},
    }
