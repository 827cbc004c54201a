"""A client that hangs up in the middle of a streamed story, on functions-framework as deployed: the
model is told to stop, what it cost is settled, and the server's thread is free again."""

from __future__ import annotations

import json
import socket
import struct
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

from benchmarks import upstream
from benchmarks.deployed import beside, deployed
from benchmarks.load import SEPARATOR, request_bytes
from functions.changes import Change, commit_change
from functions.clock import SystemClock
from functions.documents import Document, Scope, Store
from functions.identity import Actor, Permission
from functions.stories.claim import story_id
from functions.stories.limits import quota
from functions.stories.publish import create_version
from functions.stories.versions import NewVersion, Parameters
from local.ports import HOST
from tests.e2e.world import until
from tests.tokens import id_token

SCOPE = Scope("main", "testing")
MODEL_SECONDS = 8.0
CANCELLED_WITHIN = 2.0
KEY = "the-same-key"
RESPONSES = "/v1/responses"
THREADS = 2
"""So few, that two stories hold them all."""

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: the connection is not closed but broken off."""


@dataclass(frozen=True)
class Served:
    """One function on a port, its store, and the address of its model."""

    function: str
    port: int
    project: str
    store: Store
    model: str

    def ask(self, mark: str, age_band: str = "adult") -> socket.socket:
        """A streaming client, whose request for a story is sent. Each mark is a user."""
        asked = {"theme": "the sea", "hero": mark, "idempotency_key": KEY, "age_band": age_band}
        token = id_token(self.user(mark), self.project)
        headers = {
            "Accept": "text/event-stream",
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
        }
        path, body = ("/v1/stories", asked) if self.function == "api" else ("/", {"data": asked})
        connection = socket.create_connection((HOST, self.port), timeout=20)
        connection.sendall(request_bytes(HOST, path, json.dumps(body).encode(), headers))
        return connection

    def user(self, mark: str) -> str:
        return f"user-of-{mark}"

    def story(self, mark: str) -> Document | None:
        return self.store.get(SCOPE.doc("stories", story_id(self.user(mark), KEY)))

    def state(self, mark: str) -> str:
        found = self.story(mark)
        return str(found.data["state"]) if found else ""

    @property
    def calls(self) -> int:
        """How many stories the model was asked for."""
        return int(self.report()["requests"].get(RESPONSES, 0))

    def report(self) -> dict[str, Any]:
        return upstream.report(self.model)


@pytest.fixture(scope="module", params=["api", "stream_story"])
def served(request: pytest.FixtureRequest, firestore_emulator: str) -> Iterator[Served]:
    project = f"demo-disconnect-{uuid.uuid4().hex[:8]}"
    store = Store(firestore.Client(project=project, credentials=AnonymousCredentials()))  # type: ignore[no-untyped-call]
    new = NewVersion(
        version="1.0.0",
        prompt="tale-2",
        model="gpt-5-mini",
        parameters=Parameters(max_output_tokens=2_000),
    )
    change = Change(SCOPE, Actor.operator("tests"), Permission.EDIT_VERSIONS, "a test")
    commit_change(store, SystemClock(), change, create_version(new))
    with upstream.running((MODEL_SECONDS, MODEL_SECONDS), "upstream-disconnect") as model:
        environment = beside(firestore_emulator, project, SCOPE.environment, model, THREADS)
        with deployed(request.param, environment) as (port, _):
            yield Served(request.param, port, project, store, model)


@pytest.fixture
def mark() -> str:
    return f"mark-{uuid.uuid4().int % 10**6:06}"


def until_it_says(connection: socket.socket, words: bytes) -> bytes:
    """Reads until an answer holds these words."""
    read = b""
    while words not in read:
        more = connection.recv(65_536)
        assert more, read
        read += more
    return read


def break_off(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    connection.close()


def is_settled(served: Served, mark: str) -> Document:
    """The document of the user's only story, once it was given up and its cost was settled."""
    until(lambda: served.state(mark) == "failed", 5)
    found = served.story(mark)
    assert found is not None
    assert found.data["error"] == {"code": "CANCELLED", "reason": None}
    return found


def used(served: Served, mark: str) -> dict[str, Any]:
    """What the user has used of this hour."""
    [found] = [
        each.data
        for each in served.store.query(SCOPE.collection(quota.COLLECTION))
        if each.id.startswith(quota.user(served.user(mark)))
    ]
    return found


@pytest.mark.parametrize("hang_up", [socket.socket.close, break_off])
@pytest.mark.parametrize(
    ("moment", "age_band"),
    [
        pytest.param(SEPARATOR, "adult", id="before the model says anything"),
        pytest.param(b"The Ribbon of", "adult", id="in the middle"),
        pytest.param(b"held the lantern", "6-8", id="in the middle, for children"),
    ],
)
def test_hanging_up_stops_the_model(
    served: Served,
    mark: str,
    moment: bytes,
    age_band: str,
    hang_up: Callable[[socket.socket], None],
) -> None:
    before = served.report()
    connection = served.ask(mark, age_band=age_band)
    until_it_says(connection, moment)
    until(lambda: served.calls > before["requests"].get(RESPONSES, 0), 5)
    reserved = used(served, mark)["microdollars"]
    hung_up = time.monotonic()
    hang_up(connection)
    until(lambda: served.report()["cancelled"] > before["cancelled"], 5)
    ended = max(end for _, end in served.report()["work"][mark])
    assert ended - hung_up < CANCELLED_WITHIN
    found = is_settled(served, mark)
    assert found.data["attempts"] == 1
    settled = used(served, mark)
    assert settled["requests"] == 1
    assert 0 < settled["microdollars"] < reserved
    print(f"the model was told after {ended - hung_up:.2f} s")


def test_hanging_up_at_once_leaves_nothing_open(served: Served, mark: str) -> None:
    """Its client is gone before the first bytes of the answer could be written."""
    break_off(served.ask(mark))
    until(lambda: served.story(mark) is not None, 5)
    is_settled(served, mark)
    assert used(served, mark)["requests"] == 1


def test_threads_are_free_again(served: Served, mark: str) -> None:
    """As many streams as the server has threads; then the same keys are used again."""
    marks = [f"{mark[:-1]}{number}" for number in range(THREADS)]
    for _ in range(2):
        clients = [served.ask(each) for each in marks]
        for client in clients:
            until_it_says(client, b"The Ribbon of")
            client.close()
        for each in marks:
            is_settled(served, each)
    assert [used(served, each)["requests"] for each in marks] == [2] * THREADS
