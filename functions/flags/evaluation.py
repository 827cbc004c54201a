"""What evaluating a flag gives, in OpenFeature's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

STATIC = "STATIC"
DEFAULT = "DEFAULT"
TARGETING_MATCH = "TARGETING_MATCH"
DISABLED = "DISABLED"
ERROR = "ERROR"

FLAG_NOT_FOUND = "FLAG_NOT_FOUND"
PARSE_ERROR = "PARSE_ERROR"
TYPE_MISMATCH = "TYPE_MISMATCH"
GENERAL = "GENERAL"

Metadata = Mapping[str, bool | int | float | str]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The outcome for one flag and context. Shared between callers: don't change what it holds.

    `value` is None, with `variant` None, where the caller's own default is to be used: an error,
    a flag that is disabled, one without a default variant. `detail` says more about an error.
    """

    value: Any
    variant: str | None
    reason: str
    error_code: str | None = None
    metadata: Metadata = field(default_factory=dict)
    detail: str | None = None


def failure(code: str, detail: str, metadata: Metadata | None = None) -> Evaluation:
    return Evaluation(None, None, ERROR, code, metadata or {}, detail)


TYPES: Mapping[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "string": (str,),
    "integer": (int,),
    "float": (int, float),
    "number": (int, float),
    "object": (dict, list),
}
"""What may be expected, and the types that serve it as they are or after a conversion."""

KINDS: Mapping[type, str] = {
    bool: "boolean",
    str: "string",
    int: "integer",
    float: "float",
    dict: "object",
    list: "object",
}

LARGEST_EXACT = 2**53 - 1
"""The largest whole number up to which each has a float of its own."""


def kind_of(value: Any) -> str | None:
    """The expected type that a JSON value serves as it is."""
    return KINDS.get(type(value))


def typed(evaluation: Evaluation, expected: str) -> Evaluation:
    """The evaluation as a value of the expected type, or TYPE_MISMATCH.

    Numbers are converted where nothing is lost: 10.0 serves as the integer 10, and 10 as the float
    10.0. True and false never serve as numbers. An unknown name of a type expects nothing.
    """
    kinds = TYPES.get(expected)
    if kinds is None or evaluation.variant is None:
        return evaluation
    value = _converted(evaluation.value, expected)
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        return failure(
            TYPE_MISMATCH,
            f"Expected a value of type {expected}, but the variant {evaluation.variant!r} holds "
            f"{describe(evaluation.value)}.",
            evaluation.metadata,
        )
    return evaluation if value is evaluation.value else replace(evaluation, value=value)


def _converted(value: Any, expected: str) -> Any:
    """The value as the expected kind of number, None when it doesn't fit; others as they are."""
    if expected == "float" and type(value) is int:
        try:
            return float(value)
        except OverflowError:
            return None
    if expected == "integer" and type(value) is float:
        exact = value.is_integer() and abs(value) <= LARGEST_EXACT
        return int(value) if exact else value
    return value


def describe(value: Any) -> str:
    """The kind of a JSON value, for messages."""
    if value is None:
        return "null"
    names = {
        bool: "a boolean",
        str: "a string",
        int: "an integer",
        float: "a float",
        list: "a list",
    }
    return names.get(type(value), "an object")
