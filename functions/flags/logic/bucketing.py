"""Who falls into which share of a split: flagd's `fractional`, version 3.

    bucket = (mmh3_32(canonical CBOR of the bucketing value) * total weight) >> 32

The bucketing value is what the rule names, or [flag key, targeting key]. Source: flagd-core 2.0.0.
Changing any of this moves users between variants: ALGORITHM is stored with every split.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mmh3

ALGORITHM = "fractional-3"
MAXIMUM_TOTAL_WEIGHT = 2_147_483_647
_TEXT = 0x60
_SHORT_HEADS = tuple(
    bytes((_TEXT + size,)) if size < 24 else bytes((_TEXT + 24, size)) for size in range(256)
)
_PAIR = b"\x82"
_INTEGERS = range(-(2**63), 2**64)


def hash_text(text: str) -> int | None:
    """32 bits of the hash of a text; None when it can't be encoded (half a surrogate pair)."""
    try:
        return mmh3.mmh3_32_uintdigest(cbor_text(text))
    except UnicodeEncodeError:
        return None


def pair_head(first: str) -> bytes:
    """The start of the encoding of a pair. Raises UnicodeEncodeError."""
    return _PAIR + cbor_text(first)


def hash_second(head: bytes, second: str) -> int | None:
    """32 bits of the hash of a pair whose start is given; None when it can't be encoded."""
    try:
        return mmh3.mmh3_32_uintdigest(head + cbor_text(second))
    except UnicodeEncodeError:
        return None


def hash_value(value: Any) -> int | None:
    """32 bits of the hash of any JSON value; None when it can't be encoded."""
    if type(value) is str:
        return hash_text(value)
    import cbor2  # 26 ms to import; texts, nearly all values, do without

    try:
        return mmh3.mmh3_32_uintdigest(cbor2.dumps(_whole_numbers(value), canonical=True))
    except (ValueError, TypeError, OverflowError, RecursionError, cbor2.CBOREncodeError):
        return None


def bucket(hashed: int, total_weight: int) -> int:
    """Where a hash falls: 0 ≤ bucket < total_weight."""
    return (hashed * total_weight) >> 32


def boundaries(weights: Sequence[int]) -> list[int] | None:
    """The running sums of the weights (negative ones count as 0), None when no split can be."""
    sums: list[int] = []
    total = 0
    for weight in weights:
        total += max(0, weight)
        sums.append(total)
    return sums if 0 < total <= MAXIMUM_TOTAL_WEIGHT else None


def cbor_text(text: str) -> bytes:
    """Canonical CBOR of a text (RFC 8949, 4.2.1): the shortest head, then UTF-8."""
    body = text.encode()
    size = len(body)
    if size < 256:
        return _SHORT_HEADS[size] + body
    if size < 65_536:
        return bytes((_TEXT + 25,)) + size.to_bytes(2, "big") + body
    return bytes((_TEXT + 26,)) + size.to_bytes(4, "big") + body


def _whole_numbers(value: Any) -> Any:
    """Floats without a fraction as integers, as far as CBOR's 64 bits go."""
    if isinstance(value, dict):
        return {key: _whole_numbers(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_whole_numbers(item) for item in value]
    if isinstance(value, float) and value.is_integer() and int(value) in _INTEGERS:
        return int(value)
    return value
