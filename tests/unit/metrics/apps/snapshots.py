"""Snapshots as readers of flags have them, with rollouts that split some."""

from __future__ import annotations

from typing import Any

from functions.documents import Scope
from functions.flags.content import Snapshot, assemble
from functions.flags.flag import Flag
from functions.flags.publication import Edit, published
from functions.flags.split import Split
from functions.published import Pointer

SCOPE = Scope("main", "production")


def split(key: str, service: str, percentage: float, *names: str, **more: Any) -> Flag:
    """A flag that a rollout has split: `names` are its control and its candidate."""
    control, candidate = names or ("off", "on")
    definition = {
        "state": "ENABLED",
        "variants": {control: control, candidate: candidate},
        "defaultVariant": control,
    }
    rollout = Split(f"r-{key}", f"salt-{key}", control, candidate, percentage, service=service)
    return Flag(key, definition, split=rollout, **more)


def plain(key: str, variant: str) -> Flag:
    definition = {"state": "ENABLED", "variants": {variant: variant}, "defaultVariant": variant}
    return Flag(key, definition)


def snapshot(
    *flags: Flag, generation: int = 7, published_at: float = 0.0, declared: Any = None
) -> Snapshot:
    parts = {"flags": published({}, Edit(flags=flags)), "declared": declared or {}}
    pointer = Pointer(generation, {name: name for name in parts}, published_at)
    return assemble(SCOPE, pointer, parts, None, lambda: 1_800_000_000.0).snapshot
