"""What is published is compared with what is stored, and repaired, as a decision for
`commit_change`. What is stored is never touched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from functions.changes import Decision, Entry, View, pointer_path
from functions.errors import FailedPrecondition, GenerationConflict, PalierError
from functions.flags import reconciliation
from functions.flags.drift import Drift, Report
from functions.flags.manage.keys import KEYS_COLLECTION
from functions.flags.manage.publish import FLAGS_COLLECTION, SEGMENTS_COLLECTION
from functions.flags.manage.stored import Stored, read_all
from functions.flags.publication import FLAG, SEGMENT, Kind
from functions.flags.reconciliation import NO_FLAGS, Left, Reconciled
from functions.published import ENVIRONMENT, FLAGS, KEYS, canonical

COLLECTIONS: Mapping[Kind, str] = {FLAG: FLAGS_COLLECTION, SEGMENT: SEGMENTS_COLLECTION}

Decide = Callable[[View], Decision]
Rebuild = Callable[[View], Any]
"""Makes a part anew of what is stored. Handed in for parts of rooms above this one."""


def synchronize(preview: bool, rebuild: Mapping[str, Rebuild]) -> Decide:
    """Its result is a Report; with `preview`, or when nothing differs, nothing is written.

    `rebuild` makes other parts anew, by their names, when they are missing. Raises
    FailedPrecondition (nothing sound can be made of what is stored), GenerationConflict (somebody
    changed it while it was compared for a preview).
    """

    def decide(view: View) -> Decision:
        stored = read_all(view)
        flags = _flags(view, stored)
        known_keys = _known(view, KEYS) or {}
        drift = reconciliation.key_drift(known_keys, stored.keys, view.now)
        drift = _without(drift, stored.unreadable_keys)
        parts = {
            FLAGS: flags.part,
            KEYS: _keys(known_keys, drift, stored),
            **_others(view, {ENVIRONMENT: _environment, **rebuild}),
        }
        changed = {name: part for name, part in parts.items() if _differs(view, name, part)}
        told = {FLAGS: flags.flags or flags.segments or flags.client, KEYS: drift}
        report = Report(
            flags=flags.flags,
            segments=flags.segments,
            keys=drift,
            client=flags.client,
            parts=sorted(name for name in changed if not (_known(view, name) and told.get(name))),
            unreadable=_unreadable(view, flags.left, stored, parts),
            preview=preview,
        )
        return _decision(view, report, changed)

    return decide


def _decision(view: View, report: Report, changed: Mapping[str, Any]) -> Decision:
    if not changed:
        return Decision(result=report)
    if report.preview:
        _require_unmoved(view)
        return Decision(result=report)
    return Decision(
        parts=changed,
        entries=[Entry("environment.sync", view.scope.path, after=report.to_entry())],
        result=report,
        renewed=True,
        above=view.last_generation(),
    )


def _known(view: View, name: str) -> dict[str, Any] | None:
    found = view.part_as_found(name)
    return found if isinstance(found, dict) else None


def _flags(view: View, stored: Stored) -> Reconciled:
    found = reconciliation.shaped(_known(view, FLAGS))
    unreadable: Left = {
        **{(FLAG, key): why for key, why in stored.unreadable_flags.items()},
        **{(SEGMENT, key): why for key, why in stored.unreadable_segments.items()},
    }
    try:
        return reconciliation.reconciled(found, stored.flags, stored.segments, unreadable)
    except PalierError as error:
        raise FailedPrecondition(
            f"What is stored does not hold together: {error.detail}", remedy=error.remedy
        ) from error


def _without(drift: Drift, keys: Mapping[str, str]) -> Drift:
    """A key whose document can't be read is published as it was."""
    return Drift(drift.missing, [key for key in drift.extra if key not in keys], drift.different)


def _keys(known: Mapping[str, Any], drift: Drift, stored: Stored) -> dict[str, Any]:
    renewed = [*drift.missing, *drift.different]
    return {
        **{key: record for key, record in known.items() if key not in drift.extra},
        **{key: stored.keys[key] for key in renewed},
    }


def _others(view: View, rebuild: Mapping[str, Rebuild]) -> dict[str, Any]:
    """The other parts as they are; made anew where they can't be read."""
    found = {name: _known(view, name) for name in rebuild}
    return {
        name: make(view) if found[name] is None else found[name] for name, make in rebuild.items()
    }


def _environment(view: View) -> dict[str, Any]:
    document = view.get(view.scope.path)
    hash_key = document.data.get("hash_key") if document else None
    return {"hash_key": hash_key} if hash_key else {}


def _differs(view: View, name: str, part: Any) -> bool:
    """Nothing is the same as nothing published, unless what was published is lost."""
    if name in view.part_names:
        return canonical(view.part_as_found(name)) != canonical(part)
    return bool(part) and part != NO_FLAGS


def _unreadable(view: View, left: Left, stored: Stored, parts: Mapping[str, Any]) -> dict[str, str]:
    """What is left alone, by the name of its document."""
    lost = [name for name in sorted(view.part_names - parts.keys()) if _known(view, name) is None]
    return {
        **{f"{COLLECTIONS[kind]}/{key}": why for (kind, key), why in left.items()},
        **{f"{KEYS_COLLECTION}/{key}": why for key, why in stored.unreadable_keys.items()},
        **{f"parts/{name}": "It is missing, and can't be made anew here." for name in lost},
    }


def _require_unmoved(view: View) -> None:
    pointer = view.get(pointer_path(view.scope))
    if (pointer.data["generation"] if pointer else 0) != view.generation:
        raise GenerationConflict(
            "The environment was changed while it was compared.", remedy="Ask again."
        )
