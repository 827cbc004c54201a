"""What is stored against what is published: what differs, and what is to be published. Pure.

What can't be read, and what would not hold together with the rest, is left alone: its published
form stays, as far as there is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from functions.errors import PalierError
from functions.flags.composition import REQUIRED
from functions.flags.drift import Drift
from functions.flags.flag import Flag
from functions.flags.publication import FLAG, SEGMENT, Edit, Fault, Kind, Part, faults, published
from functions.flags.segment import Segment
from functions.published import canonical

SAME_MOMENT_SECONDS = 0.001
"""Firestore keeps microseconds; what is published keeps the time as it was reckoned."""

NO_FLAGS: Part = published({}, Edit())
"""The part "flags" of an environment that has none."""

Left = dict[tuple[Kind, str], str]
"""What is left alone, and why."""


@dataclass(frozen=True)
class Reconciled:
    """The part that is to be published, how what is published differs from it, what is left."""

    part: Part
    flags: Drift
    segments: Drift
    client: list[str]
    left: Left


def shaped(found: Any) -> dict[str, Any]:
    """What was published as far as it has the shape of the part "flags"."""
    part = found if isinstance(found, dict) else {}
    document = _object(part.get("document"))
    definitions = {
        key: each for key, each in _object(document.get("flags")).items() if isinstance(each, dict)
    }
    evaluators = _object(document.get("$evaluators"))
    client = part.get("client")
    requires = {
        key: needed
        for key, needed in _object(part.get("requires")).items()
        if isinstance(needed, dict)
    }
    splits = {
        key: split for key, split in _object(part.get("splits")).items() if isinstance(split, dict)
    }
    return {
        "document": {"flags": definitions, **({"$evaluators": evaluators} if evaluators else {})},
        "client": sorted(key for key in client if isinstance(key, str))
        if isinstance(client, list)
        else [],
        "descriptions": _object(part.get("descriptions")),
        "requires": requires,
        **({"splits": splits} if splits else {}),
    }


def reconciled(
    found: Part, flags: Mapping[str, Flag], segments: Mapping[str, Segment], unreadable: Left
) -> Reconciled:
    """`found` is `shaped`. Raises PalierError when nothing sound can be made of what is stored."""
    left = dict(unreadable)
    while True:
        edit = Edit(
            flags=[flag for key, flag in flags.items() if (FLAG, key) not in left],
            segments=[each for key, each in segments.items() if (SEGMENT, key) not in left],
        )
        part = published(_kept(found, left), edit)
        drift = _flag_drift(found, part), _segment_drift(found, part)
        wrong = list(_wrong(part, *drift, edit))
        if not wrong:
            return Reconciled(part, *drift, _client_drift(found, part), left)
        news = {(each.kind, each.key): each.error.detail for each in wrong}
        if news.keys() <= left.keys():
            raise wrong[0].error
        left = {**news, **left}


def key_drift(found: Mapping[str, Any], stored: Mapping[str, Any], now: float) -> Drift:
    """How the published API keys differ from those that are valid. Expired ones don't count."""
    valid = {key for key, record in stored.items() if not _expired(record, now)}
    both = stored.keys() & found.keys()
    return Drift(
        missing=sorted(valid - found.keys()),
        extra=sorted(key for key in found.keys() - stored.keys() if not _expired(found[key], now)),
        different=sorted(key for key in both if not _same_key(found[key], stored[key])),
    )


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _kept(found: Part, left: Left) -> dict[str, Any]:
    """Of what is published, only what is left alone."""
    keys = {key for kind, key in left if kind == FLAG}
    evaluators = found["document"].get("$evaluators", {})
    return {
        "document": {
            "flags": _only(found["document"]["flags"], keys),
            "$evaluators": _only(evaluators, {key for kind, key in left if kind == SEGMENT}),
        },
        "client": [key for key in found["client"] if key in keys],
        "descriptions": _only(found["descriptions"], keys),
        "requires": _only(found["requires"], keys),
        "splits": _only(found.get("splits", {}), keys),
    }


def _only(items: Mapping[str, Any], keys: set[str]) -> dict[str, Any]:
    return {key: value for key, value in items.items() if key in keys}


def _wrong(part: Part, flags: Drift, segments: Drift, edit: Edit) -> Iterator[Fault]:
    """What of the repair is not fit to be published."""
    new_flags, new_segments = _renewed(flags), _renewed(segments)
    changed = Edit(
        flags=[flag for flag in edit.flags if flag.key in new_flags],
        segments=[segment for segment in edit.segments if segment.key in new_segments],
        gone_flags=flags.extra,
        gone_segments=segments.extra,
    )
    for flag in changed.flags:
        yield from _unfit(FLAG, flag)
    for segment in changed.segments:
        yield from _unfit(SEGMENT, segment)
    yield from faults(part, changed)


def _renewed(drift: Drift) -> set[str]:
    return {*drift.missing, *drift.different}


def _unfit(kind: Kind, thing: Flag | Segment) -> Iterator[Fault]:
    try:
        thing.check()
    except PalierError as error:
        yield Fault(kind, thing.key, error)


def _flag_drift(found: Part, part: Part) -> Drift:
    old, new = found["document"]["flags"], part["document"]["flags"]
    evaluators = found["document"].get("$evaluators", {}), part["document"].get("$evaluators", {})
    different = {key for key in old.keys() & new.keys() if not _same(old[key], new[key])}
    for name in ("descriptions", "requires", "splits"):
        differing = _differing(found.get(name, {}), part.get(name, {}))
        different |= differing & old.keys() & new.keys()
    different |= {
        name.removeprefix(REQUIRED) for name in _differing(*evaluators) if name.startswith(REQUIRED)
    }
    missing, extra = new.keys() - old.keys(), old.keys() - new.keys()
    return Drift(sorted(missing), sorted(extra), sorted(different - missing - extra))


def _segment_drift(found: Part, part: Part) -> Drift:
    old, new = (
        {
            key: rule
            for key, rule in each["document"].get("$evaluators", {}).items()
            if not key.startswith(REQUIRED)
        }
        for each in (found, part)
    )
    different = {key for key in old.keys() & new.keys() if not _same(old[key], new[key])}
    return Drift(
        sorted(new.keys() - old.keys()), sorted(old.keys() - new.keys()), sorted(different)
    )


def _client_drift(found: Part, part: Part) -> list[str]:
    """Flags that are marked for clients here and not there."""
    both = found["document"]["flags"].keys() & part["document"]["flags"].keys()
    return sorted((set(found["client"]) ^ set(part["client"])) & both)


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> set[str]:
    return {
        key
        for key in old.keys() | new.keys()
        if key not in old or key not in new or not _same(old[key], new[key])
    }


def _same(one: Any, other: Any) -> bool:
    return canonical(one) == canonical(other)


def _expired(record: Any, now: float) -> bool:
    expires_at = record.get("expires_at") if isinstance(record, dict) else None
    return isinstance(expires_at, (int, float)) and expires_at <= now


def _same_key(found: Any, stored: Mapping[str, Any]) -> bool:
    if not isinstance(found, dict):
        return False
    one, other = found.get("expires_at"), stored["expires_at"]
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        moments = abs(one - other) < SAME_MOMENT_SECONDS
    else:
        moments = one is None and other is None
    return moments and {**found, "expires_at": None} == {**stored, "expires_at": None}
