"""What rooms above have a say in: which values of a flag people may be given, and what of it must
stay while one of them splits it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from functions.changes import View
from functions.errors import PalierError
from functions.flags.flag import Flag
from functions.flags.reachable import newly_reachable
from functions.flags.under_split import other_default
from functions.flags.validation import at

Allowed = Callable[[View, str, str], None]
"""Raises PalierError unless a flag, by its key, may give a value. Handed in: rooms above know."""


def anything(_view: View, _flag: str, _value: str) -> None:
    """For flags whose variants nothing outside this room has a say in."""


def require_allowed(view: View, before: Flag | None, after: Flag, allowed: Allowed) -> None:
    """Raises the first of `refusals`."""
    for refusal in refusals(view, before, after, allowed):
        raise refusal


def refusals(
    view: View, before: Flag | None, after: Flag, allowed: Allowed
) -> Iterator[PalierError]:
    """What speaks against a change, each with the path of the variant: of every value that comes
    within reach. What was, or is taken away, needs nobody's leave; what is no text names nothing.
    Of a flag that is split, another default as well.
    """
    refusal = other_default(before, after)
    if refusal:
        yield refusal
    for variant, value in newly_reachable(before, after).items():
        if isinstance(value, str) and value:
            try:
                allowed(view, after.key, value)
            except PalierError as error:
                error.extra["path"] = at("$.variants", variant)
                yield error
