"""The manifest of an environment's flags, for typed clients: a decision, values in, an answer out.

Source: open-feature/cli, schema/v0/flag-manifest.json. Its `defaultValue`, which is compulsory, is
what generated code falls back to: here the value of the default variant. A flag without one leaves
the default to the code that asks, and generated code has none of its own: it gets the empty value
of the flag's type, false, 0, "" or {}, as such code usually has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from functions.flags.clients.answer import Answer, tag_of, tagged, to_json
from functions.flags.clients.ofrep import visible_keys
from functions.flags.content import Snapshot
from functions.flags.keys import Kind

PATH = "/v1/flags/manifest"
EMPTY: Mapping[str, Any] = {"boolean": False, "string": "", "integer": 0, "float": 0.0}


class Listed(NamedTuple):
    """What a snapshot answers a kind of key with, made once: the manifest and its ETag."""

    body: bytes
    tag: str


def manifest(snapshot: Snapshot, kind: Kind, if_none_match: str | None) -> Answer:
    """The flags that the key may see, or 304."""
    name = (Listed, kind)
    listed: Listed | None = snapshot.memo.get(name)
    if listed is None:
        body = to_json({"flags": _flags(snapshot, kind)})
        listed = snapshot.memo[name] = Listed(body, tag_of(body))
    return tagged(listed.body, listed.tag, if_none_match)


def _flags(snapshot: Snapshot, kind: Kind) -> dict[str, Any]:
    definitions = snapshot.flags.get("flags", {})
    described = {
        key: _flag(definitions[key], snapshot.descriptions.get(key, ""))
        for key in visible_keys(snapshot, kind)
    }
    return {key: flag for key, flag in described.items() if flag}


def _flag(definition: Any, description: str) -> dict[str, Any] | None:
    """What clients need to know of a flag; None for one that is broken."""
    variants = definition.get("variants") if isinstance(definition, dict) else None
    if not isinstance(variants, dict):
        return None
    flag_type = _type(list(variants.values()))
    if flag_type is None:
        return None
    default = definition.get("defaultVariant")
    value = variants[default] if default in list(variants) else EMPTY.get(flag_type, {})
    flag = {"flagType": flag_type, "defaultValue": float(value) if flag_type == "float" else value}
    return {**flag, "description": description} if description else flag


def _type(values: Sequence[Any]) -> str | None:
    """Whole numbers are of type float when any variant of the flag is."""
    if not values:
        return None
    if all(isinstance(value, bool) for value in values):
        return "boolean"
    if all(isinstance(value, str) for value in values):
        return "string"
    if all(isinstance(value, (dict, list)) for value in values):
        return "object"
    if all(type(value) in (int, float) for value in values):
        return "float" if any(type(value) is float for value in values) else "integer"
    return None
