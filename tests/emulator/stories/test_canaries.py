"""What is private stays where it belongs: canaries in a wish, its story, the key, the e-mail and
the user's id reach no log, no error, no figure and no trail, however a story ends.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

import pytest
from google.cloud import firestore
from werkzeug.test import Client

from functions import tick
from functions.changes import Change, commit_change
from functions.documents import Scope, Store, Write
from functions.identity import Actor, Permission, administrator_path
from functions.minute import Deps
from functions.stories.claim import LEASE_SECONDS
from functions.stories.publish import create_version
from functions.stories.studio import Studio
from functions.stories.versions import NewVersion, Parameters
from tests.emulator.instances import CLOCK, Serve, instances
from tests.emulator.rollouts.dying_ticks import Inline
from tests.emulator.rollouts.test_tick import Sink
from tests.emulator.stories.canaries import (
    ALL,
    HERO,
    KEY,
    MAIL,
    PRIVATE,
    SURFACES,
    TEXT,
    THEME,
    UID,
    WISH,
    Seen,
    Surface,
    found,
    kept,
)
from tests.emulator.stories.crashing import Killed
from tests.emulator.stories.ends import ENDS, STREAMED, UNHURRIED, End, dying
from tests.servers.hostile_openai import HostileOpenAI
from tests.tokens import id_token

SCOPE = Scope("main", "production")
APART = 120.0
"""Seconds between two stories: nothing remembers of a model what the last one met."""

VERSION = NewVersion(
    version="1.2.0",
    prompt="tale-1",
    model="gpt-test",
    parameters=Parameters(max_output_tokens=900),
)


@dataclass
class Stage:
    """An instance of a function with a studio that can be furnished for each story."""

    surface: Surface
    client: Client
    project: str
    server: HostileOpenAI
    usual: Studio
    studio: Studio

    def play(self, end: End, apart: float = APART) -> Seen:
        self._furnish(end, apart)
        answer = self.surface.post(self.client, self.project, end.wish, end.token)
        return self.surface.read(answer)

    def die(self, end: End) -> None:
        """The process is killed while the story is written."""
        self._furnish(end)
        with pytest.raises(Killed):
            self.surface.post(self.client, self.project, end.wish).text  # noqa: B018

    def leave(self, end: End) -> None:
        """The client goes away after the first piece."""
        self._furnish(end)
        answer = self.surface.post(self.client, self.project, end.wish)
        for frame in answer.iter_encoded():
            if TEXT.encode() in frame:
                break
        answer.close()

    def _furnish(self, end: End, apart: float = APART) -> None:
        CLOCK.shift += apart
        self.server.play(end.server)
        self.server.moderate(end.moderation)
        self.studio = end.furnish(self.usual)


@pytest.fixture(autouse=True)
def _as_described() -> None:
    """A crash is never described, and some of these answers are crashes."""


@pytest.fixture(params=list(SURFACES))
def stage(
    request: pytest.FixtureRequest,
    store: Store,
    firestore_client: firestore.Client,
    model_server: HostileOpenAI,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[tuple[Stage, Serve]]:
    """An instance that is deployed with the canary for a key, and how to start another."""
    project = str(firestore_client.project)
    founded = ("applications/main", SCOPE.path, administrator_path("boss"))
    store.commit([Write.create(path, {"name": "Canaries"}) for path in founded])
    change = Change(SCOPE, Actor.operator("tests"), Permission.EDIT_VERSIONS, "a test")
    commit_change(store, CLOCK, change, create_version(VERSION))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("PALIER_OPENAI_URL", model_server.address)
    surface = SURFACES[request.param]
    with instances(project, monkeypatch) as start:
        client = start(surface.function)
        from functions import wiring

        usual = replace(wiring.studio(), budget=UNHURRIED)
        made = Stage(surface, client, project, model_server, usual, usual)
        monkeypatch.setattr(wiring, "studio", lambda: made.studio)
        yield made, start
        usual.model.close()  # type: ignore[attr-defined]


@dataclass
class Log:
    """What has been logged, by us or by others, since somebody asked."""

    capfd: pytest.CaptureFixture[str]
    caplog: pytest.LogCaptureFixture

    def checked(self, what: str) -> str:
        """The lines, in which there is no canary."""
        captured = self.capfd.readouterr()
        text = captured.out + captured.err + self.caplog.text
        self.caplog.clear()
        assert not found(text, *ALL), what
        return text


@pytest.fixture
def logged(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Log:
    caplog.set_level(logging.INFO)
    return Log(capfd, caplog)


def test_canaries_stay_where_they_belong(
    stage: tuple[Stage, Serve], firestore_client: firestore.Client, logged: Log
) -> None:
    on, _ = stage
    ends = {**ENDS, **(STREAMED if on.surface.stream else {})}
    for name, end in ends.items():
        seen = on.play(end)
        assert seen.code == end.code, (name, seen.whole)
        assert not found(seen.fault, *ALL), name
        assert not found(seen.whole, *PRIVATE), name
        assert found(seen.whole, TEXT) or end.code != "OK", name
        logged.checked(name)
    if on.surface.stream:
        on.leave(End("CANCELLED"))
        assert '"code": "CANCELLED"' in logged.checked("left")
    on.die(End("", furnish=dying))
    logged.checked("killed")

    CLOCK.shift += LEASE_SECONDS
    for number in range(5):  # different users, one after the other: an alert
        token = id_token(f"{number}{UID}", on.project, email=MAIL)
        on.play(replace(ENDS["404"], token=token), apart=2)
    sink = Sink()
    for _ in range(2):
        tick.tick(Deps(Store(firestore_client), CLOCK, sink, Inline()))
        CLOCK.shift += 90
    assert "stories abandoned" in logged.checked("the minute's work")
    assert sink.points
    assert not found(repr(sink.points), *ALL)
    rooms = set()
    for path, text in kept(firestore_client, own=False):
        assert not found(f"{path} {text}", *ALL), path
        rooms.add(path.split("/")[-2])
    assert rooms >= {"stories", "quotas", "caps", "slots", "windows", "alerts", "outbox", "audit"}


NO_REQUESTS: Sequence[tuple[str, str]] = (
    (json.dumps([THEME, UID]), "application/json"),
    (json.dumps({"data": WISH, "theme": THEME}), "application/json"),
    (json.dumps({"theme": THEME, "data_": MAIL}), "application/json"),
    (json.dumps(THEME), "application/json"),
    (f'{{"data": "{HERO}', "application/json"),
    (json.dumps({"data": WISH}), f"text/{TEXT}"),
)


def test_what_is_no_request_is_not_quoted(stage: tuple[Stage, Serve], logged: Log) -> None:
    """firebase_functions takes JSON that is malformed for a crash."""
    on, _ = stage
    headers = {"Authorization": f"Bearer {id_token(UID, on.project, email=MAIL)}"}
    for body, kind in NO_REQUESTS:
        answer = on.client.post(on.surface.path, data=body, content_type=kind, headers=headers)
        assert answer.status_code in (400, 500), body
        assert not found(answer.text, *ALL), body
        logged.checked(body)


@pytest.mark.parametrize("stage", ["rest"], indirect=True)
def test_an_erasure_leaves_none(
    stage: tuple[Stage, Serve], firestore_client: firestore.Client, logged: Log
) -> None:
    """Whoever answers for user data is shown them on demand; the trail of that holds none."""
    on, start = stage
    for end in (ENDS["told"], ENDS["told for a key"], ENDS["404"]):
        on.play(end)
    on.die(End("", furnish=dying))
    mine = {"Authorization": f"Bearer {id_token(UID, on.project, email=MAIL)}"}
    listed = on.client.get("/v1/stories", headers=mine)
    assert found(listed.text, *ALL) == [TEXT]
    [last, first] = (story["id"] for story in listed.get_json()["stories"])
    for stars, status in ((5, 200), (5, 200), (1, 409)):
        path = f"/v1/stories/{last}/rating"
        rated = on.client.post(path, json={"stars": stars}, headers=mine)
        assert (rated.status_code, found(rated.text, *ALL)) == (status, [])
    assert found(on.client.get("/v1/stories/export", headers=mine).text, *ALL) == [TEXT]
    assert on.client.delete(f"/v1/stories/{first}", headers=mine).status_code == 200

    admin = start("admin")
    of_user = f"/v1/users/{quote(UID, safe='')}/stories"
    boss = {"Authorization": f"Bearer {id_token('boss', on.project)}"}
    shown = admin.get(f"{of_user}?reason=asked", headers=boss)
    assert (shown.status_code, found(shown.text, TEXT)) == (200, [TEXT])
    erased = admin.delete(of_user, json={"reason": "asked"}, headers=boss)
    assert erased.get_json()["stories"] == 3
    assert not found(erased.text, *ALL)
    audited = {
        entry["action"]: entry["target"]
        for entry in admin.get("/v1/audit", headers=boss).get_json()["entries"]
    }
    assert audited["user_data.erase"] == audited["user_data.export"]
    logged.checked("handed over and erased")
    for path, text in kept(firestore_client, own=True):
        assert not found(f"{path} {text}", *ALL), path
