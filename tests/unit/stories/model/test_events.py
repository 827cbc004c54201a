"""However a stream is cut into chunks, its text and its end are the same, and no end is a guess."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.stories.model.answer import Answer, Read
from functions.stories.model.events import MAXIMUM_BYTES, EventStream
from functions.stories.model.failure import Failure
from functions.stories.story import Usage
from tests.servers.hostile_openai import completed, message, response


def line(event: Any) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def delta(text: str) -> bytes:
    return line({"type": "response.output_text.delta", "delta": text})


def ended(kind: str, **changes: Any) -> bytes:
    return line({"type": f"response.{kind}", "response": response("", status=kind, **changes)})


def read(*chunks: bytes) -> tuple[str, Read]:
    stream = EventStream("req_1")
    text = "".join(stream.feed(chunk) for chunk in chunks)
    assert text == stream.text
    assert stream.received == len(text.encode("utf-8", "surrogatepass"))
    return text, stream.end()


def test_a_story() -> None:
    text, end = read(delta('{"title": '), delta('"Été"}'), line(completed('{"title": "Été"}')))
    assert text == '{"title": "Été"}'
    assert end.usage == Usage(input_tokens=100, output_tokens=200)
    assert end.result == Answer(text, "gpt-test", "resp_1", "req_1", streamed=text)


REFUSAL = message({"type": "refusal", "refusal": "No."})
TRUNCATED = ended("incomplete", incomplete_details={"reason": "max_output_tokens"})
ENDS = [
    pytest.param(b"", "upstream", "cut off", id="cut before the end"),
    pytest.param(delta("more"), "upstream", "cut off", id="no response.completed"),
    pytest.param(b"data: [DONE]\n\n", "upstream", "cut off", id="done, not completed"),
    pytest.param(
        line(completed("{}"))[:-30], "upstream", "cut off", id="cut within response.completed"
    ),
    pytest.param(b"data: {no\n\n", "upstream", "isn't JSON", id="broken JSON"),
    pytest.param(b"data: " + b"[" * 99_999 + b"\n", "upstream", "isn't JSON", id="nested"),
    pytest.param(
        line({"type": "error", "code": "server_error", "message": "secret"}),
        "upstream",
        "could not finish",
        id="error event",
    ),
    pytest.param(
        line({"type": "error", "error": {"code": "insufficient_quota", "message": "secret"}}),
        "quota",
        "quota",
        id="error event: quota, below error",
    ),
    pytest.param(
        line({"type": "error", "code": "rate_limit_exceeded"}), "rate", "rate", id="error: rate"
    ),
    pytest.param(
        ended("failed", error={"code": "server_error"}), "upstream", "could not", id="failed"
    ),
    pytest.param(TRUNCATED, "bad_version", "max_output_tokens", id="incomplete"),
    pytest.param(
        ended("incomplete", incomplete_details={"reason": "content_filter"}),
        "bad_prompt",
        "filter",
        id="filtered",
    ),
    pytest.param(
        line({"type": "response.completed", "response": response("", output=[REFUSAL])}),
        "bad_prompt",
        "refused",
        id="refusal",
    ),
    pytest.param(
        line({"type": "response.refusal.delta", "delta": "No"}), "bad_prompt", "refused", id="cut"
    ),
    pytest.param(
        line({"type": "response.completed", "response": None}),
        "upstream",
        "completed response",
        id="completed, but nothing",
    ),
]


@pytest.mark.parametrize(("last", "reason", "says"), ENDS)
def test_ends_are_told_apart(last: bytes, reason: str, says: str) -> None:
    _, end = read(delta('{"title": "A'), last)
    assert isinstance(end.result, Failure)
    assert end.result.reason == reason
    assert says in end.result.detail
    assert "secret" not in end.result.detail
    assert end.result.request_id == "req_1"


def test_what_a_failed_answer_cost_is_known() -> None:
    assert read(TRUNCATED)[1].usage == Usage(input_tokens=100, output_tokens=200)
    assert read(delta("{"))[1].usage is None


def test_nothing_counts_after_the_end() -> None:
    text, end = read(delta("a"), line(completed("a")), delta("b"), TRUNCATED, b"data: {\n\n")
    assert text == "a"
    assert isinstance(end.result, Answer)


def test_too_much_text_ends_it() -> None:
    stream = EventStream()
    for _ in range(MAXIMUM_BYTES // 10_000 + 1):
        assert not stream.ended
        stream.feed(delta("x" * 10_000))
    assert stream.ended
    assert isinstance(end := stream.end().result, Failure)
    assert "too large" in end.detail


def test_an_event_without_end_ends_it() -> None:
    stream = EventStream()
    stream.feed(b"data: " + b"x" * MAXIMUM_BYTES)
    assert stream.ended
    assert len(stream.feed(b"x" * 100)) == 0


def test_carriage_returns_comments_and_unknown_events() -> None:
    other = line({"type": "response.content_part.added", "part": {"text": "x"}})
    story = b"".join([b": ping\n\n", other, delta("{}"), b"data: 5\n\n", line(completed("{}"))])
    text, end = read(story.replace(b"\n", b"\r\n"))
    assert text == "{}"
    assert isinstance(end.result, Answer)


LETTERS = st.text(st.characters(codec="utf-8"), max_size=20)


@given(parts=st.lists(LETTERS, max_size=8), cuts=st.lists(st.integers(0, 5_000)), data=st.data())
def test_chunks_do_not_matter(parts: list[str], cuts: list[int], data: st.DataObject) -> None:
    last = data.draw(st.sampled_from([line(completed("{}")), TRUNCATED, b"", b"data: {\n\n"]))
    whole = b"".join(delta(part) for part in parts) + last
    places = sorted({0, len(whole), *(cut % (len(whole) + 1) for cut in cuts)})
    chunks = [whole[a:b] for a, b in itertools.pairwise(places)]
    assert read(*chunks) == read(whole)
    assert read(whole)[0] == "".join(parts)


@given(st.lists(st.binary(max_size=60), max_size=6))
def test_whatever_comes_it_is_no_story(chunks: list[bytes]) -> None:
    assert isinstance(read(b"data:", *chunks)[1].result, Failure)


EVENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | LETTERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(LETTERS, inner, max_size=3),
    max_leaves=8,
)
KINDS = st.sampled_from(
    ["error", "response.failed", "response.incomplete", "response.output_text.delta", "x"]
)


@given(kind=KINDS, event=st.dictionaries(st.sampled_from(["response", "delta", "error"]), EVENTS))
def test_events_of_any_shape_do_no_harm(kind: str, event: dict[str, Any]) -> None:
    assert isinstance(read(line({**event, "type": kind}))[1].result, Failure)
