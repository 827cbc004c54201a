"""Where a user falls in a split, in words. Pure: it counts as bucketing.py does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from functions.flags.logic import operators
from functions.flags.logic.bucketing import boundaries, bucket, hash_text, hash_value
from functions.flags.split import WHOLE, Audience, Split
from functions.flags.why.values import shown
from functions.flags.why.words import expression

USER = {"var": "targetingKey"}


class Share(NamedTuple):
    """The bucket of a user, and the share that it lies in: `first` to `last`, of `total`."""

    bucket: int
    first: int
    last: int
    total: int


def share_of(hashed: int, shares: Sequence[Any]) -> Share | None:
    """None for shares that make no split."""
    if not all(map(operators.is_share, shares)):
        return None
    sums = boundaries([operators.weight(share) for share in shares])
    if sums is None:
        return None
    place = bucket(hashed, sums[-1])
    index = next(index for index, end in enumerate(sums) if place < end)
    return Share(place, sums[index - 1] if index else 0, sums[index] - 1, sums[-1])


def rollout_told(split: Split, user: Any, audience: Audience | None = None) -> str:
    """What the split of a rollout means for a user, who is in the `audience`."""
    rollout = f"The rollout {split.rollout}"
    if not user:
        return f"{rollout} picks users by their targetingKey, which is not given."
    of, weight = "the users", split.weight
    if audience:
        of, weight = f"the members of {shown(audience.segment)}", audience.weight
    said = f"{rollout} gives {shown(split.candidate)} to {weight / 100:g} % of {of}"
    shares = [[split.candidate, weight], [split.control, WHOLE - weight]]
    hashed = hash_text(split.salt + user)
    share = None if hashed is None else share_of(hashed, shares)
    if share is None:
        return f"{said}, but this user's targetingKey can't be used."
    if not 0 < weight < WHOLE:
        return f"{said}. This user is in bucket {share.bucket:,} of {WHOLE:,}."
    buckets = f"buckets 0 to {weight - 1:,} of {WHOLE:,}"
    return f"{said}: {buckets}. This user is in bucket {share.bucket:,}."


def split_told(
    arguments: Sequence[Any], values: Sequence[Any], scope: Mapping[str, Any], variant: Any
) -> str:
    """What a `fractional` of the rules means for a user. `values` are those of its arguments,
    `variant` is what it gave."""
    first, *rest = values
    if isinstance(first, (list, tuple)):
        by, given, shares = USER, scope["targetingKey"], [first, *rest]
        hashed = operators.hash_by_flag(scope)
    else:
        by, given, shares = arguments[0], first, rest
        hashed = None if first is None else hash_value(first)
    said = f"The rules split the users by {'their targetingKey' if by == USER else expression(by)}"
    if hashed is None:
        return f"{said}, which can't be used." if given else f"{said}, which is not given."
    share = share_of(hashed, shares)
    if share is None:
        return f"{said}, but not into shares that can be used."
    size = share.last - share.first + 1
    buckets = (
        f"buckets {share.first:,} to {share.last:,}" if size > 1 else f"bucket {share.first:,}"
    )
    part = f"{buckets} of {share.total:,} ({_percent(size / share.total)})"
    gets = f"get{'' if size > 1 else 's'} {shown(variant)}"
    return f"{said}: {part} {gets}. This user is in bucket {share.bucket:,}."


def _percent(part: float) -> str:
    return f"{round(part * 100, 2):g} %" if part >= 0.0001 else "less than 0.01 %"
