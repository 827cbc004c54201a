"""The operators that evaluate all their arguments first: `operator(data, *arguments) -> value`.

`data` is the scope: the context, or an item inside `map` and its kin. They raise what Python
raises on nonsense (a division by zero, text where an object must be); the evaluator answers
GENERAL for it, as flagd does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from functions.flags.logic.bucketing import boundaries, bucket, hash_value
from functions.flags.logic.coercion import (
    NOT_A_NUMBER,
    loosely_equal,
    ordered,
    to_number,
    to_text,
    truthy,
)
from functions.flags.logic.versions import compare_versions

Operator = Callable[..., Any]


def lookup(data: Any, key: Any = None, default: Any = None) -> Any:
    """`var`: the value at a dotted path; the default where there is none, or null."""
    if key is None or key == "":
        return data
    if isinstance(key, (int, float)):
        return _at_number(data, key, default)
    return at_path(data, to_text(key).split("."), default)


def _at_number(data: Any, key: float, default: Any) -> Any:
    if isinstance(data, (list, str)):
        try:
            index = int(key)
        except ValueError:
            return default
        return data[index] if index == key and 0 <= index < len(data) else default
    if not isinstance(data, dict):
        return default
    # JSON has no numbers as keys; flagd-core looks one up all the same, then goes on from there.
    found = data.get(key)
    return default if found is None else at_path(found, to_text(key).split("."), default)


def at_path(data: Any, path: Sequence[str], default: Any) -> Any:
    """The value at a path of names and positions."""
    for step in path:
        if isinstance(data, dict):
            data = data.get(step)
        elif isinstance(data, (list, str)):
            if step == "length":
                return len(data)
            index = _index(step)
            if index is None or index >= len(data):
                return default
            data = data[index]
        else:
            return default
    return default if data is None else data


def _index(step: str) -> int | None:
    """A position as JavaScript reads it: digits without a leading zero."""
    try:
        index = int(step)
    except ValueError:
        return None
    return index if index >= 0 and str(index) == step else None


def missing(data: Any, *arguments: Any) -> list[Any]:
    """The keys that are absent, null or empty."""
    keys = arguments[0] if arguments and isinstance(arguments[0], list) else arguments
    found = ((key, lookup(data, key)) for key in keys)
    return [key for key, value in found if value is None or value == ""]


def missing_some(data: Any, needed: Any = 0, keys: Any = None, *_: Any) -> list[Any]:
    """[] when at least `needed` of the keys are there, else the missing ones."""
    if not isinstance(keys, list):
        return []
    needed = to_number(needed)
    absent = missing(data, keys)
    return [] if len(keys) - len(absent) >= needed else absent


def equal(_data: Any, left: Any = None, right: Any = None, *_: Any) -> bool:
    return loosely_equal(left, right)


def unequal(_data: Any, left: Any = None, right: Any = None, *_: Any) -> bool:
    return not loosely_equal(left, right)


def strictly_equal(_data: Any, left: Any = None, right: Any = None, *_: Any) -> bool:
    return bool(left == right)


def strictly_unequal(_data: Any, left: Any = None, right: Any = None, *_: Any) -> bool:
    return bool(left != right)


def less(left: Any, right: Any) -> bool:
    first, second = ordered(left, right)
    return bool(first < second)


def less_or_equal(left: Any, right: Any) -> bool:
    first, second = ordered(left, right)
    return bool(first <= second)


def greater(left: Any, right: Any) -> bool:
    first, second = ordered(left, right)
    return bool(first > second)


def greater_or_equal(left: Any, right: Any) -> bool:
    first, second = ordered(left, right)
    return bool(first >= second)


def _between(compare: Callable[[Any, Any], bool]) -> Operator:
    """Of two, or of three in a row: `{"<": [0, x, 10]}`."""

    def operator(_data: Any, a: Any = None, b: Any = None, c: Any = None, *_: Any) -> bool:
        return compare(a, b) and (c is None or compare(b, c))

    return operator


def negate(_data: Any, value: Any = None, *_: Any) -> bool:
    return not truthy(value)


def affirm(_data: Any, value: Any = None, *_: Any) -> bool:
    return truthy(value)


def add(_data: Any, *arguments: Any) -> float | int:
    total: float | int = 0
    for argument in arguments:  # not sum(), which rounds floats otherwise since Python 3.12
        total += to_number(argument)
    return total


def multiply(_data: Any, *arguments: Any) -> float | int:
    product: float | int = 1
    for argument in arguments:
        product *= to_number(argument)
    return product


def subtract(_data: Any, left: Any = None, right: Any = None, *_: Any) -> float | int:
    return -to_number(left) if right is None else to_number(left) - to_number(right)


def divide(_data: Any, left: Any = None, right: Any = None, *_: Any) -> float:
    return to_number(left) / to_number(right)


def remainder(_data: Any, left: Any = None, right: Any = None, *_: Any) -> float | int:
    return to_number(left) % to_number(right)


def smallest(_data: Any, *arguments: Any) -> float | int:
    return min(map(to_number, arguments)) if arguments else NOT_A_NUMBER


def largest(_data: Any, *arguments: Any) -> float | int:
    return max(map(to_number, arguments)) if arguments else NOT_A_NUMBER


def contains(_data: Any, needle: Any = None, haystack: Any = None, *_: Any) -> bool:
    """`in`: an element of a list, or a part of a text."""
    if isinstance(haystack, list):
        return needle in haystack
    return isinstance(haystack, str) and to_text(needle) in haystack


def concatenate(_data: Any, *arguments: Any) -> str:
    return "".join(map(to_text, arguments))


def substring(_data: Any, text: Any = None, start: Any = None, length: Any = None, *_: Any) -> str:
    """From `start` (negative: from the end), `length` characters (negative: up to there)."""
    whole_text = to_text(text)
    first = _first_index(to_number(start), len(whole_text))
    if length is None:
        return whole_text[first:]
    count = to_number(length)
    if math.isnan(count):
        return ""
    whole = int(count)
    end = first + whole if whole >= 0 else len(whole_text) + whole
    return whole_text[first : max(first, end)]


def _first_index(start: float, size: int) -> int:
    if math.isnan(start):
        return 0
    if start < 0:
        return 0 if -start >= size else size - int(-start)
    return min(int(start), size)


def merge(_data: Any, *arguments: Any) -> list[Any]:
    merged: list[Any] = []
    for argument in arguments:
        if isinstance(argument, list):
            merged.extend(argument)
        else:
            merged.append(argument)
    return merged


def pass_on(_data: Any, value: Any = None, *_: Any) -> Any:
    """`log` gives back its argument and writes nothing: a context may hold personal data."""
    return value


def starts_with(_data: Any, *arguments: Any) -> bool | None:
    return arguments[0].startswith(arguments[1]) if _two_texts(arguments) else None


def ends_with(_data: Any, *arguments: Any) -> bool | None:
    return arguments[0].endswith(arguments[1]) if _two_texts(arguments) else None


def _two_texts(arguments: Sequence[Any]) -> bool:
    return len(arguments) == 2 and all(isinstance(argument, str) for argument in arguments)


def sem_ver(_data: Any, *arguments: Any) -> bool | None:
    return compare_versions(*arguments) if len(arguments) == 3 else None


def fractional(data: Any, *arguments: Any) -> Any:
    """The variant of the share that the bucketing value falls into; None when it can't be said."""
    if not arguments:
        return None
    if isinstance(arguments[0], (list, tuple)):
        hashed, shares = hash_by_flag(data), arguments
    else:
        hashed = None if arguments[0] is None else hash_value(arguments[0])
        shares = arguments[1:]
    if hashed is None or not all(map(is_share, shares)):
        return None
    sums = boundaries([weight(share) for share in shares])
    return None if sums is None else share_of(hashed, [share[0] for share in shares], sums)


def share_of(hashed: int, variants: Sequence[Any], sums: Sequence[int]) -> Any:
    place = bucket(hashed, sums[-1])
    for variant, end in zip(variants, sums, strict=True):
        if place < end:
            return variant
    return None


def is_share(share: Any) -> bool:
    """`[variant]` or `[variant, weight]`, the weight a whole number."""
    if not isinstance(share, (list, tuple)) or not 1 <= len(share) <= 2:
        return False
    return len(share) == 1 or (isinstance(share[1], int) and not isinstance(share[1], bool))


def weight(share: Sequence[Any]) -> int:
    return int(share[1]) if len(share) == 2 else 1


def hash_by_flag(data: Any) -> int | None:
    """The shorthand buckets by flag key and targeting key; nobody without a targeting key."""
    key = data.get("targetingKey")
    if not isinstance(key, str) or not key:
        return None
    flag_key = data.get("$flagd", {}).get("flagKey", "")
    return hash_value([flag_key, key])


BOOLEAN: Mapping[str, Operator] = {
    "==": equal,
    "!=": unequal,
    "===": strictly_equal,
    "!==": strictly_unequal,
    "<": _between(less),
    "<=": _between(less_or_equal),
    ">": _between(greater),
    ">=": _between(greater_or_equal),
    "!": negate,
    "!!": affirm,
    "in": contains,
}
"""Operators that give True or False and nothing else."""

EAGER: Mapping[str, Operator] = {
    **BOOLEAN,
    "+": add,
    "*": multiply,
    "-": subtract,
    "/": divide,
    "%": remainder,
    "min": smallest,
    "max": largest,
    "cat": concatenate,
    "substr": substring,
    "merge": merge,
    "log": pass_on,
    "var": lookup,
    "missing": missing,
    "missing_some": missing_some,
    "fractional": fractional,
    "starts_with": starts_with,
    "ends_with": ends_with,
    "sem_ver": sem_ver,
}

READS_SCOPE = frozenset({"var", "missing", "missing_some", "fractional"})
"""Operators that may look at more of the scope than attributes by plain names."""
