"""What a version sets is sent; what it leaves open is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.stories.handlers import ModelCall
from functions.stories.model import parameters
from functions.stories.versions import Parameters


def call(**given: object) -> ModelCall:
    return ModelCall(
        model="gpt-a",
        instructions="Write.",
        data="{}",
        schema_name="story",
        schema={"type": "object"},
        parameters=Parameters.model_validate({"max_output_tokens": 900, **given}),
        user="palier_1",
        cache_key="stories-1",
    )


def test_what_is_always_sent() -> None:
    assert parameters.of_call(call(), "gpt-b", stream=False) == {
        "model": "gpt-b",
        "instructions": "Write.",
        "input": [{"role": "user", "content": "{}"}],
        "text": {
            "format": {
                "type": "json_schema",
                "name": "story",
                "schema": {"type": "object"},
                "strict": True,
            }
        },
        "max_output_tokens": 900,
        "store": False,
        "safety_identifier": "palier_1",
        "prompt_cache_key": "stories-1",
    }


def test_what_a_version_sets() -> None:
    sent = parameters.of_call(
        call(temperature=0.0, top_p=0.5, reasoning_effort="low"), "gpt-a", stream=True
    )
    assert (sent["temperature"], sent["top_p"], sent["stream"]) == (0.0, 0.5, True)
    assert sent["reasoning"] == {"effort": "low"}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({}, None, id="none"),
        pytest.param({"retry-after": "7"}, 7.0, id="seconds"),
        pytest.param({"retry-after-ms": "250", "retry-after": "7"}, 0.25, id="milliseconds"),
        pytest.param({"retry-after-ms": "soon", "retry-after": "7"}, 7.0, id="no number"),
        pytest.param({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None, id="a date"),
        pytest.param({"retry-after": "-1"}, None, id="negative"),
        pytest.param({"retry-after": "nan"}, None, id="not a number"),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert parameters.retry_after(headers) == seconds


@given(st.text(max_size=12))
def test_no_header_does_harm(value: str) -> None:
    seconds = parameters.retry_after({"retry-after": value})
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("told", "taken"),
    [
        pytest.param("req_011CQ-9.a", "req_011CQ-9.a", id="a name"),
        pytest.param("", None, id="nothing"),
        pytest.param('{"theme": "the sea"}', None, id="a quotation"),
        pytest.param("Bearer sk-secret", None, id="words"),
        pytest.param("x" * 101, None, id="long"),
    ],
)
def test_only_a_name_is_an_id_of_a_request(told: str, taken: str | None) -> None:
    assert parameters.request_id({"x-request-id": told}) == taken
    assert parameters.request_id({}) is None
