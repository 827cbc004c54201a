"""Bringing flags and segments into an environment: first the plan, then, with its token, the change
in one commit. What is brought is said by the copy (transfer.py) and the import (exchange.py)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from functions.changes import Decision, Entry, View
from functions.documents import Document, Write
from functions.errors import FailedPrecondition, PalierError
from functions.flags import transfer
from functions.flags.flag import Flag
from functions.flags.manage import confirmation
from functions.flags.manage import flags as manage_flags
from functions.flags.manage import segments as manage_segments
from functions.flags.manage.allowed import Allowed, refusals
from functions.flags.manage.publish import (
    FLAGS_COLLECTION,
    SEGMENTS_COLLECTION,
    publish,
    save_flag,
    save_segment,
)
from functions.flags.manage.stored import stored_flag, stored_segment
from functions.flags.publication import FLAG, SEGMENT, Fault, Kind, faults, published
from functions.flags.segment import Segment
from functions.flags.transfer import Locate, Plan, Wanted
from functions.flags.validation import KEY, at
from functions.published import FLAGS

TOLD = 200
"""Problems that are told; the others are counted."""


class Planned(NamedTuple):
    """A plan with the token that confirms it (None while something stands in the way), what it
    lacks, and whether it was carried out."""

    plan: Plan
    confirm: str | None
    missing: Mapping[str, Sequence[str]]
    done: bool = False

    def to_dict(self) -> dict[str, Any]:
        return {
            "done": self.done,
            "flags": [item.to_dict() for item in self.plan.flags],
            "segments": [item.to_dict() for item in self.plan.segments],
            "problems": [each._asdict() for each in self.plan.problems[:TOLD]],
            "problem_count": len(self.plan.problems),
            "missing": {kind: list(keys) for kind, keys in self.missing.items()},
            "confirm": self.confirm,
        }


def plan_or_change(
    view: View, wanted: Wanted, locate: Locate, verb: str, confirm: str | None, allowed: Allowed
) -> Decision:
    """The plan as the result of a decision that writes nothing; with its token, the change.

    `verb` names the change in the audit trail. Raises GenerationConflict (the token was given for
    something else), FailedPrecondition (something stands in the way, too many flags) or
    PayloadTooLarge.
    """
    stored = _Stored(view, wanted)
    plan = transfer.planned(wanted, stored.flags, stored.segments, locate)
    manage_flags.require_room(view, plan.added(FLAG))
    manage_segments.require_room(view, plan.added(SEGMENT))
    part = published(view.part(FLAGS), plan.edit)
    wrong = transfer.problems_of([*faults(part, plan.edit), *_unfit(view, plan, allowed)], locate)
    plan = replace(plan, problems=[*plan.problems, *wrong])
    lacking = transfer.missing(plan, part)
    if confirm is None and plan.problems:
        return Decision(result=Planned(plan, None, lacking))
    _require_no_problem(plan)
    basis = _basis(view, wanted, stored, verb)
    if confirm is None:
        return Decision(result=Planned(plan, confirmation.token(basis), lacking))
    confirmation.require(confirm, basis)
    done = Planned(plan, confirm, lacking, done=True)
    return replace(_change(view, plan, stored, verb, wanted.source), result=done)


def _unfit(view: View, plan: Plan, allowed: Allowed) -> Iterator[Fault]:
    """Variants that a flag would get and must not, and values that people would."""
    for item in plan.flags:
        known = item.before.definition["variants"] if item.before else {}
        told = set()
        for variant in item.after.definition["variants"]:
            if variant not in known:
                try:
                    allowed(view, item.after.key, variant)
                except PalierError as error:
                    error.extra["path"] = at("$.variants", variant)
                    told.add(error.extra["path"])
                    yield Fault(FLAG, item.after.key, error)
        for refusal in refusals(view, item.before, item.after, allowed):
            if refusal.extra["path"] not in told:
                yield Fault(FLAG, item.after.key, refusal)


class _Stored:
    """What stands in the environment of what is wanted, by key."""

    def __init__(self, view: View, wanted: Wanted) -> None:
        self._view = view
        paths = [self._path(FLAG, key) for key in wanted.flags if KEY.fullmatch(key)]
        paths += [self._path(SEGMENT, key) for key in wanted.segments if KEY.fullmatch(key)]
        found = view.get_many(paths)
        self._documents = {path: document for path, document in found.items() if document}
        flags = (self.document(FLAG, key) for key in wanted.flags)
        segments = (self.document(SEGMENT, key) for key in wanted.segments)
        self.flags = {each.id: stored_flag(each) for each in flags if each}
        self.segments = {each.id: stored_segment(each) for each in segments if each}

    def document(self, kind: Kind, key: str) -> Document | None:
        return self._documents.get(self._path(kind, key))

    def _path(self, kind: Kind, key: str) -> str:
        return self._view.scope.doc(FLAGS_COLLECTION if kind == FLAG else SEGMENTS_COLLECTION, key)


def _basis(view: View, wanted: Wanted, stored: _Stored, verb: str) -> Any:
    """All that a plan is made of: what is brought, and what stands where it is brought to."""
    return {
        "verb": verb,
        "to": view.scope.path,
        "from": [wanted.source, wanted.basis],
        "flags": {
            key: [dict(content), transfer.standing(stored.flags.get(key))]
            for key, content in wanted.flags.items()
        },
        "segments": {
            key: [dict(content), transfer.standing(stored.segments.get(key))]
            for key, content in wanted.segments.items()
        },
    }


def _require_no_problem(plan: Plan) -> None:
    if plan.problems:
        first = plan.problems[0]
        problems = [{"field": each.path, "expected": each.problem} for each in plan.problems[:TOLD]]
        raise FailedPrecondition(
            f"{first.path}: {first.problem}", remedy=first.remedy, extra={"problems": problems}
        )


def _change(view: View, plan: Plan, stored: _Stored, verb: str, source: str | None) -> Decision:
    edit = plan.edit
    if not (edit.flags or edit.segments):
        return Decision()
    keys = {
        "flags": [flag.key for flag in edit.flags],
        "segments": [segment.key for segment in edit.segments],
    }
    about = {"from": source, **keys} if source else keys
    entries = [Entry(f"environment.{verb}", view.scope.path, after=about)]
    writes: list[Write] = []
    flags: list[Flag] = []
    for flag in edit.flags:
        saved, saving = save_flag(view, stored.document(FLAG, flag.key), flag)
        flags.append(saved)
        writes += saving
        entries.append(
            _entry(f"flag.{verb}", f"flags/{flag.key}", stored.flags.get(flag.key), saved)
        )
    for segment in edit.segments:
        before = stored.segments.get(segment.key)
        writes += save_segment(view, stored.document(SEGMENT, segment.key), segment)
        entries.append(_entry(f"segment.{verb}", f"segments/{segment.key}", before, segment))
    parts = publish(view, replace(edit, flags=flags))
    return Decision(writes=writes, parts=parts, entries=entries)


def _entry(action: str, target: str, before: Flag | Segment | None, after: Flag | Segment) -> Entry:
    document = before.to_document() if before else None
    return Entry(action, target, before=document, after=after.to_document())
