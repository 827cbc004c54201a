"""OpenTelemetry's names for calls of generative models, in the log. Pure.

The semantic conventions are in development: their names are here and nowhere else.
https://opentelemetry.io/docs/specs/semconv/gen-ai/
"""

from __future__ import annotations

from typing import Any

from functions.stories.model.calling import Attempt

OPERATION = "chat"
PROVIDER = "openai"


def fields_of(attempt: Attempt) -> dict[str, Any]:
    """The fields of one call's line in the log: no text of any kind. The duration is in seconds."""
    fields: dict[str, Any] = {
        "gen_ai.operation.name": OPERATION,
        "gen_ai.provider.name": PROVIDER,
        "gen_ai.request.model": attempt.model,
        "gen_ai.response.model": attempt.answered_by,
        "gen_ai.client.operation.duration": round(attempt.seconds, 3),
    }
    if attempt.usage is not None:
        fields["gen_ai.usage.input_tokens"] = attempt.usage.input_tokens
        fields["gen_ai.usage.output_tokens"] = attempt.usage.output_tokens
    if attempt.failure is not None:
        fields["error.type"] = attempt.failure.reason
        fields["http.response.status_code"] = attempt.failure.status
        fields["request_id.openai"] = attempt.failure.request_id
    return {name: value for name, value in fields.items() if value is not None}
