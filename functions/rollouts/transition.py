"""Transitions as one change: rollouts, their flags, events, audit entries and messages together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from functions.alerts import outbox
from functions.alerts.incidents.catalog import PEOPLE
from functions.alerts.incidents.people import NOBODY, Names, names
from functions.changes import Decision, Entry, View
from functions.documents import Document, Write
from functions.flags.flag import Flag
from functions.flags.logic.bucketing import ALGORITHM
from functions.flags.manage.publish import publish_moved, save_flag
from functions.flags.split import Split
from functions.rollouts import told
from functions.rollouts.after.record import beside
from functions.rollouts.promotion import promoted
from functions.rollouts.rollout import Moved, Occasion, Rollout, event, moved
from functions.rollouts.state import Phase, State
from functions.rollouts.store import Stored, event_path
from functions.rollouts.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Transition:
    """One rollout on its way from what was read to what it becomes.

    `definitions`: what its flags become besides, by key, where that isn't for the state to say;
    `archives`: which of them are archived.
    """

    stored: Stored
    after: Rollout
    kind: str
    occasion: Occasion
    definitions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    archives: Collection[str] = ()

    @property
    def before(self) -> Rollout:
        return self.stored.rollout

    def summary(self) -> dict[str, Any]:
        """What callers, logs and messages are told."""
        verdict: Verdict | None = self.occasion.verdict
        return {
            "rollout": self.after.id,
            "flag": self.after.flag,
            "kind": self.kind,
            "phase": self.after.state.phase.value,
            "stage": self.after.state.stage,
            "percentage": self.after.percentage,
            "at": self.occasion.now,
            "generation": self.occasion.generation,
            "rule": verdict.rule if verdict else None,
            "sentence": verdict.sentence if verdict else None,
        }


def transition(
    stored: Stored, state: State, kind: str, occasion: Occasion, *, quarantine: bool = False
) -> Transition:
    """`quarantine`: the candidate was seen by users and is taken back."""
    after = moved(stored.rollout, state, occasion)
    return Transition(
        stored, replace(after, quarantined=quarantine or after.quarantined), kind, occasion
    )


def roll_back(stored: Stored, state: State, occasion: Occasion) -> Transition:
    """Back to 100 % control; a candidate that users have had is quarantined."""
    return transition(
        stored, state, "rolled_back", occasion, quarantine=stored.rollout.shift is not None
    )


def decide(view: View, transitions: Sequence[Transition], result: Any = None) -> Decision:
    """All of it in one commit. Flags that are gone or archived have nothing to be put back."""
    writes: list[Write] = []
    entries = []
    documents = _flags(view, transitions)
    found = {key: Flag.from_document(each.data) for key, each in documents.items() if each}
    flags = dict(found)
    for each in transitions:
        writes.append(Write.update(each.stored.document, each.after.to_document()))
        writes.append(
            Write.create(
                event_path(view.scope, each.after),
                event(each.before, each.after, each.kind, each.occasion),
            )
        )
        entries.append(_entry(each))
        message = told.of_transition(each.after, each.kind, each.occasion, _names(view, each))
        if message:
            writes.append(outbox.enqueue(view.scope, message, each.occasion.now))
        for key in [one.flag for one in each.after.moves if one.flag in flags]:
            flags[key] = _followed(flags[key], each)
    saved: list[Flag] = []
    for key, flag in flags.items():
        if flag != found[key]:
            kept, saving = save_flag(view, documents[key], flag)
            writes += saving
            saved.append(kept)
            entries += _archived(found[key], kept)
    came = {key: (found[key], flag) for key, flag in flags.items()}
    recorded = beside(view, transitions, came)
    return Decision(
        writes=[*writes, *recorded.writes],
        parts={**publish_moved(view, saved), **recorded.parts},
        entries=entries,
        result=result,
    )


def _followed(flag: Flag, each: Transition) -> Flag:
    changed = follow(flag, each.after)
    definition = each.definitions.get(flag.key)
    if definition is not None:
        changed = changed.edited({"definition": definition})
    if flag.key not in each.archives or changed.archived:
        return changed
    return replace(changed, archived=True, revision=flag.revision + 1)


def follow(flag: Flag, rollout: Rollout) -> Flag:
    """One of the rollout's flags as it wants it: split, back as it was, or with the candidate for
    good."""
    wanted = next(each for each in rollout.moves if each.flag == flag.key)
    if rollout.state.splitting:
        begun, reach = flag.split, rollout.reach
        split = Split(
            rollout=rollout.id,
            salt=rollout.id,
            control=wanted.control,
            candidate=wanted.candidate,
            percentage=reach.everybody,
            # A further flag's variants are no versions of the service.
            service=rollout.measured_as if flag.key == rollout.flag else flag.key,
            # Another algorithm would move users: a rollout keeps the one that it began with.
            algorithm=begun.algorithm if begun and begun.rollout == rollout.id else ALGORITHM,
            audiences=reach.audiences,
        )
        return flag if flag.split == split else flag.with_split(split)
    if flag.split is None or flag.split.rollout != rollout.id:
        return flag
    if rollout.state.phase is Phase.SUCCEEDED:
        definition = promoted(flag.definition, wanted.control, wanted.candidate)
        return flag.with_split(None).edited({"definition": definition})
    return _back(flag.with_split(None), wanted)


def _back(flag: Flag, wanted: Moved) -> Flag:
    """Without its split the flag gives its default, which is the control, whoever wrote another
    one meanwhile: else a rollback would give the candidate to everybody."""
    default = flag.definition.get("defaultVariant")
    if default == wanted.control or wanted.control not in flag.definition["variants"]:
        return flag
    return flag.edited({"definition": promoted(flag.definition, default, wanted.control)})


def _names(view: View, each: Transition) -> Names:
    """What people are called, where the message has to say who it was."""
    if not told.unexplained(each.after, each.occasion):
        return NOBODY
    return names(view.part_as_found(PEOPLE.collection))


def _flags(view: View, transitions: Iterable[Transition]) -> dict[str, Document | None]:
    keys = {moved.flag for each in transitions for moved in each.after.moves}
    paths = {key: view.scope.doc("flags", key) for key in sorted(keys)}
    documents = view.get_many(sorted(set(paths.values())))
    return {key: documents[path] for key, path in paths.items()}


def _entry(each: Transition) -> Entry:
    verdict = each.occasion.verdict
    return Entry(
        action=f"rollout.{each.kind}",
        target=f"rollouts/{each.after.id}",
        before=_audited(each.before),
        after={
            **_audited(each.after),
            "decided_at": each.occasion.now,
            "verdict": verdict.to_document() if verdict else None,
        },
    )


def _archived(before: Flag, after: Flag) -> list[Entry]:
    if before.archived or not after.archived:
        return []
    about = f"flags/{after.key}"
    return [Entry("flag.archive", about, before=before.to_document(), after=after.to_document())]


def _audited(rollout: Rollout) -> dict[str, Any]:
    return {
        "flag": rollout.flag,
        "candidate": rollout.candidate,
        "control": rollout.control,
        "phase": rollout.state.phase.value,
        "stage": rollout.state.stage,
        "percentage": rollout.percentage,
        **({"audience": rollout.audience} if rollout.audience else {}),
        **({"also": [each.flag for each in rollout.also]} if rollout.also else {}),
    }
