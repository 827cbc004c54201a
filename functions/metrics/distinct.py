"""How many distinct users there were, by a sample that adds up. Pure.

The keyed hash of a user has a rank: a number below 2**32, as good as drawn by lot, and the same
wherever it is computed. A sample of level L holds every rank below 2**(32 - L): at level 0 all
users, at level 1 half of them, at level 2 a quarter. Where it would hold more than are kept, the
level rises until it doesn't (adaptive sampling by Wegman; Flajolet, Computing 43, 1990). So the sum
of samples is the sample of all their users, in whatever order they are added up, and nobody counts
twice. Nobody can be traced by it either: a rank is a hash of a keyed hash, cut to 32 bits.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import blake2b
from struct import pack, unpack

BITS = 32
RANK_BYTES = BITS // 8
KEPT = 1_024
"""Of a stage; some 5.5 kB of text."""

KEPT_OF_SLOT = 64
"""Of what one instance saw in one slot; some 0.3 kB."""


@dataclass(frozen=True, slots=True)
class Users:
    """Every user whose rank is below 2**(32 - level)."""

    ranks: frozenset[int] = frozenset()
    level: int = 0

    def __bool__(self) -> bool:
        return bool(self.ranks) or self.level > 0

    @property
    def estimate(self) -> int:
        """How many there were: exact at level 0; beyond, the standard error is a share of at most
        1/√(ranks) of it."""
        return len(self.ranks) << self.level

    def to_text(self) -> str:
        """Equal samples, equal texts."""
        packed = pack(f">{len(self.ranks)}I", *sorted(self.ranks))
        return f"{self.level}:{b64encode(packed).decode()}"

    @staticmethod
    def from_text(text: str) -> Users:
        """What `to_text` wrote."""
        level, _, packed = text.partition(":")
        ranks = b64decode(packed)
        return Users(frozenset(unpack(f">{len(ranks) // RANK_BYTES}I", ranks)), int(level))


NOBODY = Users()


def rank(user_hash: str) -> int:
    """Below 2**32."""
    return int.from_bytes(blake2b(user_hash.encode(), digest_size=RANK_BYTES).digest())


def of(user_hash: str) -> Users:
    """The sample of one user; nobody for "", which is no user."""
    return Users(frozenset({rank(user_hash)})) if user_hash else NOBODY


def merge(first: Users, second: Users, kept: int = KEPT) -> Users:
    """Both together, `kept` of them at most."""
    if first.level == second.level and second.ranks <= first.ranks:
        return _within(first, kept)
    level = max(first.level, second.level)
    ranks = _below(first, level) | _below(second, level)
    return _within(Users(ranks, level), kept)


def _within(users: Users, kept: int) -> Users:
    """At the lowest level that keeps so few."""
    while len(users.ranks) > kept:
        users = Users(_below(users, users.level + 1), users.level + 1)
    return users


def _below(users: Users, level: int) -> frozenset[int]:
    """Those that a sample of this level, or of a higher one, holds."""
    if level == users.level:
        return users.ranks
    bound = 1 << (BITS - level)
    return frozenset(rank for rank in users.ranks if rank < bound)
