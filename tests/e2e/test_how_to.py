"""The examples of the how-to guides, as they stand there, in their order."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e import guide
from tests.e2e.guide import Request, blocks, commands, shown, tried
from tests.e2e.world import DEFINITION, WISH, World, until

LATER = re.compile(r'"at": \d+')
ALREADY = ("old-reader", "old-search", "new-reader")
"""Flags of production that the guide takes for granted."""

STORIES = "stories.md"
SWITCH = "stories.enabled"


def test_every_request_of_the_guide_for_flags_is_answered(world: World) -> None:
    for key in ALREADY:
        made: dict[str, Any] = {"key": key, "definition": DEFINITION, "reason": "a test"}
        made["definition"] = {**DEFINITION, "variants": {"on": True, "off": False}}
        made["definition"] |= {"defaultVariant": "off", "targeting": {}}
        world.admin.post("/v1/flags", {**made, "client": True})
    words = {
        "PALIER_ADMIN": f"{world.api}/admin",
        "PALIER": world.api,
        "KEY": world.keys["publishable"],
        "ID_TOKEN": world.administrator.token,
    }
    asked = 0
    for command in commands("flags.md", "curl "):
        sent = guide.request(LATER.sub(f'"at": {int(time.time()) + 3600}', command), words)
        answer = send(world, sent)
        assert answer.is_success, f"{command}\n{answer.status_code} {answer.text}"
        asked += 1
    assert asked >= 15, "the guide has that many; are they still found?"


def send(world: World, sent: Request) -> httpx.Response:
    until = time.monotonic() + 10
    while True:
        answer = world.http.request(
            sent.method, sent.url, headers=dict(sent.headers), content=sent.body
        )
        # An instance sees what was changed on another within seconds.
        if answer.status_code != 404 or "ofrep" not in sent.url or time.monotonic() > until:
            return answer
        time.sleep(0.5)


@pytest.fixture
def switch(world: World) -> Iterator[None]:
    """Whatever becomes of the guide's switch: afterwards stories are on for the other tests."""
    yield
    done = world.palier("flags", "revive", SWITCH, "--reason", "after the guide")
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("switch")
def test_every_command_of_the_guide_for_stories_does_what_it_says(
    world: World, tmp_path: Path
) -> None:
    words = {
        "PALIER_ADMIN": f"{world.api}/admin",
        "PALIER_API": world.function("api"),
        "PALIER": world.api,
        "ID_TOKEN": world.administrator.token,
    }
    statuses = []
    for command in commands(STORIES, *guide.VERBS):
        command = re.sub(r"\bUID\b", world.administrator.uid, command)
        if command.startswith("palier stories export"):
            assert wished(world) == (201, None), "or there were nothing to export"
        if command.startswith("palier stories erase"):
            command += " --yes"  # as who reads what it shows would answer
        answered = tried(world, command, words, tmp_path)
        if '"version": "1.5.0"' in command and answered.status == 409:
            time.sleep(2.5)  # an instance sees a new version within two seconds
            answered = tried(world, command, words, tmp_path)
        assert answered.status in (0, 200, 201), f"{command}\n{answered.status} {answered.text}"
        statuses.append(answered.status)
        if answered.status == 201 and '"id"' in answered.text:
            words["ID"] = json.loads(answered.text)["id"]
        if "text/event-stream" in command:
            kinds = re.findall(r"^event: (\w+)$", answered.text, re.MULTILINE)
            assert kinds[0] == "title"
            assert kinds.count("chapter") == 2
            assert kinds[-1] == "story"
        if '"version": "1.5.0"' in command:
            assert json.loads(answered.text)["story"]["provenance"]["version"] == "1.5.0"
        if command.startswith("palier flags kill"):
            until(lambda: wished(world) == (503, "SWITCHED_OFF"), 15, 0.5)
        if command.startswith("palier flags revive"):
            until(lambda: wished(world) == (201, None), 15, 0.5)
    assert len(statuses) >= 15, "the guide has that many; are they still found?"
    exported = json.loads((tmp_path / "stories.json").read_text())
    assert [story["state"] for story in exported["stories"]] == ["finished"]


def wished(world: World) -> tuple[int, str | None]:
    answer = world.ask("POST", f"{world.api}/v1/stories", world.administrator.token, json=WISH)
    return answer.status_code, answer.json().get("code")


def module(words: str) -> str:
    """The guide's block for a web app with these words in it."""
    [found] = [block for block in blocks(STORIES, "js") if words in block]
    return found


def test_the_guide_has_no_other_modules() -> None:
    assert len(blocks(STORIES, "js")) == 4, "each one has its test below"


def test_the_module_that_asks_for_a_story(world: World, tmp_path: Path) -> None:
    [[title, paragraphs]] = shown(world, module('"generate_story"'), tmp_path)
    assert title
    assert any("Mina" in paragraph for paragraph in paragraphs)


def test_the_module_that_shows_a_story_while_it_is_written(world: World, tmp_path: Path) -> None:
    *pieces, (identifier, title) = shown(world, module("AbortController"), tmp_path)
    assert pieces[0] == ["title", title]
    assert [kind for kind, _ in pieces[1:]].count("chapter") == 2
    assert any("Noé" in text for kind, text in pieces if kind == "paragraph")
    assert re.fullmatch("[0-9a-f]{32}", identifier)


def test_the_module_that_shows_an_error(world: World, tmp_path: Path) -> None:
    [[code], [message], [own, reason, identifier]] = shown(world, module("catch (error)"), tmp_path)
    assert code == "functions/invalid-argument"
    assert message.startswith("Something in this request")
    assert (own, reason) == ("INVALID_ARGUMENT", None)
    assert identifier


def test_the_module_that_reads_a_stream_by_itself(world: World, tmp_path: Path) -> None:
    told = shown(world, module("TextDecoderStream"), tmp_path)
    assert [name for name, _ in told][:2] == ["title", "paragraph"]
    name, whole = told[-1]
    assert name == "story"
    texts = [data["text"] for name, data in told if name == "paragraph"]
    assert texts == whole["story"]["paragraphs"]
