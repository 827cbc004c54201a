"""docs/runbooks/firestore-down.md: what can't be done, and what may be repeated until it can."""

from __future__ import annotations

import time

import pytest

from functions.changes import Change, commit_change
from functions.errors import StoreUnavailable
from functions.identity import Permission
from functions.rollouts import commands
from functions.rollouts.advance import advance
from tests.emulator.proxy import proxy
from tests.emulator.rollouts.world import ASKED, CANDIDATE, CONTROL, OPERATOR, World, connect


def test_a_rollback_is_refused_while_firestore_is_away_and_done_once_when_it_is_back(
    world: World, firestore_emulator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.started()
    advance(world.store, world.clock, world.scope)
    change = Change(world.scope, OPERATOR, Permission.ROLL_BACK, "harms users")
    before = world.published()
    with proxy(firestore_emulator) as between:
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", between.address)
        away = connect(str(world.store._client.project))
        assert away.get(world.scope.path) is None, "it answers"
        between.cut()
        began = time.monotonic()
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                commit_change(away, world.clock, change, commands.rollback("r1", ASKED))
        assert time.monotonic() - began < 30
        assert world.published() == before, "users keep the version that they have"
        between.down = False
        until = time.monotonic() + 30
        while True:
            try:
                done = commit_change(away, world.clock, change, commands.rollback("r1", ASKED))
                break
            except StoreUnavailable:
                assert time.monotonic() < until
    assert done.result.state.phase == "rolled_back"
    again = world.change(commands.rollback("r1", ASKED), Permission.ROLL_BACK)
    assert again.result.state.phase == "rolled_back"
    assert world.kinds().count("rolled_back") == 1
    assert world.published()["defaultVariant"] == CONTROL
    assert CANDIDATE not in str(world.published().get("targeting"))
