"""The moderation endpoint and its traps, with the real client. What it says is read in
test_moderations.py."""

from __future__ import annotations

import time

import pytest

from functions.clock import SystemClock
from functions.stories.model.calling import Moderations
from functions.stories.model.failure import Failure
from functions.stories.model.openai import OpenAIModel
from tests.servers import hostile_openai as hostile
from tests.servers.hostile_openai import Behaviour, HostileOpenAI
from tests.unit.stories.calls import KEY, SLACK, wait_until

TEXTS = ["A lantern.", f"A {hostile.FLAGGED}."]


def moderate(model: OpenAIModel, seconds: float = 1.5) -> Moderations:
    return model.moderate(TEXTS, seconds).result(timeout=seconds + 5)


def test_each_text_is_judged(server: HostileOpenAI, model: OpenAIModel) -> None:
    server.play(hostile.story())
    found = moderate(model)
    assert not isinstance(found, Failure)
    assert [each.flagged for each in found] == [False, True]
    assert found[1].scores["violence"] > 0.9
    assert server.moderations == [{"model": "omni-moderation-latest", "input": TEXTS}]
    assert not server.requests


FAILURES = [
    pytest.param(hostile.error(401), "bad_key", id="401"),
    pytest.param(hostile.error(429, "insufficient_quota"), "quota", id="quota"),
    pytest.param(hostile.error(429), "rate", id="429"),
    pytest.param(hostile.error(500), "upstream", id="500"),
    pytest.param(hostile.drop(), "upstream", id="dropped"),
    pytest.param(hostile.cut(), "upstream", id="cut"),
    pytest.param(hostile.flood(3), "upstream", id="too large"),
    pytest.param(hostile.reply(b"<html>busy</html>", kind="text/html"), "upstream", id="HTML"),
    pytest.param(hostile.reply(b'{"resul'), "upstream", id="broken JSON"),
    pytest.param(hostile.reply({"results": []}), "upstream", id="no results"),
    pytest.param(
        hostile.reply({"results": [hostile.moderated(False)]}), "upstream", id="one is missing"
    ),
]


@pytest.mark.parametrize(("behaviour", "reason"), FAILURES)
def test_failures(
    server: HostileOpenAI, model: OpenAIModel, behaviour: Behaviour, reason: str
) -> None:
    server.play(hostile.story())
    server.moderate(behaviour)
    found = moderate(model)
    assert isinstance(found, Failure)
    assert found.reason == reason
    assert len(server.moderations) == 1
    assert "lantern" not in found.detail.lower()


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(hostile.hang(), id="hang"),
        pytest.param(hostile.drip(0.02), id="dripped body"),
        pytest.param(hostile.drip_error(0.02), id="dripped error"),
    ],
)
def test_its_time_is_limited(
    server: HostileOpenAI, model: OpenAIModel, behaviour: Behaviour
) -> None:
    server.play(hostile.story())
    server.moderate(behaviour)
    started = time.monotonic()
    found = moderate(model, 0.3)
    assert 0.25 < time.monotonic() - started < 0.3 + SLACK
    assert isinstance(found, Failure)
    assert found.reason == "upstream"
    wait_until(lambda: server.abandoned == 1)


def test_no_time_at_all(server: HostileOpenAI, model: OpenAIModel) -> None:
    server.play(hostile.story())
    assert isinstance(moderate(model, 0.0), Failure)


def test_it_can_be_cancelled(server: HostileOpenAI, model: OpenAIModel) -> None:
    server.play(hostile.story())
    server.moderate(hostile.hang())
    question = model.moderate(TEXTS, 20)
    wait_until(lambda: len(server.moderations) == 1)
    question.cancel()
    assert wait_until(lambda: server.abandoned == 1) < 1


def test_without_a_key() -> None:
    model = OpenAIModel(lambda: "", SystemClock(), address="http://127.0.0.1:9/v1")
    found = moderate(model)
    assert isinstance(found, Failure)
    assert found.reason == "bad_key"


def test_the_key_goes_with_it(server: HostileOpenAI, model: OpenAIModel) -> None:
    seen: list[str] = []

    def look(exchange: hostile.Exchange) -> None:
        seen.append(exchange.headers["authorization"])
        hostile.clean()(exchange)

    server.play(hostile.story())
    server.moderate(look)
    moderate(model)
    assert seen == [f"Bearer {KEY}"]
