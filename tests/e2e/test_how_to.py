"""The requests of the how-to guide for flags, as they stand there, in their order."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from tests.e2e.world import DEFINITION, World

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "flags.md"
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
LATER = re.compile(r'"at": \d+')
ALREADY = ("old-reader", "old-search", "new-reader")
"""Flags of production that the guide takes for granted."""


class Request(NamedTuple):
    method: str
    url: str
    headers: Mapping[str, str]
    body: str | None


def commands(text: str) -> Iterator[str]:
    """Each command of the guide that is a request and nothing more."""
    for block in BLOCK.findall(text):
        for command in re.split(r"\n(?=\S)", block.replace("\\\n", " ")):
            if command.startswith("curl "):
                yield command


def request(command: str, words: Mapping[str, str]) -> Request:
    """What curl would send."""
    for name, value in words.items():
        command = re.sub(rf"\${name}\b", value, command)
    given = shlex.split(command, comments=True)[1:]
    method, url, body = "", "", None
    headers: dict[str, str] = {}
    while given:
        word = given.pop(0)
        if word == "-X":
            method = given.pop(0)
        elif word == "-H":
            name, _, value = given.pop(0).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = given.pop(0)
        elif word == ">":
            given.pop(0)
        elif word.startswith("http"):
            url = word
        else:
            assert word == "-i", f"curl {word}: teach it to this test"
    return Request(method or ("POST" if body else "GET"), url, headers, body)


def test_every_request_of_the_guide_is_answered(world: World) -> None:
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
    for command in commands(GUIDE.read_text(encoding="utf-8")):
        sent = request(LATER.sub(f'"at": {int(time.time()) + 3600}', command), words)
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
