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
    "object": (dict, list),
}


def typed(evaluation: Evaluation, expected: str) -> Evaluation:
    """The evaluation as a value of the expected type, or TYPE_MISMATCH.

    A whole number serves as a float; true and false never serve as numbers. An unknown name of a
    type expects nothing.
    """
    kinds = TYPES.get(expected)
    if kinds is None or evaluation.variant is None:
        return evaluation
    value = evaluation.value
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        return failure(
            TYPE_MISMATCH,
            f"Expected a value of type {expected}, but the variant {evaluation.variant!r} holds "
            f"{describe(value)}.",
            evaluation.metadata,
        )
    if expected == "float" and isinstance(value, int):
        return replace(evaluation, value=float(value))
    return evaluation


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
