"""Reading what the Responses API sent back. Pure: bytes in, an answer or a failure out.

HTTP 200 promises nothing: the body may be HTML or cut JSON, the response `failed` or `incomplete`,
the content a refusal. Each is told apart here, because the client library tells none of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeGuard

from functions.stories.model import failure
from functions.stories.model.failure import Failure
from functions.stories.story import Usage

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}")
MOST_TOKENS = 200_000
"""Of one kind, in one call. None of ours comes near: a larger number is no bill but a mistake."""


@dataclass(frozen=True)
class Answer:
    """A completed response: its text, and how that was streamed before, if it was."""

    text: str
    model: str
    response_id: str
    request_id: str | None = None
    streamed: str | None = None


class Read(NamedTuple):
    """What a response comes to, and what it says of its costs: of a refusal too."""

    result: Answer | Failure
    usage: Usage | None = None


def read_body(body: bytes, request_id: str | None = None) -> Read:
    """The answer in the body of an HTTP 200."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return Read(failure.broken("OpenAI's answer isn't JSON.", request_id))
    if not isinstance(content, dict):
        return Read(failure.broken("OpenAI's answer isn't a response.", request_id))
    return read_response(content, request_id)


def read_response(content: Mapping[str, Any], request_id: str | None = None) -> Read:
    """The answer in a response object."""
    return Read(_result(content, request_id), _usage(content.get("usage")))


def _result(content: Mapping[str, Any], request_id: str | None) -> Answer | Failure:
    status = content.get("status")
    if status == "failed":
        return failure.of_failed(_mapping(content.get("error")), request_id)
    if status == "incomplete":
        return _incomplete(_mapping(content.get("incomplete_details")), request_id)
    if status != "completed":
        return failure.broken("OpenAI's answer isn't a completed response.", request_id)
    parts = list(_parts(content))
    if any(part.get("type") == "refusal" for part in parts):
        return failure.refused("The model refused to write this story.", request_id)
    texts = [str(part.get("text", "")) for part in parts if part.get("type") == "output_text"]
    if not texts:
        return failure.broken("OpenAI's answer has no text.", request_id)
    return Answer(
        text="".join(texts),
        model=name_of(content.get("model")),
        response_id=name_of(content.get("id")),
        request_id=request_id,
    )


def _incomplete(details: Mapping[str, Any], request_id: str | None) -> Failure:
    reason = details.get("reason")
    if reason == "max_output_tokens":
        return failure.truncated(request_id)
    if reason == "content_filter":
        return failure.refused("OpenAI's filter stopped the story.", request_id)
    return failure.broken("OpenAI's answer is incomplete.", request_id)


def _parts(content: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for item in _sequence(content.get("output")):
        if _mapping(item).get("type") == "message":
            yield from map(_mapping, _sequence(item.get("content")))


def _usage(usage: Any) -> Usage | None:
    """What was billed; None when that is not told in numbers to be believed: the most that the call
    can have cost is charged then."""
    told = _mapping(usage)
    read, written = told.get("input_tokens"), told.get("output_tokens")
    if not _is_count(read) or not _is_count(written):
        return None
    return Usage(input_tokens=read, output_tokens=written)


def _is_count(value: Any) -> TypeGuard[int]:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole and 0 <= value <= MOST_TOKENS


def name_of(value: Any) -> str:
    """Logs and errors tell it: nothing but a name gets there."""
    return value if isinstance(value, str) and NAME.fullmatch(value) else ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _sequence(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
