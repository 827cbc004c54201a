"""The model of the benchmark speaks as OpenAI does, and notes what it did for whom."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks import upstream
from benchmarks.upstream import MODERATION_SECONDS, report, seconds_of
from functions.stories.handlers import Chapters, OneCall
from functions.stories.model import answer
from functions.stories.model.answer import Answer

SECONDS = (0.2, 0.4)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with upstream.running(SECONDS, name="upstream-tests") as found:
        yield found


def send(address: str, path: str, body: Any) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=10)
    connection.request("POST", path, json.dumps(body))
    return connection


def ask(address: str, path: str, body: Any) -> bytes:
    connection = send(address, path, body)
    answered = connection.getresponse()
    assert answered.status == 200
    data = answered.read()
    connection.close()
    return data


def asked(mark: str, schema: Any, **more: Any) -> dict[str, Any]:
    message = {"role": "user", "content": json.dumps({"theme": "the sea", "hero": mark})}
    text = {"format": {"type": "json_schema", "schema": schema}}
    return {"model": "gpt-test", "input": [message], "text": text, **more}


def test_every_story_has_its_time() -> None:
    found = [seconds_of(f"mark-{number:06}", SECONDS) for number in range(200)]
    assert found[7] == seconds_of("mark-000007", SECONDS)
    assert SECONDS[0] <= min(found) < 0.22 < 0.38 < max(found) <= SECONDS[1]


def test_a_story(address: str) -> None:
    mark = "mark-000001"
    began = time.monotonic()
    read = answer.read_body(ask(address, "/v1/responses", asked(mark, OneCall.SCHEMA))).result
    took = time.monotonic() - began
    assert isinstance(read, Answer)
    assert all(mark in text for text in OneCall().read(read.text).texts)
    [[begun, ended]] = report(address)["work"][mark]
    assert seconds_of(mark, SECONDS) <= ended - begun <= took + 0.1


def test_a_story_as_it_is_written(address: str) -> None:
    body = asked("mark-000002", Chapters.SCHEMA, stream=True)
    events = [
        json.loads(line.removeprefix(b"data: "))
        for line in ask(address, "/v1/responses", body).splitlines()
        if line.startswith(b"data: ")
    ]
    assert events[0]["type"] == "response.created"
    assert events[-1]["type"] == "response.completed"
    read = answer.read_response(events[-1]["response"]).result
    assert isinstance(read, Answer)
    deltas = [each["delta"] for each in events if each["type"] == "response.output_text.delta"]
    assert "".join(deltas) == read.text
    assert [each.text for each in Chapters().pieces(read.text)] == list(
        Chapters().read(read.text).texts
    )
    [[begun, ended]] = report(address)["work"]["mark-000002"]
    assert ended - begun >= seconds_of("mark-000002", SECONDS)


def test_moderation(address: str) -> None:
    told = json.loads(ask(address, "/v1/moderations", {"input": ["a", "mark-000003"]}))
    assert [each["flagged"] for each in told["results"]] == [False, False]
    [[begun, ended]] = report(address)["work"]["mark-000003"]
    assert ended - begun >= MODERATION_SECONDS


@pytest.mark.parametrize("stream", [False, True])
def test_who_hangs_up_is_counted(address: str, stream: bool) -> None:
    before = report(address)
    mark = f"mark-{4 + stream:06}"
    connection = send(address, "/v1/responses", asked(mark, OneCall.SCHEMA, stream=stream))
    time.sleep(0.05)
    connection.close()
    until = time.monotonic() + 2
    while report(address)["cancelled"] == before["cancelled"]:
        assert time.monotonic() < until
        time.sleep(0.02)
    after = report(address)
    [[begun, ended]] = after["work"][mark]
    assert ended - begun < SECONDS[0]
    assert after["connections"] == before["connections"] + 1
    assert after["requests"]["/v1/responses"] == before["requests"].get("/v1/responses", 0) + 1
