"""The function as Cloud Run serves it: functions-framework and gunicorn, 80 threads."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from local import aimock, client
from local.client import Person
from local.paths import ROOT
from local.ports import HOST, free_port
from local.processes import Processes, wait_for_http
from local.stack import STAND_IN_DOLLARS
from tests.e2e.world import WISH, World

AT_ONCE = 40
MODEL_MILLISECONDS = 1000
SECONDS = 5.0


@pytest.fixture
def url(world: World) -> Iterator[str]:
    """Where `generate_story` answers, with a model that takes a second."""
    port = free_port()
    with aimock.running(milliseconds=MODEL_MILLISECONDS, name="openai-deployed") as openai:
        environment = {
            **world.stack.suite.environment(),
            **STAND_IN_DOLLARS,
            "PALIER_OPENAI_URL": openai,
            "OPENAI_API_KEY": "local-stand-in",
            "THREADS": "80",
            "GOOGLE_APPLICATION_CREDENTIALS": "",
            "NO_GCE_CHECK": "true",
        }
        command = [sys.executable, "-m", "functions_framework", "--target", "generate_story"]
        command += ["--source", str(ROOT / "main.py"), "--port", str(port)]
        with Processes() as processes:
            child = processes.start("generate-story-deployed", command, env=environment)
            wait_for_http(f"http://{HOST}:{port}/", child, seconds=60)
            yield f"http://{HOST}:{port}/"


def test_many_stories_at_once(world: World, url: str) -> None:
    people = [world.person() for _ in range(AT_ONCE)]

    def ask(person: Person) -> str:
        with client.connect() as http:
            return str(client.call(http, url, WISH, person)["story"]["title"])

    assert ask(people[0])  # the first one imports what stories take
    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        titles = list(pool.map(ask, people))
    took = time.monotonic() - began
    assert all(titles)
    assert took < SECONDS
    print(f"{AT_ONCE} stories at once in {took:.2f} s")
