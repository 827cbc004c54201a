"""The temporary flags of a rollout that succeeded are archived together, or none is."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import Client

from functions import web
from functions.administration import Administration
from functions.documents import Write
from functions.flags.composition import Prerequisite
from functions.flags.flag import Flag
from functions.flags.manage import evaluation_store
from functions.flags.manage.flags import archive_flag, create_flag, edit_flag, restore_flag
from functions.flags.sums import DAY_SECONDS, LastEvaluated
from functions.identity import Actor, Permission, administrator_path
from functions.rollouts import commands, routes
from functions.rollouts.advance import advance
from functions.rollouts.after import completion_routes
from tests.emulator.rollouts.world import ASKED, CANDIDATE, CONTROL, FLAG, World, definition

BANNER, BADGE = "banner", "badge"
KEYS = (FLAG, BANNER, BADGE)
EDIT = Permission.EDIT_FLAGS


@pytest.fixture
def client(world: World) -> Client:
    boss = Write.create(administrator_path("boss"), {})
    world.store.commit([Write.create(world.scope.path, {}), boss])
    administration = Administration(
        world.store, world.clock, world.scope, lambda given: Actor.person(str(given))
    )
    rooms = [each.blueprint(lambda: administration) for each in (completion_routes, routes)]
    return web.make_app("removal", "/admin", rooms).test_client()


def ask(client: Client, what: str, **body: Any) -> Any:
    path = f"/v1/rollouts/r1/{what}"
    given = {"reason": "a test", **body}
    return client.post(path, json=given, headers={"Authorization": "boss"}).get_json()


def watching(world: World) -> None:
    """A rollout of three flags, two of them temporary, before its end."""
    for key in (BANNER, BADGE):
        world.flag(key)
    world.created(also=((BANNER, CANDIDATE), (BADGE, CANDIDATE)))
    world.change(commands.start("r1", ASKED))
    advance(world.store, world.clock, world.scope)
    for _ in range(3):
        world.change(commands.promote("r1", ASKED))


def succeeded(world: World) -> None:
    watching(world)
    world.change(commands.complete("r1", ASKED))


def evaluated(world: World, key: str) -> float:
    now = world.clock.now()
    last = LastEvaluated(now - DAY_SECONDS, {key: now})
    world.store.commit([evaluation_store.last_write(world.scope, None, last)])
    return now


def archived(world: World) -> list[str]:
    return [key for key in KEYS if world.read_flag(key).archived]


def test_all_that_are_temporary_go_in_one_commit(world: World, client: Client) -> None:
    succeeded(world)
    before = world.generation()
    answer = ask(client, "remove-flags")
    assert {each["flag"]: each["became"] for each in answer["flags"]} == {
        FLAG: "version",
        BANNER: "archived",
        BADGE: "archived",
    }
    assert world.generation() == answer["generation"] == before + 1
    assert archived(world) == [BANNER, BADGE]
    assert world.audited()[-3:] == ["rollout.flags_removed", "flag.archive", "flag.archive"]
    with pytest.raises(KeyError):
        world.published(BANNER)
    again = ask(client, "remove-flags")
    assert (again["flags"], again["generation"]) == (answer["flags"], before + 1)
    assert world.published()["defaultVariant"] == CANDIDATE


def test_one_that_apps_still_ask_for_keeps_all(world: World, client: Client) -> None:
    succeeded(world)
    at = evaluated(world, BADGE)
    refused = ask(client, "remove-flags")
    assert (refused["code"], refused["flag"]) == ("FAILED_PRECONDITION", BADGE)
    assert refused["last_evaluated_at"] == pytest.approx(at, abs=1)
    assert archived(world) == []
    path = "/v1/rollouts/r1/completion"
    shown = client.get(path, headers={"Authorization": "boss"}).get_json()["flags"]
    assert [each["hindrance"] is not None for each in shown] == [False, False, True]
    assert ask(client, "remove-flags", force=True)["flags"][2]["became"] == "archived"
    assert archived(world) == [BANNER, BADGE]


def test_a_day_later_they_may_go(world: World, client: Client) -> None:
    succeeded(world)
    evaluated(world, BADGE)
    world.clock.advance(DAY_SECONDS + 1)
    assert "code" not in ask(client, "remove-flags")
    assert archived(world) == [BANNER, BADGE]


def test_one_that_another_flag_requires_keeps_all(world: World, client: Client) -> None:
    succeeded(world)
    needs = (Prerequisite(BADGE, (CANDIDATE,)),)
    other = Flag("other", definition(), prerequisites=needs, off_variant=CONTROL)
    world.change(create_flag(other), EDIT)
    refused = ask(client, "remove-flags", force=True)
    assert (refused["code"], refused["used_by"]) == ("FAILED_PRECONDITION", ["flag other"])
    assert archived(world) == []
    world.change(archive_flag("other", 1), EDIT)
    assert "code" not in ask(client, "remove-flags")


def test_one_under_another_rollout_keeps_all(world: World, client: Client) -> None:
    succeeded(world)
    world.started("r2", flag=BADGE, candidate=CONTROL)
    refused = ask(client, "remove-flags")
    assert (refused["code"], refused["used_by"]) == ("FAILED_PRECONDITION", ["rollout r2"])
    assert archived(world) == []


def test_taking_the_version_back_later_is_not_refused(world: World, client: Client) -> None:
    succeeded(world)
    ask(client, "remove-flags")
    assert ask(client, "rollback")["rollout"]["phase"] == "rolled_back"
    assert world.published()["defaultVariant"] == CONTROL
    assert archived(world) == [BANNER, BADGE]
    restored = world.change(restore_flag(BANNER, world.read_flag(BANNER).revision), EDIT).result
    assert restored.definition["defaultVariant"] == CONTROL


def test_only_after_success(world: World, client: Client) -> None:
    watching(world)
    assert ask(client, "remove-flags")["code"] == "FAILED_PRECONDITION"
    assert archived(world) == []


def test_completed_with_its_flags_in_one_commit(world: World, client: Client) -> None:
    watching(world)
    flag = world.read_flag(BADGE)
    world.change(edit_flag(BADGE, flag.revision, {"permanent": True}), EDIT)
    before = world.generation()
    answer = ask(client, "complete", remove_flags=True)
    assert answer["rollout"]["phase"] == "succeeded"
    assert [each["became"] for each in answer["flags"]] == ["version", "archived", "permanent"]
    assert world.generation() == before + 1
    assert archived(world) == [BANNER]
    gone = world.read_flag(BANNER)
    assert (gone.split, gone.revision) == (None, 2)
    assert gone.definition["defaultVariant"] == CANDIDATE
    assert "flag.archive" in world.audited()
    with pytest.raises(KeyError):
        world.published(BANNER)


def test_not_completed_when_a_flag_can_not_go(world: World, client: Client) -> None:
    watching(world)
    evaluated(world, BANNER)
    before = world.generation()
    assert ask(client, "complete", remove_flags=True)["code"] == "FAILED_PRECONDITION"
    assert (world.rollout().state.running, world.generation()) == (True, before)
    answer = ask(client, "complete", remove_flags=True, force=True)
    assert answer["rollout"]["phase"] == "succeeded"
    assert archived(world) == [BANNER, BADGE]


def test_completed_without_them_archives_none(world: World, client: Client) -> None:
    watching(world)
    assert ask(client, "complete")["flags"] == []
    assert archived(world) == []
