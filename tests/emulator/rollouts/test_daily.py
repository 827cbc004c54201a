"""What goes once a day, and what stays."""

import pytest

from functions import daily
from functions.changes import pointer_path
from functions.documents import Document, Store, Write
from functions.flags.manage.flags import edit_flag
from functions.identity import Permission
from functions.rollouts import commands
from functions.rollouts.advance import advance
from functions.stories.limits import quota
from functions.stories.limits.cap import DailyCap
from tests.emulator.rollouts.world import ASKED, CANDIDATE, FLAG, World, definition

DAY = 86_400


@pytest.fixture
def lived(world: World) -> World:
    """An environment in which a rollout came and went, and a flag was edited."""
    world.environment()
    world.started()
    advance(world.store, world.clock, world.scope)
    world.serve(CANDIDATE, 5)
    world.clock.advance(250)
    advance(world.store, world.clock, world.scope)
    world.change(commands.rollback("r1", ASKED))
    edited = {"definition": {**definition(), "metadata": {"note": "edited"}}}
    revision = world.read_flag().revision
    world.change(edit_flag(FLAG, revision, edited), Permission.EDIT_FLAGS)
    return world


def count(world: World, collection: str) -> int:
    return len(world.store.query(world.scope.collection(collection)))


def about(world: World) -> list[str]:
    """What the messages are about."""
    messages = world.store.query(world.scope.collection("outbox"))
    return [message.data["about"] for message in messages]


def run(world: World) -> None:
    daily.daily(world.store, world.clock)


def test_nothing_goes_on_the_same_day(lived: World) -> None:
    before = {name: count(lived, name) for name in ("parts", "slots", "evidence", "outbox")}
    assert all(before.values())
    run(lived)
    assert {name: count(lived, name) for name in before} == before


BOTH = ["stale-flags", "rollouts/lessons"]
"""What people are told of a month later."""


def test_after_a_month_only_the_current_snapshot_stays(lived: World) -> None:
    lived.clock.advance(31 * DAY)
    run(lived)
    pointer = lived.store.get(pointer_path(lived.scope))
    assert pointer
    left = lived.store.query(lived.scope.collection("parts"))
    assert {part.id for part in left} == set(pointer.data["parts"].values())
    assert lived.published()["metadata"] == {"note": "edited"}
    assert [count(lived, name) for name in ("slots", "evidence")] == [0, 0]
    assert about(lived) == BOTH, "a new one: nothing has changed for a month"
    assert lived.kinds(), "rollouts and their events stay"


def test_quotas_and_caps_go_when_nobody_looks_at_them_any_more(lived: World) -> None:
    now = lived.clock.now()
    name = quota.name("u1", quota.hours(now)[0])
    used = quota.document(quota.Used(1, 300), quota.hours(now)[0])
    lived.store.commit([Write.create(lived.scope.doc(quota.COLLECTION, name), used)])
    DailyCap(lived.store, lived.clock, 10_000).reserve(lived.scope, 300)
    run(lived)
    assert [count(lived, name) for name in ("quotas", "caps")] == [1, 1]
    lived.clock.advance(DAY)
    run(lived)
    assert [count(lived, name) for name in ("quotas", "caps")] == [0, 1]
    lived.clock.advance(40 * DAY)
    run(lived)
    assert [count(lived, name) for name in ("quotas", "caps")] == [0, 0]


def test_a_part_that_is_published_again_meanwhile_stays(
    lived: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The flag goes back to what it was a month ago just when that part is to be deleted."""
    lived.clock.advance(31 * DAY)
    found = daily._oldest

    def then_edited(store: Store, scope: object, collection: str, *rest: object) -> list[Document]:
        old = found(store, lived.scope, collection, *rest)  # type: ignore[arg-type]
        if collection == "parts":
            flag = lived.read_flag()
            back = {"definition": definition()}
            lived.change(edit_flag(FLAG, flag.revision, back), Permission.EDIT_FLAGS)
        return old

    monkeypatch.setattr(daily, "_oldest", then_edited)
    run(lived)
    assert lived.published() == definition()


def test_trouble_with_one_part_does_not_stop_the_others(
    lived: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object) -> int:
        raise RuntimeError("a bug")

    lived.clock.advance(31 * DAY)
    monkeypatch.setattr(daily, "WORK", (("broken", broken), *daily.WORK[1:]))
    run(lived)
    assert about(lived) == BOTH
