"""What people are told of flags that have become stale. Pure."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence

from functions.alerts.message import ENGLISH, FRENCH, Event, Message, Text
from functions.alerts.rule import P3
from functions.flags.stale import Kind, Stale

IN_FRENCH: Mapping[Kind, str] = {
    Kind.ENDED: "échu",
    Kind.SETTLED: "figé",
    Kind.UNUSED: "inutilisé",
}
NAMED = 10
"""Flags that a message names. All stand in the list."""


def of_stale_flags(new: Sequence[Stale], known: int, occasion: str) -> Message:
    """One message of all flags that have become stale since the last; `known` were told of before.

    The same flags on the same occasion never make two.
    """
    keys = [each.key for each in new]
    event = "\n".join(["stale-flags", occasion, *sorted(keys)])
    kinds = Counter(kind for each in new for kind in each.kinds)
    return Message(
        id=hashlib.sha256(event.encode()).hexdigest()[:32],
        event=Event.NEWS,
        severity=P3,
        about="stale-flags",
        texts={ENGLISH: _english(new), FRENCH: _french(new)},
        facts={"new": len(new), "known": known, **{str(kind): kinds[kind] for kind in Kind}},
    )


def _english(new: Sequence[Stale]) -> Text:
    one = f"The flag {new[0].key} is stale"
    return Text(
        one if len(new) == 1 else f"{len(new)} flags have become stale",
        f"{_named(new, ENGLISH)} What to do: look at GET /v1/stale-flags and clean "
        "up what is no longer needed, mark as permanent what is to stay.",
    )


def _french(new: Sequence[Stale]) -> Text:
    one = f"Le drapeau {new[0].key} est périmé"
    return Text(
        one if len(new) == 1 else f"{len(new)} drapeaux sont périmés",
        f"{_named(new, FRENCH)} Que faire : consultez GET /v1/stale-flags, "
        "supprimez ce qui ne sert plus et marquez comme permanent ce qui doit rester.",
    )


def _named(new: Sequence[Stale], language: str) -> str:
    named = [f"{each.key} ({_whose(each)}{_kinds(each, language)})" for each in new[:NAMED]]
    return f"{', '.join(named)}{_more(len(new) - NAMED, language)}."


def _more(left: int, language: str) -> str:
    if left <= 0:
        return ""
    if language == ENGLISH:
        return f" and {left} more"
    return f" et {left} autre{'s' if left > 1 else ''}"


def _kinds(stale: Stale, language: str) -> str:
    return ", ".join(IN_FRENCH[Kind(kind)] if language == FRENCH else kind for kind in stale.kinds)


def _whose(stale: Stale) -> str:
    return f"{stale.flag.owner}: " if stale.flag.owner else ""
