"""The published part "flags": what it becomes by a change, and whether it holds together. Pure.

    {"document":     {"flags": {key: flagd's}, "$evaluators": {segment: rule, "flag:KEY": rule}},
     "client":       keys of the flags that publishable API keys may see,
     "descriptions": {key: text},
     "requires":     {key: {prerequisite: [variants]}},
     "splits":       {key: {"rollout", "service", "control", "candidate"}}, when any flag is split}

Segments stand as evaluators, and so does every flag that another one requires: a change of either
reaches all that refer to it without touching them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple

from functions.errors import FailedPrecondition, InvalidArgument, PalierError
from functions.flags.composition import REQUIRED, as_evaluator
from functions.flags.flag import Flag
from functions.flags.logic.references import ReferenceLoop, Resolver
from functions.flags.segment import Segment
from functions.flags.split import Split
from functions.flags.validation import REFERENCE, references, refuse

Part = Mapping[str, Any]
Kind = Literal["flag", "segment"]
FLAG: Kind = "flag"
SEGMENT: Kind = "segment"

OWN_KEY = ("$flagd", "$flagd.flagKey")
"""A rule that reads these decides otherwise inside another flag."""


@dataclass(frozen=True)
class Edit:
    """What a change makes of flags and segments: as they are now, or gone for good."""

    flags: Sequence[Flag] = ()
    segments: Sequence[Segment] = ()
    gone_flags: Sequence[str] = ()
    gone_segments: Sequence[str] = ()


class Fault(NamedTuple):
    """What does not hold together, and the flag or segment that is at fault."""

    kind: Kind
    key: str
    error: PalierError


def published(part: Part, edit: Edit) -> dict[str, Any]:
    """The part after the edit. Archived flags leave it."""
    document = part.get("document", {})
    definitions = dict(document.get("flags", {}))
    evaluators = dict(document.get("$evaluators", {}))
    client = set(part.get("client", ()))
    descriptions = dict(part.get("descriptions", {}))
    requires = dict(part.get("requires", {}))
    splits = dict(part.get("splits", {}))
    for key in [*(flag.key for flag in edit.flags), *edit.gone_flags]:
        client.discard(key)
        for kept in (definitions, descriptions, requires, splits):
            kept.pop(key, None)
    for flag in edit.flags:
        if flag.archived:
            continue
        definitions[flag.key] = flag.published()
        client.update([flag.key] if flag.client else [])
        if flag.description:
            descriptions[flag.key] = flag.description
        if flag.prerequisites:
            requires[flag.key] = {each.flag: list(each.variants) for each in flag.prerequisites}
        if flag.split and not flag.killed:
            splits[flag.key] = _shared(flag.split)
    for key in edit.gone_segments:
        evaluators.pop(key, None)
    evaluators.update((segment.key, segment.compiled()) for segment in edit.segments)
    evaluators = {**_segments(evaluators), **_required(definitions, requires)}
    shared = {"$evaluators": evaluators} if evaluators else {}
    return {
        "document": {"flags": definitions, **shared},
        "client": sorted(client),
        "descriptions": descriptions,
        "requires": requires,
        **({"splits": splits} if splits else {}),
    }


def _shared(split: Split) -> dict[str, str]:
    """Whose variants a split chooses from, whatever its percentage."""
    return {
        "rollout": split.rollout,
        "service": split.service,
        "control": split.control,
        "candidate": split.candidate,
    }


def require_sound(part: Part, edit: Edit) -> None:
    """Whether `part`, as it is after the edit, holds together.

    Raises InvalidArgument when what was written refers to something that isn't there or to itself,
    FailedPrecondition when something else needs what was changed.
    """
    for fault in faults(part, edit):
        raise fault.error


def faults(part: Part, edit: Edit) -> Iterator[Fault]:
    """All that `require_sound` would refuse."""
    for kind, key, check in _checks(part, edit):
        try:
            check()
        except PalierError as error:
            yield Fault(kind, key, error)


def _checks(part: Part, edit: Edit) -> Iterator[tuple[Kind, str, Callable[[], None]]]:
    for flag in edit.flags:
        if not flag.archived:
            rules = flag.definition.get("targeting")
            yield FLAG, flag.key, partial(_require_references, rules, "$.targeting", part)
            yield FLAG, flag.key, partial(_require_prerequisites, part, flag)
    resolver = Resolver(part["document"].get("$evaluators", {}))
    for segment in edit.segments:
        rule = dict(segment.rule)
        yield SEGMENT, segment.key, partial(_require_references, rule, "$.rule", part)
        yield SEGMENT, segment.key, partial(_require_unfolding, segment, resolver)
    for key in [*(flag.key for flag in edit.flags), *edit.gone_flags]:
        yield FLAG, key, partial(_require_flag_kept, part, key)
    for key in edit.gone_segments:
        yield SEGMENT, key, partial(_require_segment_kept, part, key)
    for key in sorted(_touched(part, edit)):
        yield FLAG, key, partial(_require_resolvable, part, key, resolver)


def users_of_flag(part: Part, key: str) -> list[str]:
    """The flags that require this one."""
    return sorted(name for name, needed in part.get("requires", {}).items() if key in needed)


def users_of_segment(part: Part, key: str) -> list[str]:
    """The flags and segments that refer to a segment, as `flag KEY` and `segment KEY`."""
    document = part.get("document", {})
    flags = [
        f"flag {name}"
        for name, definition in document.get("flags", {}).items()
        if key in _named(definition.get("targeting"))
    ]
    segments = [
        f"segment {name}"
        for name, rule in _segments(document.get("$evaluators", {})).items()
        if key in _named(rule)
    ]
    return sorted(flags + segments)


def _segments(evaluators: Mapping[str, Any]) -> dict[str, Any]:
    return {key: rule for key, rule in evaluators.items() if not key.startswith(REQUIRED)}


def _required(
    definitions: Mapping[str, Any], requires: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """An evaluator for each flag that another one requires; one that is gone gives no variant."""
    gone = {"state": "DISABLED"}
    needed = sorted({key for each in requires.values() for key in each})
    return {REQUIRED + key: as_evaluator(definitions.get(key, gone)) for key in needed}


def _require_references(rule: Any, path: str, part: Part) -> None:
    known = part["document"].get("$evaluators", {})
    for where, name in references(rule, path):
        if name not in known or name.startswith(REQUIRED):
            refuse(where, "the key of a segment of this environment", name)


def _require_prerequisites(part: Part, flag: Flag) -> None:
    definitions = part["document"]["flags"]
    for index, each in enumerate(flag.prerequisites):
        path = f"$.prerequisites[{index}]"
        if each.flag not in definitions:
            refuse(f"{path}.flag", "a flag of this environment that isn't archived", each.flag)
        for variant in each.variants:
            if variant not in definitions[each.flag]["variants"]:
                refuse(f"{path}.variants", f"variants of the flag {each.flag}", variant)
    loop = _loop(part["requires"], flag.key)
    if loop:
        raise InvalidArgument(
            f"$.prerequisites: the flag {flag.key!r} would require itself: {' → '.join(loop)}.",
            extra={"path": "$.prerequisites", "loop": loop},
        )


def _loop(requires: Mapping[str, Mapping[str, Any]], start: str) -> list[str]:
    """The way from a flag through its prerequisites back to it; [] when there is none."""
    ways = [[start]]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        for key in requires.get(way[-1], {}):
            if key == start:
                return [*way, key]
            if key not in seen:
                seen.add(key)
                ways.append([*way, key])
    return []


def _require_flag_kept(part: Part, key: str) -> None:
    """What others need of a flag that was changed must still be there."""
    definitions = part["document"]["flags"]
    for user in users_of_flag(part, key):
        if key not in definitions:
            raise in_use("flag", key, [f"flag {user}"])
        for variant in part["requires"][user][key]:
            if variant not in definitions[key]["variants"]:
                raise FailedPrecondition(
                    f"The flag {user} requires the variant {variant!r} of the flag {key}.",
                    remedy=f"Change the prerequisites of {user} first.",
                    extra={"used_by": [f"flag {user}"]},
                )


def _require_segment_kept(part: Part, key: str) -> None:
    users = users_of_segment(part, key)
    if users:
        raise in_use("segment", key, users)


def in_use(kind: str, key: str, users: Sequence[str]) -> FailedPrecondition:
    """The refusal to take away what others use; `users` as `flag KEY`, `rollout ID` …"""
    return FailedPrecondition(
        f"The {kind} {key} is used by: {', '.join(users)}.",
        remedy="End or change what uses it first.",
        extra={"used_by": list(users)},
    )


def _require_unfolding(segment: Segment, resolver: Resolver) -> None:
    try:
        resolver.unfold(segment.compiled())
    except ReferenceLoop as error:
        raise InvalidArgument(f"$.rule: {error}", extra={"path": "$.rule"}) from error


def _touched(part: Part, edit: Edit) -> set[str]:
    """The flags whose rules, once unfolded, the edit may have changed."""
    evaluators = part["document"].get("$evaluators", {})
    changed = {segment.key for segment in edit.segments}
    changed |= {REQUIRED + flag.key for flag in edit.flags}
    changed &= set(evaluators)
    for _ in evaluators:
        wider = {key for key, rule in evaluators.items() if changed & _named(rule)} - changed
        if not wider:
            break
        changed |= wider
    definitions = part["document"]["flags"]
    touched = {flag.key for flag in edit.flags} & set(definitions)
    if not changed:
        return touched
    return touched | {
        key
        for key, definition in definitions.items()
        if changed & _named(definition.get("targeting"))
    }


def _require_resolvable(part: Part, key: str, resolver: Resolver) -> None:
    """The flag's rules unfold, and where others require it, mean the same inside of theirs."""
    document = part["document"]
    try:
        rule = resolver.unfold(document["flags"][key].get("targeting")).rule
    except ReferenceLoop as error:
        raise InvalidArgument(f"The flag {key}: {error}", extra={"flag": key}) from error
    if REQUIRED + key in document.get("$evaluators", {}):
        for trouble in _bound_to_key(rule):
            raise FailedPrecondition(
                f"The flag {key} can't be a prerequisite (of {', '.join(users_of_flag(part, key))})"
                f": it has {trouble}, which would decide otherwise inside another flag.",
                remedy="Give the `fractional` a bucketing value of its own, such as "
                '{"cat": ["a salt", {"var": "targetingKey"}]}, as its first argument.',
                extra={"flag": key},
            )


def _bound_to_key(rule: Any) -> Iterator[str]:
    """What in a rule depends on the key of the flag that it stands in."""
    if isinstance(rule, list):
        for item in rule:
            yield from _bound_to_key(item)
    if not isinstance(rule, dict):
        return
    for name, arguments in rule.items():
        first = arguments[0] if isinstance(arguments, list) and arguments else arguments
        if name == "fractional" and isinstance(first, list):
            yield "a `fractional` that hashes the flag's own key"
        if name == "var" and first in OWN_KEY:
            yield "a rule about the flag's own key"
        yield from _bound_to_key(arguments)


def _named(rule: Any) -> set[str]:
    """The evaluators that a rule refers to."""
    found: set[str] = set()
    level = [rule]
    while level:
        node = level.pop()
        if isinstance(node, dict):
            name = node.get(REFERENCE)
            found.update([name] if isinstance(name, str) else [])
            level.extend(node.values())
        elif isinstance(node, list):
            level.extend(item for item in node if isinstance(item, (dict, list)))
    return found
