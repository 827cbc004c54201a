"""Several instances of `api` as Cloud Run runs them, on one Firestore: what they see of a change
and when, what they count together, and whom they ask to wait."""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from google.cloud import firestore
from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider

from functions.changes import Change, Decision, View, commit_change
from functions.clock import SystemClock
from functions.documents import Scope, Store
from functions.flags.clients.ofrep import BASE
from functions.flags.counts import COLLECTION, Served, together
from functions.flags.keys import ApiKey, Kind, new_key
from functions.flags.snapshot import TTL_SECONDS
from functions.identity import Actor, Permission
from local.paths import ROOT
from local.ports import HOST, free_port
from local.processes import Processes, wait_for_http

SCOPE = Scope("main", "production")
INSTANCES = 3
CHANGES = 5
VISIBLE_SECONDS = 5.0
FLAG = "f"


def start(processes: Processes, project: str, address: str, **settings: str) -> str:
    """An instance of `api`, by its address."""
    port = free_port()
    environment = {
        "FIRESTORE_EMULATOR_HOST": address,
        "GCLOUD_PROJECT": project,
        "GOOGLE_APPLICATION_CREDENTIALS": "",
        "NO_GCE_CHECK": "true",
        "THREADS": "8",
        **settings,
    }
    command = [sys.executable, "-m", "functions_framework", "--target", "api"]
    command += ["--source", str(ROOT / "main.py"), "--port", str(port)]
    child = processes.start(f"api-{port}", command, env=environment)
    wait_for_http(f"http://{HOST}:{port}/v1/health", child, seconds=60)
    return f"http://{HOST}:{port}"


class World:
    """`number` is what the flag says, which `publish` changes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.key: ApiKey = new_key(Kind.SECRET, SCOPE)
        self.number = 0
        self.asked = 0
        self._lock = threading.Lock()

    def publish(self, number: int) -> float:
        """A change, made; when it was stored."""
        flag = {"state": "ENABLED", "variants": {"x": number}, "defaultVariant": "x"}
        parts = {
            "flags": {"document": {"flags": {FLAG: flag}}, "client": [FLAG]},
            "keys": {self.key.id: self.key.record()},
        }

        def decide(_view: View) -> Decision:
            return Decision(parts=parts)

        change = Change(SCOPE, Actor.operator("tests"), Permission.EDIT_FLAGS, "a test")
        commit_change(self._store, SystemClock(), change, decide)
        self.number = number
        return time.monotonic()

    def ask(self, http: httpx.Client, path: str, tag: str = "") -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.key.text()}"}
        if tag:
            headers["If-None-Match"] = tag
        answer = http.post(f"{BASE}{path}", json={"context": {}}, headers=headers)
        assert answer.status_code in (200, 304), answer.text
        with self._lock:
            self.asked += 1
        return answer

    def counted(self) -> int:
        """Evaluations in all documents that instances have written."""
        total = Served({}, 0, 0)
        for document in self._store.query(SCOPE.collection(COLLECTION)):
            total = together(total, Served.from_document(document.data))
        return sum(total.counts.get(FLAG, {}).values())


@pytest.fixture
def world(store: Store) -> World:
    made = World(store)
    made.publish(0)
    return made


def seen_after(world: World, url: str, number: int, since: float) -> float:
    """Seconds until an instance says so; asked again and again, as under load."""
    with httpx.Client(base_url=url, timeout=10) as http:
        while world.ask(http, f"/{FLAG}").json()["value"] != number:
            assert time.monotonic() - since < 4 * VISIBLE_SECONDS
            time.sleep(0.02)
    return time.monotonic() - since


def everywhere(world: World, urls: list[str], number: int, since: float) -> float:
    """Seconds until the last of the instances says so."""
    with ThreadPoolExecutor(len(urls)) as pool:
        return max(pool.map(lambda url: seen_after(world, url, number, since), urls))


def test_a_change_is_seen_everywhere(
    world: World, firestore_client: firestore.Client, firestore_emulator: str
) -> None:
    project = str(firestore_client.project)
    with Processes() as processes:
        urls = [start(processes, project, firestore_emulator) for _ in range(INSTANCES)]
        everywhere(world, urls, 0, time.monotonic())
        took = [
            everywhere(world, urls, number, world.publish(number))
            for number in range(1, CHANGES + 1)
        ]
        polled_with_etag(world, urls)
    slowest, usual = max(took), sorted(took)[len(took) // 2]
    print(f"{CHANGES} changes on {INSTANCES} instances: {usual:.2f} s, at most {slowest:.2f} s")
    assert slowest < VISIBLE_SECONDS
    assert world.counted() == world.asked, "each evaluation counts once, also at the end"


def polled_with_etag(world: World, urls: list[str]) -> None:
    """A client of each instance that polls sees nothing new, and then the change."""
    with httpx.Client(timeout=10) as http:
        tags = {}
        for url in urls:
            http.base_url = httpx.URL(url)
            tags[url] = world.ask(http, "").headers["ETag"]
            assert world.ask(http, "", tags[url]).status_code == 304
        world.publish(100)
        time.sleep(TTL_SECONDS)
        for url in urls:
            http.base_url = httpx.URL(url)
            answer = world.ask(http, "", tags[url])
            assert answer.status_code == 200
            assert answer.json()["flags"][0]["value"] == 100
            assert answer.headers["ETag"] != tags[url]


def test_who_asks_too_often_is_told_to_wait(
    world: World, firestore_client: firestore.Client, firestore_emulator: str
) -> None:
    project = str(firestore_client.project)
    limit = {"PALIER_EVALUATION_LIMIT": "1"}
    with Processes() as processes:
        url = start(processes, project, firestore_emulator, **limit)
        headers = {"Authorization": f"Bearer {world.key.text()}"}
        provider = OFREPProvider(url, headers_factory=lambda: headers)
        api.set_provider(provider, "often")
        found = [api.get_client("often").get_integer_details(FLAG, -1) for _ in range(6)]
        api.clear_providers()
    assert (found[0].value, found[0].error_code) == (0, None)
    assert found[-1].value == -1
    assert found[-1].error_code is not None
    assert found[-1].error_code.value == "GENERAL"
    assert "paused due to TooManyRequests" in str(found[-1].error_message)
    assert provider.retry_after is not None
