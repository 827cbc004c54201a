"""The order in which requests ended: what counts consecutive failures. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

RECENT = 20
"""How many of the last ends are kept."""


class Completion(NamedTuple):
    """The end of one request. `user` is a keyed hash."""

    at_ms: int
    user: str
    failed: bool

    def to_text(self) -> str:
        return f"{self.at_ms}:{self.user}:{int(self.failed)}"

    @staticmethod
    def from_text(text: str) -> Completion:
        at_ms, user, failed = text.split(":")
        return Completion(int(at_ms), user, failed == "1")


Completions = tuple[Completion, ...]


def merge(first: Completions, second: Completions) -> Completions:
    """The last RECENT of both, oldest first."""
    both = (*first, *second)
    if first and second and first[-1] > second[0]:
        both = tuple(sorted(both))
    return both[-RECENT:]


def consecutive_failures(recent: Sequence[Completion]) -> int:
    """Distinct users in the unbroken run of failures that ends with the last completion."""
    users: set[str] = set()
    for completion in reversed(recent):
        if not completion.failed:
            break
        users.add(completion.user)
    return len(users)
