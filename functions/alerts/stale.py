"""What people are told of flags that have become stale. Pure."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from functions.alerts.message import LOG, Message
from functions.alerts.thresholds import P3
from functions.flags.stale import Kind, Stale

NAMED = 10
"""Flags that a message names. All stand in the list."""


def of_stale_flags(new: Sequence[Stale], known: int, occasion: str) -> Message:
    """One message of all flags that have become stale since the last; `known` were told of before.

    The same flags on the same occasion never make two.
    """
    keys = [each.key for each in new]
    event = "\n".join([LOG, "stale-flags", occasion, *sorted(keys)])
    kinds = Counter(kind for each in new for kind in each.kinds)
    return Message(
        id=hashlib.sha256(event.encode()).hexdigest()[:32],
        channel=LOG,
        severity=P3,
        about="stale-flags",
        title=_title(new),
        text=f"{_named(new)} What to do: look at GET /v1/stale-flags and clean up what is no "
        "longer needed, mark as permanent what is to stay.",
        facts={"new": len(new), "known": known, **{str(kind): kinds[kind] for kind in Kind}},
    )


def _title(new: Sequence[Stale]) -> str:
    if len(new) == 1:
        return f"The flag {new[0].key} is stale"
    return f"{len(new)} flags have become stale"


def _named(new: Sequence[Stale]) -> str:
    named = [f"{each.key} ({_whose(each)}{', '.join(each.kinds)})" for each in new[:NAMED]]
    more = f" and {len(new) - NAMED} more" if len(new) > NAMED else ""
    return f"{', '.join(named)}{more}."


def _whose(stale: Stale) -> str:
    return f"{stale.flag.owner}: " if stale.flag.owner else ""
