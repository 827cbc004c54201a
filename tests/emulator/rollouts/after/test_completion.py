"""What is left of a rollout that has ended: lessons, temporary flags, the archive."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import Client

from functions import web
from functions.administration import Administration
from functions.documents import Write
from functions.flags.manage.flags import archive_flag, edit_flag
from functions.identity import Actor, Permission, administrator_path, membership_path
from functions.metrics.hours import DAY_SECONDS
from functions.metrics.slots import Slots
from functions.rollouts import commands
from functions.rollouts.advance import advance
from functions.rollouts.after.archive_metrics import archive_metrics
from functions.rollouts.after.completion_routes import blueprint
from functions.rollouts.after.remind import remind_of_lessons
from functions.rollouts.after.verify import verify
from tests.emulator.rollouts.after.test_archive import minute
from tests.emulator.rollouts.world import ASKED, CANDIDATE, CONTROL, FLAG, World

TEXT = "Endings were cut: try long stories first."
LESSONS = "/v1/rollouts/r1/lessons"


@pytest.fixture
def client(world: World) -> Client:
    reader = {"role": "reader", "environments": [world.scope.environment]}
    world.store.commit(
        [
            Write.create(world.scope.path, {}),
            Write.create(administrator_path("boss"), {}),
            Write.create(membership_path("main", "guest"), reader),
        ]
    )
    administration = Administration(
        world.store, world.clock, world.scope, lambda given: Actor.person(str(given))
    )
    rooms = blueprint(lambda: administration)
    return web.make_app("completion", "/admin", [rooms]).test_client()


def read(client: Client, what: str) -> Any:
    return client.get(f"/v1/rollouts/r1/{what}", headers={"Authorization": "guest"})


def write(client: Client, who: str = "boss", **body: Any) -> Any:
    return client.put(LESSONS, json=body, headers={"Authorization": who})


def split(world: World) -> None:
    world.started()
    advance(world.store, world.clock, world.scope)


def succeeded(world: World) -> None:
    split(world)
    for _ in range(4):
        world.change(commands.promote("r1", ASKED))


def messages(world: World) -> list[str]:
    told = world.store.query(world.scope.collection("outbox"))
    return [each.id for each in told if each.id.startswith("lessons-")]


def test_what_is_left_after_a_success(world: World, client: Client) -> None:
    world.flag("banner")
    world.created(also=(("banner", CANDIDATE),))
    world.change(commands.start("r1", ASKED))
    advance(world.store, world.clock, world.scope)
    assert read(client, "completion").get_json()["left"] == ["end"]
    for _ in range(4):
        world.change(commands.promote("r1", ASKED))
    found = read(client, "completion").get_json()
    assert found["left"] == ["flags", "archive", "lessons"]
    unasked = {"last_evaluated_at": None, "hindrance": None}
    assert found["flags"] == [
        {"flag": FLAG, "became": "version", **unasked},
        {"flag": "banner", "became": "left", **unasked},
    ]
    flag = world.read_flag("banner")
    world.change(archive_flag("banner", flag.revision), Permission.EDIT_FLAGS)
    world.clock.advance(DAY_SECONDS)
    archive_metrics(world.store, world.scope, world.clock.now())
    assert write(client, text=TEXT).status_code == 200
    found = read(client, "completion").get_json()
    assert found["left"] == []
    assert (found["archived"], found["flags"][1]["became"]) == (True, "archived")
    assert found["lessons"]["text"] == TEXT


def test_a_flag_that_is_to_stay_is_not_left(world: World, client: Client) -> None:
    succeeded(world)
    assert read(client, "completion").get_json()["left"] == ["archive", "lessons"]
    flag = world.read_flag()
    world.change(edit_flag(FLAG, flag.revision, {"permanent": True}), Permission.EDIT_FLAGS)
    found = read(client, "completion").get_json()
    assert (found["left"], found["flags"][0]["became"]) == (["archive", "lessons"], "permanent")


def test_what_is_left_after_a_rollback(world: World, client: Client) -> None:
    split(world)
    world.change(commands.rollback("r1", ASKED))
    found = read(client, "completion").get_json()
    assert (found["left"], found["rollback"]) == (["verification", "archive", "lessons"], "pending")
    world.clock.advance(700)
    verify(world.store, world.scope, world.clock.now(), Slots().recent)
    assert "verification" not in read(client, "completion").get_json()["left"]


def test_the_archive_is_shown_by_stretch_and_hour(world: World, client: Client) -> None:
    split(world)
    assert read(client, "archive").status_code == 404
    minute(world, CANDIDATE, 10)
    minute(world, CONTROL, 90)
    world.change(commands.rollback("r1", ASKED))
    world.clock.advance(DAY_SECONDS)
    archive_metrics(world.store, world.scope, world.clock.now())
    found = read(client, "archive").get_json()
    assert found["done"]
    (stretch,) = found["stretches"]
    assert (stretch["percentage"], stretch["within"]) == (10, "baking")
    assert stretch["arms"]["control"]["requests"] == 90
    assert [hour["arms"]["candidate"]["requests"] for hour in found["hours"]] == [10]


def test_lessons_are_written_by_those_who_may_and_stay_out_of_the_trail(
    world: World, client: Client
) -> None:
    succeeded(world)
    assert write(client, "guest", text=TEXT).status_code == 403
    assert write(client, text="").status_code == 400
    assert write(client, text=TEXT).get_json()["lessons"]["by"] == "person:boss"
    assert "rollout.lessons" in world.audited()
    entries = world.store.query("applications/main/audit")
    assert not any(TEXT in str(entry.data) for entry in entries)


def test_one_that_runs_has_taught_nothing_yet(world: World, client: Client) -> None:
    split(world)
    refused = write(client, text=TEXT)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "FAILED_PRECONDITION")


def test_people_are_reminded_once_a_week_until_they_are_written(
    world: World, client: Client
) -> None:
    succeeded(world)

    def reminded(days: float) -> int:
        world.clock.advance(days * DAY_SECONDS)
        return remind_of_lessons(world.store, world.scope, world.clock.now())

    assert reminded(0.5) == 0, "people get a day"
    assert [reminded(1), reminded(0.1)] == [1, 1]
    assert len(messages(world)) == 1
    assert reminded(7) == 1
    assert len(messages(world)) == 2
    write(client, text=TEXT)
    assert reminded(7) == 0
    assert len(messages(world)) == 2
