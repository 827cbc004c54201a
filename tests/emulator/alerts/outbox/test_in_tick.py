"""Within the minute's work: a receiver that hangs delays no decision, and a message about a
rollback follows the rollback."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from functions import tick
from functions.alerts.channels.catalog import CHANNELS, ROUTES
from functions.alerts.channels.send import Sender
from functions.alerts.channels.store import secrets_path
from functions.alerts.channels.transport import Transport
from functions.catalog import put
from functions.changes import Change, commit_change
from functions.documents import Write
from functions.identity import Actor, Permission
from functions.rollouts.state import Phase
from tests.emulator.rollouts.dying_ticks import Inline
from tests.emulator.rollouts.test_tick import assert_taken_back_once, deps, failing_world
from tests.emulator.rollouts.world import World
from tests.servers.receiver import Exchange, Receiver, hang


def tell_slack(world: World, address: str) -> None:
    change = Change(world.scope, Actor.operator("test"), Permission.EDIT_ALERTS, "a test")
    for catalog, name, definition in (
        (CHANNELS, "slack", {"kind": "slack", "language": "fr"}),
        (ROUTES, "all", {"channels": ["slack"]}),
    ):
        commit_change(world.store, world.clock, change, put(catalog, name, definition))
    world.store.commit([Write.set(secrets_path(world.scope, "slack"), {"url": address})])


def test_a_receiver_that_hangs_delays_no_decision(
    firestore_emulator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tick, "ASIDE_SECONDS", 0.2)
    world = failing_world()
    with Receiver([hang]) as server:
        tell_slack(world, server.address)
        mine = replace(deps(world), sender=Sender(Transport(local=True, seconds=5.0)))
        began = time.monotonic()
        tick.tick(mine)
        assert time.monotonic() - began < 4.0
        assert world.rollout().state.phase is Phase.ROLLED_BACK


def test_the_effect_comes_first(firestore_emulator: str) -> None:
    """At the moment when people hear of it, the rollback is published already."""
    world, seen = failing_world(), list[object]()

    def look(exchange: Exchange) -> None:
        seen.append((world.rollout().state.phase, world.read_flag().split))
        exchange.answer(200)

    with Receiver([look]) as server:
        tell_slack(world, server.address)
        sender = Sender(Transport(local=True, seconds=5.0))
        tick.tick(replace(deps(world), aside=Inline(), sender=sender))
        texts = [each.json["blocks"][1]["text"]["text"] for each in server.received]
    told = [text for text in texts if text.startswith("Annulé : 6 utilisateurs")]
    assert len(told) == 1
    assert "Tous les utilisateurs retrouvent" in told[0]
    assert seen[texts.index(told[0])] == (Phase.ROLLED_BACK, None)
    assert_taken_back_once(world)
