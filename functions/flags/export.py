"""An environment's flags as others take them: in flagd's form, for whoever wants to leave with
them, and in Palier's own, which loses nothing. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from graphlib import TopologicalSorter
from typing import Any

from functions.flags.flag import Flag
from functions.flags.logic.notation import formal
from functions.flags.logic.references import ReferenceLoop, Resolver
from functions.flags.segment import Segment
from functions.published import canonical

FORM = "palier"
"""The field that tells Palier's own form, and holds its version."""
FORM_VERSION = 1

MAXIMUM_BYTES = 30_000_000
"""Cloud Run answers with at most 32 MiB."""

PASTED_NAME = re.compile(r"[A-Za-z0-9_-]+")
PASTED_TEXT = re.compile(r"[ -#%-\[\]-~]*")
"""Plain ASCII without the dollar sign and the backslash."""

Rules = Mapping[str, Any]


def in_flagds_form(document: Mapping[str, Any]) -> dict[str, Any]:
    """The published document as every implementation of flagd reads it.

    They paste `$evaluators` into rules as text, once and in no certain order, and trip over some
    characters. So no evaluator refers to another here, and what can't be pasted everywhere stands
    in the rules themselves; so does what flags require of each other, which is no segment.
    """
    rules = document.get("$evaluators", {}).items()
    evaluators: Rules = {name: formal(rule) for name, rule in rules}
    kept = _kept(evaluators)
    resolver = Resolver({name: rule for name, rule in evaluators.items() if name not in kept})
    flags = {key: _flag(flag, resolver) for key, flag in document.get("flags", {}).items()}
    return {"flags": flags, **({"$evaluators": kept} if kept else {})}


def in_own_form(flags: Iterable[Flag], segments: Iterable[Segment]) -> dict[str, Any]:
    """All that people wrote. Flags come after those that they require, so that a part of the
    document, from its beginning, can be imported ahead of the rest."""
    return {
        FORM: FORM_VERSION,
        "segments": {segment.key: segment.content() for segment in segments},
        "flags": {flag.key: flag.content() for flag in _required_first(flags)},
    }


def _kept(evaluators: Rules) -> dict[str, Any]:
    """The evaluators that can be pasted everywhere, each complete in itself."""
    resolver = Resolver(evaluators)
    kept = {}
    for name in evaluators:
        try:
            rule = resolver.unfold({"$ref": name}).rule
        except ReferenceLoop:
            continue
        if isinstance(rule, dict) and _pasted(name, rule):
            kept[name] = rule
    return kept


def _pasted(name: str, rule: Any) -> bool:
    return bool(PASTED_NAME.fullmatch(name) and PASTED_TEXT.fullmatch(canonical(rule)))


def _flag(flag: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
    """One of flagd's flags, as flagd's schema wants it: it knows null as a default only."""
    plain = {
        name: value for name, value in flag.items() if value is not None or name == "defaultVariant"
    }
    if plain.get("targeting"):
        try:
            plain["targeting"] = resolver.unfold(formal(plain["targeting"])).rule
        except ReferenceLoop:
            return plain  # it answers an error, in flagd as here
    return plain


def _required_first(flags: Iterable[Flag]) -> Sequence[Flag]:
    by_key = {flag.key: flag for flag in flags}
    needs = {
        key: [each.flag for each in flag.prerequisites if each.flag in by_key]
        for key, flag in by_key.items()
    }
    return [by_key[key] for key in TopologicalSorter(needs).static_order()]
