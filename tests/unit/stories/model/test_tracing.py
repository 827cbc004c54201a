"""The names of OpenTelemetry, and nothing that was written."""

from __future__ import annotations

from pathlib import Path

from functions.stories.model import failure, tracing
from functions.stories.model.calling import Attempt
from functions.stories.story import Usage


def test_a_call_that_was_answered() -> None:
    usage = Usage(input_tokens=310, output_tokens=640)
    attempt = Attempt("gpt-a", 2.34567, usage, 900, answered_by="gpt-a-2026-01-01")
    assert tracing.fields_of(attempt) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-a",
        "gen_ai.response.model": "gpt-a-2026-01-01",
        "gen_ai.client.operation.duration": 2.346,
        "gen_ai.usage.input_tokens": 310,
        "gen_ai.usage.output_tokens": 640,
    }


def test_a_call_that_failed() -> None:
    limited = failure.of_status(429, request_id="req_1")
    fields = tracing.fields_of(Attempt("gpt-a", 0.5, None, failure=limited))
    assert fields["error.type"] == "rate"
    assert fields["http.response.status_code"] == 429
    assert not [name for name in fields if "usage" in name]
    assert limited.detail not in fields.values()


def test_every_field_is_documented() -> None:
    page = Path(__file__).parents[4] / "docs" / "reference" / "stories.md"
    limited = failure.of_status(429, request_id="req_1")
    attempt = Attempt("gpt-a", 0.5, Usage(), failure=limited, answered_by="gpt-a")
    told = page.read_text(encoding="utf-8")
    assert [name for name in tracing.fields_of(attempt) if f"`{name}`" not in told] == []
