"""What the local client makes of the emulators' answers."""

from __future__ import annotations

from collections.abc import Sequence

import httpx
import pytest

from local.client import Person, RefusedError, call

PERSON = Person("mina", "token")
URL = "http://emulator/generate_story"
BROKEN = httpx.Response(500, json={"code": "ECONNRESET"})
TOLD = httpx.Response(200, json={"result": {"story": "once"}})


def asked(answers: Sequence[httpx.Response]) -> tuple[httpx.Client, list[httpx.Request]]:
    """A connection to a server that gives these answers, and what it was asked."""
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return answers[len(requests) - 1]

    return httpx.Client(transport=httpx.MockTransport(answer)), requests


def test_a_connection_that_the_emulator_lost_is_asked_again() -> None:
    http, requests = asked([BROKEN, TOLD])
    assert call(http, URL, {"theme": "sea"}, PERSON) == {"story": "once"}
    assert [request.content for request in requests] == [requests[0].content] * 2


def test_one_that_it_loses_twice_has_failed() -> None:
    http, requests = asked([BROKEN, BROKEN])
    with pytest.raises(RefusedError) as refused:
        call(http, URL, {"theme": "sea"}, PERSON)
    assert refused.value.status == 500
    assert len(requests) == 2


def test_what_an_instance_refuses_is_asked_once() -> None:
    refusal = {"error": {"message": "no", "details": {"code": "OPENAI_ERROR", "version": "1.3.0"}}}
    http, requests = asked([httpx.Response(500, json=refusal)])
    with pytest.raises(RefusedError) as refused:
        call(http, URL, {"theme": "sea"}, PERSON)
    assert refused.value.problem == {"code": "OPENAI_ERROR", "version": "1.3.0"}
    assert len(requests) == 1
