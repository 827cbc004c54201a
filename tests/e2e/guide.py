"""The examples of a guide, tried as a reader would: commands of a shell, modules of a web app."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from local.paths import NODE_MODULES, ROOT
from tests.e2e.world import World

HERE = Path(__file__).parent
GUIDES = ROOT / "docs" / "how-to"
VERBS = ("curl ", "palier ")
SECONDS = 90

SHELL = """
curl() { command curl --silent --show-error --write-out '%{stderr}%{http_code}' "$@"; }
palier() { PYTHONPATH="$ROOT" "$PYTHON" -m cli "$@"; }
"""
"""Curl tells the status on standard error."""


class Request(NamedTuple):
    method: str
    url: str
    headers: Mapping[str, str]
    body: str | None


class Answered(NamedTuple):
    """`status` is 0 for a command that isn't a request and went well, 1 if it did not."""

    status: int
    text: str


def blocks(guide: str, language: str) -> list[str]:
    text = (GUIDES / guide).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def commands(guide: str, *verbs: str) -> Iterator[str]:
    """Each command of the guide that begins with one of these words."""
    for block in blocks(guide, "sh"):
        for command in re.split(r"\n(?=\S)", block.replace("\\\n", " ")):
            if command.startswith(verbs):
                yield command.strip()


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
            assert word in ("-i", "-N"), f"curl {word}: teach it to these tests"
    return Request(method or ("POST" if body else "GET"), url, headers, body)


def tried(world: World, command: str, words: Mapping[str, str], folder: Path) -> Answered:
    """A command, run in a shell; without curl on this machine, what curl would send."""
    if command.startswith("curl ") and shutil.which("curl") is None:
        sent = request(command, words)
        answer = world.http.request(
            sent.method, sent.url, headers=dict(sent.headers), content=sent.body
        )
        return Answered(answer.status_code, answer.text)
    done = subprocess.run(
        ["sh", "-c", SHELL + command],
        cwd=folder,
        env={**world.typing(), **words, "ROOT": str(ROOT), "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if not command.startswith("curl "):
        return Answered(int(done.returncode != 0), done.stdout + done.stderr)
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    return Answered(int(done.stderr), done.stdout)


def shown(world: World, block: str, folder: Path) -> list[list[Any]]:
    """What a module of a web app, with somebody signed in, gives to `show`. `folder` is empty."""
    os.symlink(NODE_MODULES, folder / "node_modules")
    shutil.copy(HERE / "reader.mjs", folder)
    module = folder / "block.mjs"
    module.write_text(f'import "./reader.mjs";\n{block}\nawait shown();\n', encoding="utf-8")
    suite = world.stack.suite
    given = {
        "functions": suite.ports.functions,
        "auth": suite.ports.auth,
        "project": suite.project,
        "api": world.function("api"),
        "palier": world.api,
        "key": world.keys["publishable"],
    }
    done = subprocess.run(
        ["node", str(module), json.dumps(given)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
    found: list[list[Any]] = json.loads(done.stdout)
    return found
