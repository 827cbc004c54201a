"""What stands in the way of a story, and what stands in for it: switch, pin, quota, cap,
moderation, a fallback model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from functions.changes import Change, commit_change
from functions.clock import SystemClock
from functions.documents import Store, Write
from functions.errors import (
    FailedPrecondition,
    Internal,
    OpenAIError,
    OutOfMemory,
    PalierError,
    PermissionDenied,
    RateLimited,
    SwitchedOff,
    Timeout,
)
from functions.flags.manage.flags import kill_flag, revive_flag
from functions.flags.snapshot import SnapshotCache
from functions.identity import Permission, membership_path
from functions.stories.claim import story_id
from functions.stories.limits.cap import DailyCap
from functions.stories.limits.memory import MemoryUse
from functions.stories.limits.quota import Limits
from functions.stories.shelf import Shelf
from functions.stories.versions import SWITCH
from tests.emulator.stories.conftest import DOLLAR, OPERATOR, SCOPE, Bench, Room, publish
from tests.servers import hostile_openai as hostile

ONE = "key-00000001"


def fresh(bench: Bench) -> None:
    """What was changed since is seen."""
    snapshots = SnapshotCache(bench.store, SystemClock(), ttl=60.0)
    bench.studio = replace(bench.studio, snapshots=snapshots)


def stored(bench: Bench, key: str = ONE, uid: str = "u1") -> dict[str, Any]:
    document = bench.store.get(SCOPE.doc("stories", story_id(uid, key)))
    assert document is not None
    return document.data


def quota(store: Store) -> tuple[int, int]:
    """Requests and microdollars of the only user, in the only hour."""
    [document] = store.query(SCOPE.collection("quotas"))
    return document.data["requests"], document.data["microdollars"]


def switch(bench: Bench, decide: Any) -> None:
    change = Change(SCOPE, OPERATOR, Permission.ROLL_BACK, "a test")
    commit_change(bench.store, SystemClock(), change, decide)
    fresh(bench)


def test_stories_are_switched_off_and_on_again(bench: Bench) -> None:
    switch(bench, kill_flag(SWITCH))
    with pytest.raises(SwitchedOff):
        bench.ask()
    assert (bench.notes.last.code, bench.notes.last.cause) == ("SWITCHED_OFF", "client")
    assert not bench.server.requests
    switch(bench, revive_flag(SWITCH))
    assert bench.ask().stored


def test_a_version_is_looked_at_before_it_is_released(bench: Bench) -> None:
    publish(bench.store, "1.3.0", model="gpt-new")
    fresh(bench)
    member = {"role": "team_manager", "environments": [SCOPE.environment]}
    bench.store.commit([Write.create(membership_path("main", "u1"), member)])
    assert bench.ask().story.story.provenance.version == "1.2.0"
    assert bench.ask(version="1.3.0").story.story.provenance.version == "1.3.0"
    assert bench.server.requests[-1]["model"] == "gpt-new"
    assert bench.notes.last.version == "1.3.0+pinned"
    with pytest.raises(FailedPrecondition, match="never created"):
        bench.ask(version="9.9.9")


def test_others_may_not_choose_a_version(bench: Bench) -> None:
    reader = {"role": "reader", "environments": [SCOPE.environment]}
    bench.store.commit([Write.create(membership_path("main", "u2"), reader)])
    for uid in ("u1", "u2"):
        with pytest.raises(PermissionDenied):
            bench.ask(uid, version="1.2.0")
    assert not bench.server.requests
    assert bench.notes.last.cause == "client"


def test_what_a_story_costs_is_settled(bench: Bench) -> None:
    told = bench.ask()
    cost = told.story.story.provenance.cost_microdollars
    assert cost > 0
    assert quota(bench.store) == (1, cost)
    assert bench.notes.last.measures["cost_microdollars"] == cost


def test_a_user_has_an_hours_quota(bench: Bench) -> None:
    bench.studio = replace(bench.studio, limits=Limits(2, 0))
    for _ in range(2):
        bench.ask(idempotency_key=ONE)
    bench.ask()
    with pytest.raises(RateLimited) as raised:
        bench.ask()
    assert raised.value.extra["reason"] == "an_hour"
    assert 0 < raised.value.extra["retry_after"] <= 7_200
    assert len(bench.server.requests) == 2, "a replay takes nothing"
    assert bench.ask("u2").stored


def test_the_days_cap(bench: Bench) -> None:
    once = bench.ask("u2", idempotency_key=ONE)
    cost = once.story.story.provenance.cost_microdollars
    reserved = stored(bench, ONE, "u2")["reserved"]
    cap = DailyCap(bench.store, SystemClock(), reserved + cost - 1)
    [today] = bench.store.query(SCOPE.collection("caps"))
    bench.store.commit([Write.delete(today)])
    bench.studio = replace(bench.studio, cap=cap)
    bench.ask()
    with pytest.raises(RateLimited) as raised:
        bench.ask(idempotency_key=ONE)
    assert raised.value.extra["reason"] == "a_day"
    assert len(bench.server.requests) == 2
    assert bench.store.get(SCOPE.doc("stories", story_id("u1", ONE))) is None


def test_a_wish_that_does_not_suit_children_is_not_granted(bench: Bench) -> None:
    with pytest.raises(OpenAIError) as raised:
        bench.ask(theme=hostile.FLAGGED, idempotency_key=ONE)
    assert raised.value.reason == "bad_prompt"
    assert raised.value.http_status == 400
    assert not bench.server.requests
    assert (bench.notes.last.code, bench.notes.last.cause) == ("OPENAI_ERROR", "client")
    assert (stored(bench)["state"], stored(bench)["attempts"]) == ("failed", 0)
    assert quota(bench.store) == (1, 0)


def test_a_story_that_does_not_suit_is_the_versions_doing(bench: Bench) -> None:
    draft = {"title": "A Pier", "paragraphs": ["Calm.", f"And {hostile.FLAGGED}."]}
    bench.server.play(hostile.story(draft))
    with pytest.raises(OpenAIError) as raised:
        bench.ask()
    assert raised.value.reason == "bad_prompt"
    seen = bench.notes.last
    assert (seen.code, seen.cause) == ("OPENAI_ERROR", "candidate")
    assert seen.measures["unsuitable"] == 1.0
    assert quota(bench.store)[1] > 0, "it was billed"


@pytest.mark.parametrize("broken", [hostile.error(500), hostile.hang(), hostile.reply(b"<html>")])
def test_moderation_that_fails(bench: Bench, broken: hostile.Behaviour) -> None:
    bench.server.moderate(broken)
    with pytest.raises(OpenAIError) as raised:
        bench.ask(age_band="6-8")
    assert raised.value.reason == "upstream"
    assert not bench.server.requests, "children get nothing that nobody has looked at"
    told = bench.ask(age_band="13-17")
    assert told.story.story.provenance.moderation.model_dump() == {
        "wish": "unavailable",
        "story": "unavailable",
    }
    bench.server.moderate(hostile.clean())
    told = bench.ask(age_band="13-17")
    assert told.story.story.provenance.moderation.wish == "passed"


def test_the_setting_closes_it_for_everybody(bench: Bench) -> None:
    closed = replace(bench.studio.moderator, open_for=frozenset())
    bench.studio = replace(bench.studio, moderator=closed)
    bench.server.moderate(hostile.error(500))
    with pytest.raises(OpenAIError):
        bench.ask(age_band="adult")


def test_a_fallback_model_is_recorded_apart(bench: Bench) -> None:
    publish(bench.store, "1.3.0", model="gpt-down", fallback="gpt-other")
    member = {"role": "team_manager", "environments": [SCOPE.environment]}
    bench.store.commit([Write.create(membership_path("main", "u1"), member)])
    fresh(bench)

    def by_model(exchange: hostile.Exchange) -> None:
        down = exchange.body["model"] == "gpt-down"
        (hostile.error(503) if down else hostile.story())(exchange)

    bench.server.play(by_model)
    told = bench.ask(version="1.3.0")
    provenance = told.story.story.provenance
    assert (provenance.fallback, provenance.model) == (True, "gpt-other")
    assert provenance.attempts == len(bench.server.requests) == 3
    own, beside = bench.notes.observations
    assert (own.version, own.code, own.cause) == ("1.3.0+pinned", "OPENAI_ERROR", "upstream")
    assert (beside.version, beside.code) == ("1.3.0+pinned+fallback", "OK")


def test_what_a_key_has_made_is_told_whatever_speaks_against_another(bench: Bench) -> None:
    first = bench.ask(idempotency_key=ONE)
    usual = bench.studio
    refusing = {
        "no room": replace(usual, memory=Room(MemoryUse(95, 100))),
        "no quota": replace(usual, limits=Limits(1, 0)),
        "no money": replace(usual, cap=DailyCap(bench.store, SystemClock(), 1)),
        "no version": replace(usual, snapshots=Nothing(usual.snapshots)),
    }
    for studio in refusing.values():
        bench.studio = studio
        with pytest.raises(PalierError):
            bench.ask()
        counted = len(bench.notes.observations)
        again = bench.ask(idempotency_key=ONE)
        assert (again.replayed, again.story.id) == (True, first.story.id)
        assert len(bench.notes.observations) == counted, "nothing ran"
    bench.studio = refusing["no room"]
    with pytest.raises(OutOfMemory):
        bench.ask(idempotency_key=ONE, theme="another wish")
    assert len(bench.server.requests) == 1


class Nothing:
    """Snapshots in which no version was ever created."""

    def __init__(self, snapshots: Any) -> None:
        self._snapshots = snapshots

    def get(self, scope: Any) -> Any:
        return replace(self._snapshots.get(scope), services={})


def test_time_is_kept_for_moderating_what_came_late(bench: Bench) -> None:
    """The model gets what moderation leaves it: 1.5 of these 2 seconds."""
    bench.server.play(hostile.late(1.3))
    told = bench.ask(age_band="adult")
    assert told.story.story.provenance.moderation.story == "passed"
    bench.server.play(hostile.late(1.7))
    with pytest.raises(Timeout):
        bench.ask(age_band="adult")


def test_a_wrong_choice_of_a_version_is_the_choosers_own(bench: Bench) -> None:
    member = {"role": "team_manager", "environments": [SCOPE.environment]}
    bench.store.commit([Write.create(membership_path("main", "u1"), member)])
    with pytest.raises(FailedPrecondition):
        bench.ask(version="9.9.9")
    assert (bench.notes.last.version, bench.notes.last.cause) == ("none", "client")


def test_a_store_that_refuses_the_last_write_for_good_settles_all_the_same(bench: Bench) -> None:
    """An error that nobody foresaw: counted once, given back once."""

    class Forbidden(Shelf):
        def finish(self, *arguments: Any) -> bool:
            raise RuntimeError("forbidden by the test")

    settled: list[int] = []

    class Counting(DailyCap):
        def settle(self, scope: Any, reserved: Any, actual: int) -> None:
            settled.append(actual)
            super().settle(scope, reserved, actual)

    clock = SystemClock()
    bench.studio = replace(
        bench.studio, shelf=Forbidden(bench.store, clock), cap=Counting(bench.store, clock, DOLLAR)
    )
    with pytest.raises(Internal):
        bench.ask()
    assert len(settled) == 1
    assert [seen.code for seen in bench.notes.observations] == ["INTERNAL"]
