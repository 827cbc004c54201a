"""What is sent to the Responses API for a call, and what the headers of an answer say. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.stories.handlers import ModelCall
from functions.stories.model.answer import name_of


def of_call(call: ModelCall, model: str, *, stream: bool) -> dict[str, Any]:
    """The body of POST /v1/responses. What the user wrote is in `data` and nowhere else."""
    given = call.parameters
    optional = {
        "temperature": given.temperature,
        "top_p": given.top_p,
        "stream": True if stream else None,
        "reasoning": {"effort": given.reasoning_effort} if given.reasoning_effort else None,
    }
    return {
        "model": model,
        "instructions": call.instructions,
        "input": [{"role": "user", "content": call.data}],
        "text": {
            "format": {
                "type": "json_schema",
                "name": call.schema_name,
                "schema": dict(call.schema),
                "strict": True,
            }
        },
        "max_output_tokens": given.max_output_tokens,
        "store": False,
        "safety_identifier": call.user,
        "prompt_cache_key": call.cache_key,
        **{name: value for name, value in optional.items() if value is not None},
    }


def request_id(headers: Mapping[str, str]) -> str | None:
    """The API's id of a request, for its support. Logs and errors tell it: only a name is taken."""
    return name_of(headers.get("x-request-id")) or None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the API asks to wait. A date instead of a number is not used by OpenAI."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * unit
        except (KeyError, ValueError):
            continue
        if seconds >= 0:
            return seconds
    return None
