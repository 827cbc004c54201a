"""The guide for measuring an app, as it stands there: declared, sent, and found in the slots."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from functions.documents import Scope, Store
from functions.metrics.store import load_flushed
from functions.metrics.tally import Tally, merge_all
from functions.metrics.windows import Arm
from functions.wiring import firestore_client
from tests.e2e.guide import SECONDS, VERBS, blocks, commands, shown, tried
from tests.e2e.world import World, until

GUIDE = "measure-your-app.md"
SCOPE = Scope("main", "production")


@pytest.fixture(scope="module")
def declared(world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The guide's metrics, known to the instance that takes events."""
    folder = tmp_path_factory.mktemp("guide")
    verbs = [command for command in commands(GUIDE, "palier ") if "remove" not in command]
    assert len(verbs) >= 5, "the guide declares some, and lists them"
    for command in verbs:
        answered = tried(world, command, {}, folder)
        assert answered.status == 0, f"{command}\n{answered.text}"
    assert "app_rating" in answered.text, "the list comes last"
    until(lambda: "202" in sent(world, "precision", 0.5), 15, 0.5)
    return world


def sent(world: World, metric: str, value: float) -> str:
    event = {"metric": metric, "value": value}
    body = {"batch": f"until-known-{time.time_ns()}", "events": [event]}
    answer = world.ask("POST", f"{world.api}/v1/events", world.keys["secret"], json=body)
    return f"{answer.status_code} {answer.text}"


def counted(world: World, arm: Arm) -> Tally:
    store = Store(firestore_client(world.stack.suite.project))
    slots = load_flushed(store, SCOPE, time.time(), 600)
    return merge_all(slot.tally for slot in slots if slot.arm == arm)


def test_the_module_of_a_web_app(
    declared: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in declared.stack.suite.environment().items():
        monkeypatch.setenv(name, value)
    [block] = blocks(GUIDE, "js")
    assert shown(declared, block, tmp_path) == [[3, 0, False]]
    tally = counted(declared, Arm("app", "all+claimed"))
    assert tally.measure("app_rating").mean == 5
    assert tally.measure("satisfied").mean == 1
    assert tally.timing("page_load").mean_ms == 812.5
    assert tally.measure("purchase").mean == 0


def test_the_command_of_a_shell(declared: World, tmp_path: Path) -> None:
    [command] = commands(GUIDE, "curl ")
    words = {"PALIER": declared.api, "KEY": declared.keys["publishable"]}
    first, again = (tried(declared, command, words, tmp_path) for _ in range(2))
    assert (first.status, again.status) == (202, 202), first.text
    assert [json.loads(each.text)["duplicate"] for each in (first, again)] == [False, True]


def test_the_module_of_a_server(
    declared: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in declared.stack.suite.environment().items():
        monkeypatch.setenv(name, value)
    [block] = blocks(GUIDE, "python")
    module = tmp_path / "server.py"
    module.write_text(block, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(module)],
        env={**declared.typing(), "PALIER": declared.api, "SECRET_KEY": declared.keys["secret"]},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert (done.returncode, done.stdout.split()) == (0, ["1", "False"]), done.stderr
    version = counted(declared, Arm("stories", "1.2.0"))
    told = version.measure("precision").sum
    assert told == pytest.approx(0.5 + 0.915), "of the version itself, and not only claimed"


def test_what_is_removed_is_refused(declared: World, tmp_path: Path) -> None:
    [command] = [each for each in commands(GUIDE, *VERBS) if "remove" in each]
    name = re.findall(r"remove (\w+)", command)[0]
    assert "202" in sent(declared, name, 1)
    assert tried(declared, command, {}, tmp_path).status == 0
    until(lambda: "is declared in this environment" in sent(declared, name, 1), 15, 0.5)
