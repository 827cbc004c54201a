"""JsonLogic's ideas of number, text, truth and order, as flagd's Python core has them.

They follow JavaScript loosely. Where the two differ we keep to flagd-core, so that a flag decides
alike in Palier and in flagd: `true` as text is "True", `"a" == null` is false, and `1 === true`
holds.
"""

from __future__ import annotations

import math
from typing import Any

NOT_A_NUMBER = math.nan
INFINITIES = ("inf", "-inf", "+inf")


def to_number(value: Any) -> float | int:
    """Numbers and booleans as they are; null is 0, text is parsed, what can't be read is NaN."""
    if isinstance(value, (int, float)):
        return value
    if value is None:
        return 0
    if isinstance(value, list):
        if not value:
            return 0
        return NOT_A_NUMBER if len(value) > 1 else to_number(value[0])
    if isinstance(value, dict) or value.strip().lower() in INFINITIES:
        return NOT_A_NUMBER
    try:
        return float(value)
    except ValueError:
        return NOT_A_NUMBER


def to_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, int):
        return str(value)
    if value is None:
        return "null"
    if isinstance(value, list):
        return ",".join(map(to_text, value))
    return "[object Object]"


def truthy(value: Any) -> bool:
    """False for null, false, 0, NaN, "" and []. An object is true, even an empty one."""
    if value is True or value is False:
        return bool(value)
    if isinstance(value, float) and math.isnan(value):
        return False
    return isinstance(value, dict) or bool(value)


def loosely_equal(left: Any, right: Any) -> bool:
    """JsonLogic's `==`. Lists and objects are equal only to themselves."""
    kind = type(left)
    if kind is type(right):
        return left is right if kind in (list, dict) else bool(left == right)
    if isinstance(left, (int, float)) or isinstance(right, (int, float)):
        return to_number(left) == to_number(right)
    if left is None or right is None:
        return False
    if isinstance(left, str) or isinstance(right, str):
        return to_text(left) == to_text(right)
    return False


def ordered(left: Any, right: Any) -> tuple[Any, Any]:
    """Both sides as `<` and its kin compare them: as text when one is text and none a number."""
    numeric = isinstance(left, (int, float)) or isinstance(right, (int, float))
    if not numeric and (isinstance(left, str) or isinstance(right, str)):
        return to_text(left), to_text(right)
    return to_number(left), to_number(right)
