"""How two JSON values differ, place by place. Pure.

Lists are compared from both ends, so that a rule put in ahead of others shows as what was put in.
The differences of one list first change elements, then add some (each at its index in the new
list), or remove some (from the last to the first, each at its index in the old one). Carried out in
their order they make the one value of the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from functions.flags.validation import at
from functions.published import canonical


class _Nothing:
    """What stands where nothing is: null is a value."""

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING = _Nothing()
Steps = tuple[str | int, ...]


class Difference(NamedTuple):
    """`before` is NOTHING where something was added, `after` where something was removed."""

    steps: Steps
    before: Any
    after: Any

    @property
    def path(self) -> str:
        path = "$"
        for step in self.steps:
            path = at(path, step)
        return path

    def to_dict(self) -> dict[str, Any]:
        """As JSON; what isn't there is left out."""
        sides = {"before": self.before, "after": self.after}
        return {
            "path": self.path,
            **{name: value for name, value in sides.items() if value is not NOTHING},
        }


def differences(before: Any, after: Any) -> list[Difference]:
    """None at all when both are the same JSON: 1, 1.0 and true are three values."""
    return list(_compared((), before, after))


def _compared(steps: Steps, before: Any, after: Any) -> Iterator[Difference]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in [*before, *(name for name in after if name not in before)]:
            here = (*steps, name)
            yield from _either(here, before.get(name, NOTHING), after.get(name, NOTHING))
    elif isinstance(before, list) and isinstance(after, list):
        yield from _lists(steps, before, after)
    elif not _same(before, after):
        yield Difference(steps, before, after)


def _either(steps: Steps, before: Any, after: Any) -> Iterator[Difference]:
    if before is NOTHING or after is NOTHING:
        yield Difference(steps, before, after)
    else:
        yield from _compared(steps, before, after)


def _lists(steps: Steps, before: Sequence[Any], after: Sequence[Any]) -> Iterator[Difference]:
    start = _alike(before, after, 0)
    end = _alike(before[::-1], after[::-1], start)
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    both = min(len(old), len(new))
    for index in range(both):
        yield from _compared((*steps, start + index), old[index], new[index])
    for index in range(both, len(new)):
        yield Difference((*steps, start + index), NOTHING, new[index])
    for index in reversed(range(both, len(old))):
        yield Difference((*steps, start + index), old[index], NOTHING)


def _alike(one: Sequence[Any], other: Sequence[Any], taken: int) -> int:
    """How many elements are the same from the beginning; `taken` of them count already."""
    most = min(len(one), len(other)) - taken
    return next((index for index in range(most) if not _same(one[index], other[index])), most)


def _same(one: Any, other: Any) -> bool:
    return canonical(one) == canonical(other)
