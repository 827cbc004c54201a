"""The evaluation context of a request: read, and refused when there is too much of it. Pure.

Reading tens of thousands of values takes longer than a hundred evaluations, so they are counted
before: a body holds no more values than commas and brackets.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from functions.flags.evaluation import PARSE_ERROR

MAXIMUM_BODY_BYTES = 64 * 1024
MAXIMUM_DEPTH = 10
MAXIMUM_VALUES = 1_000
INVALID_CONTEXT = "INVALID_CONTEXT"


class BadContext(Exception):
    """A request whose body can't be used; `code` is OFREP's."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def read_context(body: bytes) -> dict[str, Any]:
    """The evaluation context of a request; {} where none is given. Raises BadContext."""
    if not body:
        return {}
    if body.count(b",") + body.count(b"[") + body.count(b"{") > MAXIMUM_VALUES:
        raise _too_many()
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadContext(PARSE_ERROR, "The body is not well-formed JSON.") from error
    if not isinstance(request, dict):
        raise BadContext(PARSE_ERROR, "The body must be an object with a `context`.")
    context = request.get("context")
    return {} if context is None else checked_context(context)


def checked_context(context: Any) -> dict[str, Any]:
    """Raises BadContext unless it is an object, not too much, with text for a targeting key."""
    if not isinstance(context, dict):
        raise BadContext(INVALID_CONTEXT, "The context must be an object.")
    if not isinstance(context.get("targetingKey"), (str, type(None))):
        raise BadContext(INVALID_CONTEXT, "The context's `targetingKey` must be a string.")
    _check_size(context)
    return context


def _check_size(context: dict[str, Any]) -> None:
    """Level by level, so that depth costs no stack."""
    values = len(context)
    level = _nested([context])
    for _ in range(MAXIMUM_DEPTH):
        if values > MAXIMUM_VALUES:
            raise _too_many()
        if not level:
            return
        values += sum(map(len, level))
        level = _nested(level)
    raise BadContext(INVALID_CONTEXT, f"The context is nested deeper than {MAXIMUM_DEPTH}.")


def _nested(level: Iterable[Any]) -> list[Any]:
    """The objects and lists that stand in these."""
    return [
        child
        for each in level
        for child in (each.values() if isinstance(each, dict) else each)
        if isinstance(child, (dict, list))
    ]


def _too_many() -> BadContext:
    return BadContext(
        INVALID_CONTEXT,
        f"The context has too many values: at most {MAXIMUM_VALUES:,} in all. Commas and brackets "
        "inside of texts count as well.",
    )
