"""Which values of a flag people may get, and which of them a change brings within reach. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from functions.flags.flag import Flag
from functions.flags.outcomes import outcomes
from functions.published import canonical


def newly_reachable(before: Flag | None, after: Flag) -> dict[str, Any]:
    """Variant → its value, for those that `after` may give somebody and `before` could not.

    What nobody could get before, an archived flag or one that is revived, had nothing in reach. In
    between, what a killed flag would give counts, so that a small edit of it is not asked for all.
    """
    if after.archived:
        return {}
    ended = before is None or before.archived or (before.killed and not after.killed)
    known = {} if before is None or ended else _reachable(before)
    return {
        variant: value
        for variant, value in _reachable(after).items()
        if variant not in known or canonical(known[variant]) != canonical(value)
    }


def _reachable(flag: Flag) -> Mapping[str, Any]:
    """Rather too many than too few: rules that don't tell where they lead may lead anywhere, and
    the off variant is what a kill gives, which asks nobody."""
    variants: Mapping[str, Any] = flag.definition["variants"]
    found = outcomes(replace(flag, killed=False).published())
    names = set(variants) if found is None else {*found, flag.off_variant}
    return {name: value for name, value in variants.items() if name in names}
